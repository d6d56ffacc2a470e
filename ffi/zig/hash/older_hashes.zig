//! MD4 (RFC 1320), RIPEMD-160 and SM3 (GB/T 32905-2016): hashes that zsync files and hash lists still name. None is
//! fast, and MD4 is broken; they are here to read what exists.

const std = @import("std");

/// Collects bytes into blocks of 64 and adds the padding that all three share, apart from the byte order of the size.
fn BlockHash(comptime Core: type, comptime order: std.builtin.Endian) type {
    return struct {
        const Self = @This();
        pub const digest_length = Core.word_count * 4;

        core: Core = .{},
        total: u64 = 0,
        pending: [64]u8 = undefined,

        pub fn init(_: struct {}) Self {
            return .{};
        }

        pub fn update(self: *Self, bytes: []const u8) void {
            var rest = bytes;
            const held: usize = @intCast(self.total % 64);
            self.total += bytes.len;
            if (held > 0) {
                const count = @min(64 - held, rest.len);
                @memcpy(self.pending[held..][0..count], rest[0..count]);
                rest = rest[count..];
                if (held + count < 64) return;
                self.core.block(&self.pending);
            }
            while (rest.len >= 64) : (rest = rest[64..]) self.core.block(rest[0..64]);
            @memcpy(self.pending[0..rest.len], rest);
        }

        pub fn final(self: *Self, digest: *[digest_length]u8) void {
            const held: usize = @intCast(self.total % 64);
            var tail: [128]u8 = @splat(0);
            @memcpy(tail[0..held], self.pending[0..held]);
            tail[held] = 0x80;
            const size: usize = if (held < 56) 64 else 128;
            std.mem.writeInt(u64, tail[size - 8 ..][0..8], self.total *% 8, order);
            for (0..size / 64) |i| self.core.block(tail[64 * i ..][0..64]);
            for (self.core.state, 0..) |word, i| std.mem.writeInt(u32, digest[4 * i ..][0..4], word, order);
        }
    };
}

fn words(block: *const [64]u8, comptime order: std.builtin.Endian) [16]u32 {
    var list: [16]u32 = undefined;
    for (&list, 0..) |*word, i| word.* = std.mem.readInt(u32, block[4 * i ..][0..4], order);
    return list;
}

pub const Md4 = BlockHash(struct {
    const Core = @This();
    const word_count = 4;
    const shifts = [3][4]u5{ .{ 3, 7, 11, 19 }, .{ 3, 5, 9, 13 }, .{ 3, 9, 11, 15 } };
    const orders = [3][16]u8{
        .{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
        .{ 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 },
        .{ 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 },
    };
    const constants = [3]u32{ 0, 0x5a827999, 0x6ed9eba1 };

    state: [4]u32 = .{ 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 },

    fn block(self: *Core, bytes: *const [64]u8) void {
        const message = words(bytes, .little);
        var s = self.state;
        inline for (0..3) |round| {
            inline for (0..16) |i| {
                const mixed = switch (round) {
                    0 => (s[1] & s[2]) | (~s[1] & s[3]),
                    1 => (s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3]),
                    else => s[1] ^ s[2] ^ s[3],
                };
                const sum = s[0] +% mixed +% message[orders[round][i]] +% constants[round];
                const next: [4]u32 = .{ s[3], std.math.rotl(u32, sum, shifts[round][i % 4]), s[1], s[2] };
                s = next;
            }
        }
        for (&self.state, s) |*word, value| word.* +%= value;
    }
}, .little);

