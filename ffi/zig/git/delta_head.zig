//! The first bytes of a zlib stream where they can be told without tables: literals of a block with the fixed code, or
//! a stored block. The sizes before most deltas are read this way, many times faster than by inflating them.

const std = @import("std");

/// The literals that the stream in `input` begins with, as far as they stand before its first match; none where its
/// first block has a code of its own.
pub fn literals(input: []const u8, target: []u8) usize {
    if (input.len < 3 or input[0] & 15 != 8 or input[1] & 0x20 != 0) return 0;
    if (std.mem.readInt(u16, input[0..2], .big) % 31 != 0) return 0;
    return switch (input[2] >> 1 & 3) {
        0 => stored(input[3..], target),
        1 => fixed(input[2..], target),
        else => 0,
    };
}

fn stored(input: []const u8, target: []u8) usize {
    if (input.len < 4) return 0;
    const length = std.mem.readInt(u16, input[0..2], .little);
    if (length != ~std.mem.readInt(u16, input[2..4], .little)) return 0;
    const count = @min(length, target.len, input.len - 4);
    @memcpy(target[0..count], input[4..][0..count]);
    return count;
}

/// RFC 1951, section 3.2.6: literals 0 to 143 have 8 bits from 00110000 on, 144 to 255 have 9 bits from 110010000 on.
fn fixed(input: []const u8, target: []u8) usize {
    var at: usize = 3;
    for (target, 0..) |*byte, count| {
        if (at / 8 + 2 > input.len) return count;
        const pair = std.mem.readInt(u16, input[at / 8 ..][0..2], .little) >> @intCast(at % 8);
        const code: u16 = @bitReverse(@as(u9, @truncate(pair)));
        if (code >= 0x190) {
            byte.* = @intCast(code - 0x190 + 144);
            at += 9;
        } else if (code >= 0x60 and code < 0x180) {
            byte.* = @intCast(code / 2 - 0x30);
            at += 8;
        } else return count;
    }
    return target.len;
}

test "literals of stored and fixed blocks are those that inflating gives" {
    const c = @import("libdeflate_c");
    var random: std.Random.DefaultPrng = .init(4);
    var seen: [2]u32 = @splat(0);
    for (0..200) |round| {
        var content: [40]u8 = undefined;
        random.fill(&content);
        if (round % 2 == 0) for (&content) |*byte| {
            byte.* %= 150;
        };
        var stream: [100]u8 = undefined;
        const compressor = c.libdeflate_alloc_compressor(if (round % 3 == 0) 0 else 6).?;
        defer c.libdeflate_free_compressor(compressor);
        const size = c.libdeflate_zlib_compress(compressor, &content, content.len, &stream, stream.len);
        var head: [20]u8 = undefined;
        const count = literals(stream[0..size], &head);
        try std.testing.expectEqualSlices(u8, content[0..count], head[0..count]);
        const kind = stream[2] >> 1 & 3;
        if (kind < 2) {
            seen[kind] += 1;
            try std.testing.expect(count > 4);
        }
        for (0..size) |cut| try std.testing.expect(literals(stream[0..cut], &head) <= count);
    }
    try std.testing.expect(seen[0] > 0 and seen[1] > 0);
    var none: [4]u8 = undefined;
    try std.testing.expectEqual(0, literals(&.{ 0x78, 0x9d, 0x03, 0x00 }, &none));
}
