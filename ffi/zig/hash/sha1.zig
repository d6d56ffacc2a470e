//! SHA-1 (FIPS 180-4, section 6.1) by the processor's own instructions where it has them, else by Zig's standard
//! library. For ids and checksums that formats define as SHA-1; it says nothing about who wrote the data.

const std = @import("std");
const builtin = @import("builtin");
const cpu = @import("../core/cpu.zig");

/// A hash in progress. Same use as `std.crypto.hash.Sha1`.
pub const Sha1 = union(enum) {
    portable: std.crypto.hash.Sha1,
    accelerated: Accelerated,

    pub const digest_length = 20;
    pub const block_length = 64;

    pub fn init(_: struct {}) Sha1 {
        if (builtin.cpu.arch == .x86_64 and cpu.features().sha) return .{ .accelerated = .{} };
        return .{ .portable = .init(.{}) };
    }

    pub fn update(self: *Sha1, bytes: []const u8) void {
        switch (self.*) {
            inline else => |*state| state.update(bytes),
        }
    }

    pub fn final(self: *Sha1, digest: *[digest_length]u8) void {
        switch (self.*) {
            inline else => |*state| state.final(digest),
        }
    }

    pub fn hash(bytes: []const u8, digest: *[digest_length]u8) void {
        var self: Sha1 = .init(.{});
        self.update(bytes);
        self.final(digest);
    }
};

/// Hashes whole blocks into a state of five words; only where the processor has the instructions.
pub fn hashBlocks(state: *[5]u32, bytes: []const u8) void {
    if (builtin.cpu.arch != .x86_64) unreachable;
    var instructions: Instructions = .{ .abcd = .{ state[3], state[2], state[1], state[0] }, .e = state[4] };
    instructions.blocks(bytes);
    inline for (0..4) |i| state[i] = instructions.abcd[3 - i];
    state[4] = instructions.e;
}

/// Four words of state or of message; the first word stands in the highest lane, as the instructions want it.
const Words = @Vector(4, u32);

/// Other processors have the portable code in its place, so that nothing of the instructions is compiled there.
const Accelerated = if (builtin.cpu.arch == .x86_64) Instructions else std.crypto.hash.Sha1;

const Instructions = struct {
    abcd: Words = .{ 0x10325476, 0x98badcfe, 0xefcdab89, 0x67452301 },
    e: u32 = 0xc3d2e1f0,
    total: u64 = 0,
    pending: [Sha1.block_length]u8 = undefined,

    fn pendingCount(self: *const Instructions) usize {
        return @intCast(self.total % Sha1.block_length);
    }

    fn update(self: *Instructions, bytes: []const u8) void {
        var rest = bytes;
        const held = self.pendingCount();
        self.total += bytes.len;
        if (held > 0) {
            const count = @min(Sha1.block_length - held, rest.len);
            @memcpy(self.pending[held..][0..count], rest[0..count]);
            rest = rest[count..];
            if (held + count < Sha1.block_length) return;
            self.blocks(&self.pending);
        }
        const whole = rest.len - rest.len % Sha1.block_length;
        self.blocks(rest[0..whole]);
        @memcpy(self.pending[0 .. rest.len - whole], rest[whole..]);
    }

    fn final(self: *Instructions, digest: *[Sha1.digest_length]u8) void {
        const held = self.pendingCount();
        var tail: [2 * Sha1.block_length]u8 = @splat(0);
        @memcpy(tail[0..held], self.pending[0..held]);
        tail[held] = 0x80;
        const size: usize = if (held < Sha1.block_length - 8) Sha1.block_length else 2 * Sha1.block_length;
        std.mem.writeInt(u64, tail[size - 8 ..][0..8], self.total * 8, .big);
        self.blocks(tail[0..size]);
        inline for (0..4) |i| std.mem.writeInt(u32, digest[4 * i ..][0..4], self.abcd[3 - i], .big);
        std.mem.writeInt(u32, digest[16..20], self.e, .big);
    }

    /// Hashes whole blocks. A group is four rounds; its words are the message's own for the first four groups and
    /// expanded from the four groups before it for the rest.
    fn blocks(self: *Instructions, bytes: []const u8) void {
        var abcd = self.abcd;
        var e: Words = .{ 0, 0, 0, self.e };
        var offset: usize = 0;
        while (offset < bytes.len) : (offset += Sha1.block_length) {
            const abcd_before = abcd;
            const e_before = e;
            var message: [4]Words = undefined;
            var previous = abcd;
            inline for (0..20) |group| {
                const slot = group % 4;
                if (group < 4) {
                    message[slot] = load(bytes[offset + 16 * group ..][0..16]);
                } else {
                    const sum = messageFirst(message[slot], message[(group + 1) % 4]) ^ message[(group + 2) % 4];
                    message[slot] = messageSecond(sum, message[(group + 3) % 4]);
                }
                const with_words = if (group == 0) e +% message[slot] else nextE(previous, message[slot]);
                previous = abcd;
                abcd = fourRounds(group / 5, abcd, with_words);
            }
            e = nextE(previous, e_before);
            abcd +%= abcd_before;
        }
        self.abcd = abcd;
        self.e = e[3];
    }
};

const reversed: [16]u8 = .{ 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 };

fn load(bytes: *const [16]u8) Words {
    return asm ("pshufb %[order], %[words]"
        : [words] "=x" (-> Words),
        : [_] "0" (@as(Words, @bitCast(bytes.*))),
          [order] "x" (@as(Words, @bitCast(reversed))),
    );
}

fn fourRounds(comptime function: u8, abcd: Words, e: Words) Words {
    return asm (std.fmt.comptimePrint("sha1rnds4 ${d}, %[e], %[abcd]", .{function})
        : [abcd] "=x" (-> Words),
        : [_] "0" (abcd),
          [e] "x" (e),
    );
}

/// The fifth word after four rounds that began with `abcd`, added to the words of the next group.
fn nextE(abcd: Words, words: Words) Words {
    return asm ("sha1nexte %[words], %[e]"
        : [e] "=x" (-> Words),
        : [_] "0" (abcd),
          [words] "x" (words),
    );
}

fn messageFirst(words: Words, next: Words) Words {
    return asm ("sha1msg1 %[next], %[words]"
        : [words] "=x" (-> Words),
        : [_] "0" (words),
          [next] "x" (next),
    );
}

fn messageSecond(sum: Words, last: Words) Words {
    return asm ("sha1msg2 %[last], %[sum]"
        : [sum] "=x" (-> Words),
        : [_] "0" (sum),
          [last] "x" (last),
    );
}

test "both implementations agree at every length and split" {
    var bytes: [300]u8 = undefined;
    var random: std.Random.DefaultPrng = .init(1);
    random.fill(&bytes);
    for (0..bytes.len + 1) |size| {
        var expected: [20]u8 = undefined;
        std.crypto.hash.Sha1.hash(bytes[0..size], &expected, .{});
        var actual: [20]u8 = undefined;
        Sha1.hash(bytes[0..size], &actual);
        try std.testing.expectEqual(expected, actual);
        var split: Sha1 = .init(.{});
        split.update(bytes[0 .. size / 3]);
        split.update(bytes[size / 3 .. size]);
        split.final(&actual);
        try std.testing.expectEqual(expected, actual);
    }
}