pub const Ripemd160 = BlockHash(struct {
    const Core = @This();
    const word_count = 5;
    const left_order = [80]u8{
        0,  1, 2,  3,  4, 5,  6,  7,  8, 9, 10, 11, 12, 13, 14, 15, 7, 4,  13, 1, 10, 6, 15, 3,  12, 0,  9,
        5,  2, 14, 11, 8, 3,  10, 14, 4, 9, 15, 8,  1,  2,  7,  0,  6, 13, 11, 5, 12, 1, 9,  11, 10, 0,  8,
        12, 4, 13, 3,  7, 15, 14, 5,  6, 2, 4,  0,  5,  9,  7,  12, 2, 10, 14, 1, 3,  8, 11, 6,  15, 13,
    };
    const right_order = [80]u8{
        5,  14, 7, 0,  9, 2,  11, 4, 13, 6,  15, 8,  1,  10, 3, 12, 6, 11, 3, 7, 0,  13, 5, 10, 14, 15, 8,
        12, 4,  9, 1,  2, 15, 5,  1, 3,  7,  14, 6,  9,  11, 8, 12, 2, 10, 0, 4, 13, 8,  6, 4,  1,  3,  11,
        15, 0,  5, 12, 2, 13, 9,  7, 10, 14, 12, 15, 10, 4,  1, 5,  8, 7,  6, 2, 13, 14, 0, 3,  9,  11,
    };
    const left_shift = [80]u5{
        11, 14, 15, 12, 5,  8,  7,  9, 11, 13, 14, 15, 6,  7,  9, 8,  7,  6,  8,  13, 11, 9,  7,  15, 7,  12, 15,
        9,  11, 7,  13, 12, 11, 13, 6, 7,  14, 9,  13, 15, 14, 8, 13, 6,  5,  12, 7,  5,  11, 12, 14, 15, 14, 15,
        9,  8,  9,  14, 5,  6,  8,  6, 5,  12, 9,  15, 5,  11, 6, 8,  13, 12, 5,  12, 13, 14, 11, 8,  5,  6,
    };
    const right_shift = [80]u5{
        8, 9,  9,  11, 13, 15, 15, 5,  7,  7, 8, 11, 14, 14, 12, 6, 9,  13, 15, 7,  12, 8,  9,  11, 7,  7,  12,
        7, 6,  15, 13, 11, 9,  7,  15, 11, 8, 6, 6,  14, 12, 13, 5, 14, 13, 13, 7,  5,  15, 5,  8,  11, 14, 14,
        6, 14, 6,  9,  12, 9,  12, 5,  15, 8, 8, 5,  12, 9,  12, 5, 14, 6,  8,  13, 6,  5,  15, 13, 11, 11,
    };
    const left_constant = [5]u32{ 0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e };
    const right_constant = [5]u32{ 0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0 };

    state: [5]u32 = .{ 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 },

    fn mix(round: usize, x: u32, y: u32, z: u32) u32 {
        return switch (round) {
            0 => x ^ y ^ z,
            1 => (x & y) | (~x & z),
            2 => (x | ~y) ^ z,
            3 => (x & z) | (y & ~z),
            else => x ^ (y | ~z),
        };
    }

    fn block(self: *Core, bytes: *const [64]u8) void {
        const message = words(bytes, .little);
        var l = self.state;
        var r = self.state;
        for (0..80) |i| {
            const round = i / 16;
            const left = l[0] +% mix(round, l[1], l[2], l[3]) +% message[left_order[i]] +% left_constant[round];
            const new_left = std.math.rotl(u32, left, left_shift[i]) +% l[4];
            const next_left: [5]u32 = .{ l[4], new_left, l[1], std.math.rotl(u32, l[2], 10), l[3] };
            l = next_left;
            const right = r[0] +% mix(4 - round, r[1], r[2], r[3]) +% message[right_order[i]] +% right_constant[round];
            const new_right = std.math.rotl(u32, right, right_shift[i]) +% r[4];
            const next_right: [5]u32 = .{ r[4], new_right, r[1], std.math.rotl(u32, r[2], 10), r[3] };
            r = next_right;
        }
        const before = self.state;
        for (0..5) |i| self.state[i] = before[(i + 1) % 5] +% l[(i + 2) % 5] +% r[(i + 3) % 5];
    }
}, .little);

pub const Sm3 = BlockHash(struct {
    const Core = @This();
    const word_count = 8;

    state: [8]u32 = .{
        0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
    },

    fn block(self: *Core, bytes: *const [64]u8) void {
        var w: [68]u32 = undefined;
        w[0..16].* = words(bytes, .big);
        for (16..68) |i| {
            const sum = w[i - 16] ^ w[i - 9] ^ std.math.rotl(u32, w[i - 3], 15);
            const spread = sum ^ std.math.rotl(u32, sum, 15) ^ std.math.rotl(u32, sum, 23);
            w[i] = spread ^ std.math.rotl(u32, w[i - 13], 7) ^ w[i - 6];
        }
        var s = self.state;
        for (0..64) |i| {
            const constant: u32 = if (i < 16) 0x79cc4519 else 0x7a879d8a;
            const turned = std.math.rotl(u32, s[0], 12);
            const first = std.math.rotl(u32, turned +% s[4] +% std.math.rotl(u32, constant, i % 32), 7);
            const ff = if (i < 16) s[0] ^ s[1] ^ s[2] else (s[0] & s[1]) | (s[0] & s[2]) | (s[1] & s[2]);
            const gg = if (i < 16) s[4] ^ s[5] ^ s[6] else (s[4] & s[5]) | (~s[4] & s[6]);
            const low = ff +% s[3] +% (first ^ turned) +% (w[i] ^ w[i + 4]);
            const high = gg +% s[7] +% first +% w[i];
            const next_e = high ^ std.math.rotl(u32, high, 9) ^ std.math.rotl(u32, high, 17);
            const turned_f = std.math.rotl(u32, s[5], 19);
            const next: [8]u32 = .{ low, s[0], std.math.rotl(u32, s[1], 9), s[2], next_e, s[4], turned_f, s[6] };
            s = next;
        }
        for (&self.state, s) |*word, value| word.* ^= value;
    }
}, .big);

fn expectDigest(comptime Hash: type, expected: []const u8, input: []const u8) !void {
    var hash: Hash = .init(.{});
    for (input) |byte| hash.update(&.{byte});
    var digest: [Hash.digest_length]u8 = undefined;
    hash.final(&digest);
    try std.testing.expectEqualStrings(expected, &std.fmt.bytesToHex(digest, .lower));
}

test "published digests" {
    try expectDigest(Md4, "31d6cfe0d16ae931b73c59d7e0c089c0", "");
    try expectDigest(Md4, "a448017aaf21d8525fc10ae87aa6729d", "abc");
    try expectDigest(Md4, "e33b4ddc9c38f2199c3e7b164fcc0536", "1234567890" ** 8);
    try expectDigest(Ripemd160, "9c1185a5c5e9fc54612808977ee8f548b2258d31", "");
    try expectDigest(Ripemd160, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc", "abc");
    try expectDigest(Ripemd160, "9b752e45573d4b39f4dbd3323cab82bf63326bfb", "1234567890" ** 8);
    try expectDigest(Sm3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", "abc");
    try expectDigest(Sm3, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732", "abcd" ** 16);
}
