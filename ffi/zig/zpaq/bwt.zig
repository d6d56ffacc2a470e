//! The Burrows-Wheeler transform of zpaq: the last byte first, the place of the whole text as a byte of 255 whose index
//! stands in four bytes at the end. And E8E9: relative addresses of x86 calls and jumps made absolute.

const std = @import("std");
const Walk = @import("bwt_walk.zig").Walk;

/// Undoes E8E9 in place, from the front.
pub fn undoE8e9(bytes: []u8) void {
    if (bytes.len < 5) return;
    for (0..bytes.len - 4) |at| {
        if (bytes[at] & 0xfe != 0xe8 or (bytes[at + 4] +% 1) & 0xfe != 0) continue;
        const value = std.mem.readInt(u24, bytes[at + 1 ..][0..3], .little);
        std.mem.writeInt(u24, bytes[at + 1 ..][0..3], value -% @as(u24, @truncate(at)), .little);
    }
}

/// Makes the targets of calls and jumps absolute, in place, from the end.
pub fn doE8e9(bytes: []u8) void {
    if (bytes.len < 5) return;
    var at = bytes.len - 4;
    while (at > 0) {
        at -= 1;
        if (bytes[at] & 0xfe != 0xe8 or (bytes[at + 4] +% 1) & 0xfe != 0) continue;
        const value = std.mem.readInt(u24, bytes[at + 1 ..][0..3], .little);
        std.mem.writeInt(u24, bytes[at + 1 ..][0..3], value +% @as(u24, @truncate(at)), .little);
    }
}

extern fn divbwt(text: [*]const u8, target: [*]u8, scratch: [*]i32, size: c_int, index_count: ?[*]u8, indexes: ?[*]c_int, parallel: c_int) c_int;

/// Transforms a text; returns the block's size, five bytes more than the text's. `scratch` has a number for each byte.
pub fn forward(text: []const u8, scratch: []i32, target: []u8) error{OutOfMemory}!usize {
    const answer = if (text.len > 0) divbwt(text.ptr, target.ptr, scratch.ptr, @intCast(text.len), null, null, 0) else 0;
    const index = std.math.cast(u32, answer) orelse return error.OutOfMemory;
    // The row of the whole text has no byte before it, and the sorter leaves it out.
    @memmove(target[index + 1 .. text.len + 1], target[index..text.len]);
    target[index] = 255;
    std.mem.writeInt(u32, target[text.len + 1 ..][0..4], index, .little);
    return text.len + 5;
}

/// Walks through a transformed block and gives its text. `links` has a number for each byte of the block.
pub const Inverse = struct {
    data: []const u8,
    links: []u32,
    /// Whether a link carries its byte in the low eight bits, so that a step needs one access to memory.
    packed_links: bool,
    at: u32,
    begun: bool = false,
    /// The row after the last that starts with each byte.
    ends: [256]u32,

    /// Null when the block has no valid index. Else no link leads to the index row and each other row has one, so that the
    /// way from there ends at row 0.
    pub fn init(block: []const u8, links: []u32, packed_links: bool) ?Inverse {
        @setRuntimeSafety(false); // counts sum up to the block's size, which is the size of `links`
        if (block.len < 5) return null;
        const data = block[0 .. block.len - 4];
        const index = std.mem.readInt(u32, block[data.len..][0..4], .little);
        if (index >= data.len or links.len < data.len or data[index] != 255) return null;
        var counts: [257]u32 = @splat(0);
        for (data) |byte| counts[@as(usize, byte) + 1] += 1;
        counts[256] = 0;
        var starts: [256]u32 = undefined;
        var sum: u32 = 1;
        for (&starts, 0..) |*start, symbol| {
            start.* = sum;
            sum += counts[symbol + 1];
        }
        // The index takes no place of its own: its byte is 255, whose count is one too high, which nothing reads.
        links[0] = 0;
        const shift: u5 = if (packed_links) 8 else 0;
        for (data[0..index], 0..) |byte, i| {
            links[starts[byte]] = @as(u32, @intCast(i)) << shift;
            starts[byte] += 1;
        }
        for (data[index + 1 ..], index + 1..) |byte, i| {
            links[starts[byte]] = @as(u32, @intCast(i)) << shift;
            starts[byte] += 1;
        }
        if (packed_links) for (data, links[0..data.len]) |byte, *link| {
            link.* |= byte;
        };
        return .{ .data = data, .links = links[0..data.len], .packed_links = packed_links, .at = index, .ends = starts };
    }

    /// The size of the text, or more where the block is damaged.
    pub fn sizeMax(self: *const Inverse) usize {
        return self.data.len - 1;
    }

    /// Gives the whole text, for which `target` has room; returns its size.
    pub fn readAll(self: *Inverse, target: []u8) usize {
        var walk: Walk = .{
            .links = self.links,
            .link_shift = if (self.packed_links) 8 else 0,
            .index = self.at,
            .ends = &self.ends,
        };
        self.at = 0;
        return walk.run(target);
    }

    /// Fills `target` from the text; returns how much that was, less than its size at the end.
    pub fn read(self: *Inverse, target: []u8) usize {
        @setRuntimeSafety(false); // links are below the number of links
        self.begun = true;
        var at = self.at;
        var produced: usize = 0;
        if (self.packed_links) {
            while (produced < target.len and at != 0) : (produced += 1) {
                at = self.links[at] >> 8;
                target[produced] = @truncate(self.links[at]);
            }
        } else {
            while (produced < target.len and at != 0) : (produced += 1) {
                at = self.links[at];
                target[produced] = self.data[at];
            }
        }
        self.at = at;
        return produced;
    }

    pub fn done(self: *const Inverse) bool {
        return self.at == 0;
    }
};

test "E8E9 goes both ways" {
    var random: std.Random.DefaultPrng = .init(1);
    var bytes: [4096]u8 = undefined;
    for (&bytes) |*byte| byte.* = switch (random.random().int(u8) & 3) {
        0 => 0xe8,
        1 => 0,
        2 => 0xff,
        else => random.random().int(u8),
    };
    var copy = bytes;
    doE8e9(&copy);
    try std.testing.expect(!std.mem.eql(u8, &bytes, &copy));
    undoE8e9(&copy);
    try std.testing.expectEqualSlices(u8, &bytes, &copy);
}

test "the inverse gives the text, whole and in pieces" {
    const text = "she sells sea shells by the sea shore " ** 200;
    var scratch: [text.len]i32 = undefined;
    var block: [text.len + 5]u8 = undefined;
    try std.testing.expectEqual(block.len, try forward(text, &scratch, &block));
    for ([_]bool{ false, true }) |packed_links| {
        var links: [text.len + 1]u32 = undefined;
        var target: [text.len]u8 = undefined;
        var inverse = Inverse.init(&block, &links, packed_links).?;
        try std.testing.expectEqual(text.len, inverse.readAll(&target));
        try std.testing.expectEqualStrings(text, &target);
        inverse = Inverse.init(&block, &links, packed_links).?;
        @memset(&target, 0);
        for (0..3) |piece| _ = inverse.read(target[piece * text.len / 3 .. (piece + 1) * text.len / 3]);
        try std.testing.expect(inverse.done());
        try std.testing.expectEqualStrings(text, &target);
    }
}
