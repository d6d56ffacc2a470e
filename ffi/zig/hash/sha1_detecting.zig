//! SHA-1 that finds out when content was made to collide: each block is tested for the traces that known attacks leave
//! (M. Stevens, "Counter-cryptanalysis", 2013). For data from outside. Where the processor has what it takes, eight blocks
//! are tested at a time and hashed by its own instructions; only those that are suspected go through the library.

const std = @import("std");
const builtin = @import("builtin");
const c = @import("sha1dc_c");
const cpu = @import("../core/cpu.zig");
/// Its instructions do not compile for other targets.
const sha1 = if (builtin.cpu.arch == .x86_64) @import("sha1.zig") else struct {};

const block_size = 64;
/// Blocks that are tested together.
const lanes = 8;

/// A bit for each of so many blocks that may have such a trace.
extern fn sluice_sha1dc_suspects(blocks: [*]const u8) c_uint;

fn testsLanes() bool {
    return builtin.cpu.arch == .x86_64 and cpu.features().v3 and cpu.features().sha;
}

/// A hash in progress.
pub const DetectingSha1 = struct {
    context: c.SHA1_CTX,

    pub fn init() DetectingSha1 {
        var self: DetectingSha1 = undefined;
        c.SHA1DCInit(&self.context);
        return self;
    }

    pub fn update(self: *DetectingSha1, bytes: []const u8) void {
        var rest = bytes;
        if (builtin.cpu.arch == .x86_64) if (rest.len >= (lanes + 1) * block_size and testsLanes()) {
            const held: usize = @intCast(self.context.total % block_size);
            if (held > 0) self.updateSlowly(rest[0 .. block_size - held]);
            if (held > 0) rest = rest[block_size - held ..];
            while (rest.len >= lanes * block_size) : (rest = rest[lanes * block_size ..]) {
                self.updateLanes(rest[0 .. lanes * block_size]);
            }
        };
        self.updateSlowly(rest);
    }

    fn updateSlowly(self: *DetectingSha1, bytes: []const u8) void {
        c.SHA1DCUpdate(&self.context, bytes.ptr, bytes.len);
    }

    /// Whole blocks, with none begun before them.
    fn updateLanes(self: *DetectingSha1, blocks: *const [lanes * block_size]u8) void {
        const suspects = sluice_sha1dc_suspects(blocks);
        var first: usize = 0;
        for (0..lanes) |i| {
            if (suspects >> @intCast(i) & 1 == 0) continue;
            self.updateQuickly(blocks[first * block_size .. i * block_size]);
            self.updateSlowly(blocks[i * block_size ..][0..block_size]);
            first = i + 1;
        }
        self.updateQuickly(blocks[first * block_size ..]);
    }

    fn updateQuickly(self: *DetectingSha1, blocks: []const u8) void {
        if (blocks.len == 0) return;
        sha1.hashBlocks(&self.context.ihv, blocks);
        self.context.total += blocks.len;
    }

    pub fn final(self: *DetectingSha1, digest: *[20]u8) error{Collision}!void {
        if (c.SHA1DCFinal(digest, &self.context) != 0) return error.Collision;
    }
};

test "both kinds of SHA-1 agree at every length and split" {
    var bytes: [3000]u8 = undefined;
    var random: std.Random.DefaultPrng = .init(5);
    random.fill(&bytes);
    for (0..bytes.len + 1) |size| {
        if (size > 200 and size % 13 > 0) continue;
        var expected: [20]u8 = undefined;
        std.crypto.hash.Sha1.hash(bytes[0..size], &expected, .{});
        var hash: DetectingSha1 = .init();
        hash.update(bytes[0 .. size / 3]);
        hash.update(bytes[size / 3 .. size]);
        var actual: [20]u8 = undefined;
        try hash.final(&actual);
        try std.testing.expectEqual(expected, actual);
    }
}

extern fn ubc_check(words: *const [80]u32, mask: *u32) void;

test "the blocks that are suspected are those that the library suspects" {
    if (!testsLanes()) return error.SkipZigTest;
    var random: std.Random.DefaultPrng = .init(7);
    var blocks: [lanes * block_size]u8 = undefined;
    var seen: u32 = 0;
    for (0..2000) |round| {
        random.fill(&blocks);
        if (round % 2 == 0) for (&blocks) |*byte| {
            byte.* = 'a' + byte.* % 26;
        };
        const suspects = sluice_sha1dc_suspects(&blocks);
        for (0..lanes) |i| {
            var words: [80]u32 = undefined;
            for (0..80) |t| words[t] = if (t < 16)
                std.mem.readInt(u32, blocks[i * block_size + 4 * t ..][0..4], .big)
            else
                std.math.rotl(u32, words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1);
            var mask: u32 = 0;
            ubc_check(&words, &mask);
            seen += @intFromBool(mask != 0);
            try std.testing.expectEqual(mask != 0, suspects >> @intCast(i) & 1 != 0);
        }
    }
    try std.testing.expect(seen > 100);
}
