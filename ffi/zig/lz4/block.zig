//! Reading LZ4 blocks sequence by sequence without decoding them (LZ4 block format): their size, whether they keep
//! every rule, and which bytes of the history before them they need.

const std = @import("std");

/// Matches are at least this long; the token counts from here.
const match_min = 4;
/// A block with a match ends in at least this many literals.
const last_literals = 5;
/// The last match starts at least this many bytes before the end of the content.
const match_start_limit = 12;
/// No match reaches back further.
pub const history_max = 65_535;
/// The history as a map of bits, in u32.
pub const map_words = (history_max + 1) / 32;

/// Literals followed by a match; `match` is 0 in the sequence that ends a block.
pub const Sequence = struct { literals: u64, match: u64, offset: u16 };

/// Walks over a block from outside: every length is checked before use.
pub const Walker = struct {
    block: []const u8,
    pos: usize = 0,
    ended: bool = false,

    pub fn next(self: *Walker) error{Corrupt}!?Sequence {
        if (self.ended) return null;
        const token = try self.byte();
        const literals = try self.length(token >> 4);
        if (literals > self.block.len - self.pos) return error.Corrupt;
        self.pos += @intCast(literals);
        if (self.pos == self.block.len) {
            self.ended = true;
            return .{ .literals = literals, .match = 0, .offset = 0 };
        }
        const low: u16 = try self.byte();
        const offset = low | @as(u16, try self.byte()) << 8;
        return .{ .literals = literals, .match = try self.length(token & 15) + match_min, .offset = offset };
    }

    fn byte(self: *Walker) error{Corrupt}!u8 {
        if (self.pos == self.block.len) return error.Corrupt;
        defer self.pos += 1;
        return self.block[self.pos];
    }

    /// A length of 15 goes on in further bytes, up to and with the first that is not 255.
    fn length(self: *Walker, nibble: u8) error{Corrupt}!u64 {
        var total: u64 = nibble;
        if (nibble < 15) return total;
        while (true) {
            const more = try self.byte();
            total += more;
            if (more < 255) return total;
        }
    }
};

/// The size of a block's content, without decoding it.
pub fn contentSize(block: []const u8) error{Corrupt}!u64 {
    var walker: Walker = .{ .block = block };
    var size: u64 = 0;
    while (try walker.next()) |sequence| size += sequence.literals + sequence.match;
    return size;
}

/// Whether a block keeps every rule of the format, those too that the decoder lets pass: offsets that are 0 or reach
/// before the history, a match too close to the end, content above `capacity`.
pub fn isStrict(block: []const u8, history_len: u64, capacity: u64) bool {
    var walker: Walker = .{ .block = block };
    var size: u64 = 0;
    var last_match_start: ?u64 = null;
    var literals: u64 = 0;
    while (walker.next() catch return false) |sequence| {
        literals = sequence.literals;
        size += literals;
        if (sequence.match > 0) {
            if (sequence.offset == 0 or sequence.offset > size + history_len) return false;
            last_match_start = size;
            size += sequence.match;
        }
        if (size > capacity) return false;
    }
    const start = last_match_start orelse return true;
    return literals >= last_literals and start + match_start_limit <= size;
}

/// Marks in `map` which of the `history_max` bytes before a checkpoint a block needs; bit 0 is the oldest. The
/// block's content starts `at` bytes after the checkpoint. Returns where it ends. A corrupt block marks what it can.
pub fn markNeeded(block: []const u8, at: u64, map: *[map_words]u32) u64 {
    var walker: Walker = .{ .block = block };
    var pos = at;
    while (walker.next() catch null) |sequence| {
        pos += sequence.literals;
        if (sequence.offset > pos) {
            const reach = sequence.offset - pos; // bytes before the checkpoint, 1 to history_max
            // A match that overlaps itself or the checkpoint repeats bytes that are known by then.
            const count = @min(sequence.match, reach, sequence.offset);
            const first = history_max - reach;
            for (@intCast(first)..@intCast(first + count)) |bit| map[bit / 32] |= @as(u32, 1) << @intCast(bit % 32);
        }
        pos += sequence.match;
        if (pos >= history_max) break;
    }
    return pos;
}

test "contentSize adds up literals and matches" {
    try std.testing.expectEqual(13, try contentSize(&.{ 0x44, 'a', 'b', 'c', 'd', 1, 0, 0x10, 'x' }));
    try std.testing.expectEqual(0, try contentSize(&.{0}));
    try std.testing.expectError(error.Corrupt, contentSize(&.{}));
    try std.testing.expectError(error.Corrupt, contentSize(&.{ 0x20, 'a' }));
    try std.testing.expectError(error.Corrupt, contentSize(&.{ 0x14, 'a', 1 }));
}

test "isStrict refuses what the reference decoder lets pass" {
    const good = [_]u8{ 0x13, 'a', 1, 0, 0x50, 'v', 'w', 'x', 'y', 'z' };
    try std.testing.expect(isStrict(&good, 0, 100));
    try std.testing.expect(!isStrict(&good, 0, 10));
    const zero_offset = [_]u8{ 0x13, 'a', 0, 0, 0x50, 'v', 'w', 'x', 'y', 'z' };
    try std.testing.expect(!isStrict(&zero_offset, 0, 100));
    const early = [_]u8{ 0x13, 'a', 3, 0, 0x50, 'v', 'w', 'x', 'y', 'z' };
    try std.testing.expect(!isStrict(&early, 0, 100));
    try std.testing.expect(isStrict(&early, 2, 100));
    const short_tail = [_]u8{ 0x1f, 'a', 1, 0, 9, 0x40, 'v', 'w', 'x', 'y' };
    try std.testing.expect(!isStrict(&short_tail, 0, 100));
}

test "markNeeded marks bytes before the checkpoint alone" {
    var map: [map_words]u32 = @splat(0);
    // One literal, then 4 bytes from 3 back: two of the history, then bytes after the checkpoint.
    try std.testing.expectEqual(6, markNeeded(&.{ 0x10, 'a', 3, 0, 0x10, 'z' }, 0, &map));
    try std.testing.expectEqual(@as(u32, 0b11) << 29, map[map_words - 1]);
}

test "fuzz: the walker stays inside any bytes" {
    var prng: std.Random.DefaultPrng = .init(0x1214);
    var bytes: [64]u8 = undefined;
    var map: [map_words]u32 = @splat(0);
    for (0..50_000) |_| {
        prng.random().bytes(&bytes);
        const block = bytes[0..prng.random().uintAtMost(usize, bytes.len)];
        const size = contentSize(block) catch continue;
        try std.testing.expect(size <= block.len * 255);
        _ = isStrict(block, 0, 1 << 16);
        _ = markNeeded(block, 0, &map);
    }
}
