//! Delta data (pack format, "Deltified representation"): its two sizes, its operations, and replaying it.

const std = @import("std");

pub const Error = error{DeltaCorrupt};

/// Bytes that buffers have after their end, so that short copies can go by a fixed 16 bytes.
pub const slack = 32;

pub const Sizes = struct { source: u64, target: u64, header: usize };

fn readSize(delta: []const u8, at: *usize) Error!u64 {
    var size: u64 = 0;
    var shift: u6 = 0;
    while (true) {
        if (at.* >= delta.len or shift > 49) return error.DeltaCorrupt;
        const byte = delta[at.*];
        at.* += 1;
        size |= @as(u64, byte & 127) << shift;
        if (byte & 0x80 == 0) return if (size < 1 << 53) size else error.DeltaCorrupt;
        shift += 7;
    }
}

pub fn sizes(delta: []const u8) Error!Sizes {
    var at: usize = 0;
    const source = try readSize(delta, &at);
    const target = try readSize(delta, &at);
    return .{ .source = source, .target = target, .header = at };
}

pub const Operation = union(enum) {
    copy: struct { offset: u32, size: u32 },
    /// Where the literal bytes lie in the delta.
    literal: struct { start: usize, size: u32 },
};

/// Goes through the operations after the header.
pub const Operations = struct {
    delta: []const u8,
    at: usize,

    pub fn next(self: *Operations) Error!?Operation {
        const delta = self.delta;
        if (self.at >= delta.len) return null;
        const code = delta[self.at];
        self.at += 1;
        if (code & 0x80 != 0) {
            var offset: u32 = 0;
            var size: u32 = 0;
            inline for (0..7) |bit| {
                if (code & 1 << bit != 0) {
                    if (self.at >= delta.len) return error.DeltaCorrupt;
                    const byte: u32 = delta[self.at];
                    self.at += 1;
                    if (bit < 4) offset |= byte << (bit * 8) else size |= byte << ((bit - 4) * 8);
                }
            }
            return .{ .copy = .{ .offset = offset, .size = if (size == 0) 0x10000 else size } };
        }
        if (code == 0 or delta.len - self.at < code) return error.DeltaCorrupt;
        defer self.at += code;
        return .{ .literal = .{ .start = self.at, .size = code } };
    }
};

/// Replays a delta whose sizes are known. `target` has exactly the size that the delta tells; buffers without slack are
/// fine too, as every copy is checked against both ends.
pub fn apply(source: []const u8, delta: []const u8, target: []u8) Error!void {
    const head = try sizes(delta);
    if (head.source != source.len or head.target != target.len) return error.DeltaCorrupt;
    var at = head.header;
    var out: usize = 0;
    while (at < delta.len) {
        const code = delta[at];
        at += 1;
        if (code & 0x80 != 0) {
            var offset: usize = 0;
            var size: usize = 0;
            if (delta.len - at >= 8) {
                // Seven bytes are there whatever the code says.
                const p = delta[at..][0..8];
                var i: usize = 0;
                inline for (0..7) |bit| {
                    const present: usize = code >> bit & 1;
                    const byte: usize = p[i & 7] * present;
                    if (bit < 4) offset |= byte << (bit * 8) else size |= byte << ((bit - 4) * 8);
                    i += present;
                }
                at += i;
            } else {
                inline for (0..7) |bit| {
                    if (code & 1 << bit != 0) {
                        if (at >= delta.len) return error.DeltaCorrupt;
                        const byte: usize = delta[at];
                        at += 1;
                        if (bit < 4) offset |= byte << (bit * 8) else size |= byte << ((bit - 4) * 8);
                    }
                }
            }
            if (size == 0) size = 0x10000;
            if (offset > source.len or size > source.len - offset or size > target.len - out) return error.DeltaCorrupt;
            if (size <= 16 and source.len - offset >= 16 and target.len - out >= 16) {
                target[out..][0..16].* = source[offset..][0..16].*;
            } else {
                @memcpy(target[out..][0..size], source[offset..][0..size]);
            }
            out += size;
        } else {
            const size: usize = code;
            if (size == 0 or delta.len - at < size or target.len - out < size) return error.DeltaCorrupt;
            if (size <= 16 and delta.len - at >= 16 and target.len - out >= 16) {
                target[out..][0..16].* = delta[at..][0..16].*;
            } else {
                @memcpy(target[out..][0..size], delta[at..][0..size]);
            }
            at += size;
            out += size;
        }
    }
    if (out != target.len) return error.DeltaCorrupt;
}

test "copies with every form of size, literals, and both ends checked" {
    const source = "0123456789abcdef0123456789ABCDEF";
    var target: [24]u8 = undefined;
    const delta = [_]u8{ 32, 24, 0x91, 16, 16, 3, 'x', 'y', 'z', 0x90, 5 };
    try apply(source, &delta, &target);
    try std.testing.expectEqualStrings("0123456789ABCDEFxyz01234", &target);
    for ([_][]const u8{
        &.{},                         &.{32},                 &.{ 32, 0x80 },
        &.{ 32, 24, 0 },              &.{ 32, 24, 0x90 },     &.{ 32, 24, 3, 'x' },
        &.{ 31, 24, 0x90, 24 },       &.{ 32, 24, 0x90, 23 }, &.{ 32, 24, 0x90, 25 },
        &.{ 32, 24, 0x91, 9, 24 },    &.{ 32, 24, 0x80 },     &.{ 32, 24, 0x90, 24, 1, 'x' },
        &.{ 32, 24, 0x98, 0xff, 24 },
    }) |bad| try std.testing.expectError(error.DeltaCorrupt, apply(source, bad, &target));
}

test "a copy with its third size byte" {
    var source: [0x12345]u8 = undefined;
    for (&source, 0..) |*byte, i| byte.* = @truncate(i);
    var target: [0x12345]u8 = undefined;
    try apply(&source, &.{ 0xc5, 0xc6, 0x04, 0xc5, 0xc6, 0x04, 0xf0, 0x45, 0x23, 0x01 }, &target);
    try std.testing.expectEqualSlices(u8, &source, &target);
}
