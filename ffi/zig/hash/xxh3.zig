//! XXH3 with 128 bits (xxHash 0.8, "XXH3 algorithm"), in one piece or in several. Fast, not cryptographic: it finds
//! differences, it does not withstand somebody who looks for two blocks with one hash and knows the seed.

const std = @import("std");

const prime32_1: u64 = 0x9E3779B1;
const prime32_2: u64 = 0x85EBCA77;
const prime32_3: u64 = 0xC2B2AE3D;
const prime64_1: u64 = 0x9E3779B185EBCA87;
const prime64_2: u64 = 0xC2B2AE3D27D4EB4F;
const prime64_3: u64 = 0x165667B19E3779F9;
const prime64_4: u64 = 0x85EBCA77C2B2AE63;
const prime64_5: u64 = 0x27D4EB2F165667C5;
const prime_mx1: u64 = 0x165667919E3779F9;
const prime_mx2: u64 = 0x9FB21C651E98DF25;

const secret_size = 192;
const stripe_size = 64;
const stripes_per_scramble = (secret_size - stripe_size) / 8;

/// The default secret of the algorithm, as 64-bit words.
const default_secret: [secret_size]u8 = @bitCast([24]u64{
    0xbe4ba423396cfeb8, 0x1cad21f72c81017c, 0xdb979083e96dd4de, 0x1f67b3b7a4a44072,
    0x78e5c0cc4ee679cb, 0x2172ffcc7dd05a82, 0x8e2443f7744608b8, 0x4c263a81e69035e0,
    0xcb00c391bb52283c, 0xa32e531b8b65d088, 0x4ef90da297486471, 0xd8acdea946ef1938,
    0x3f349ce33f76faa8, 0x1d4f0bc7c7bbdcf9, 0x3159b4cd4be0518a, 0x647378d9c97e9fc8,
    0xc3ebd33483acc5ea, 0xeb6313faffa081c5, 0x49daf0b751dd0d17, 0x9e68d429265516d3,
    0xfca1477d58be162b, 0xce31d07ad1b8f88f, 0x280416958f3acb45, 0x7e404bbbcafbd7af,
});

fn read32(bytes: []const u8, at: usize) u64 {
    return std.mem.readInt(u32, bytes[at..][0..4], .little);
}

fn read64(bytes: []const u8, at: usize) u64 {
    return std.mem.readInt(u64, bytes[at..][0..8], .little);
}

const Pair = struct { low: u64, high: u64 };

fn multiply(a: u64, b: u64) Pair {
    const wide = @as(u128, a) * b;
    return .{ .low = @truncate(wide), .high = @truncate(wide >> 64) };
}

fn fold(a: u64, b: u64) u64 {
    const wide = multiply(a, b);
    return wide.low ^ wide.high;
}

fn avalanche(value: u64) u64 {
    const x = (value ^ (value >> 37)) *% prime_mx1;
    return x ^ (x >> 32);
}

fn avalanche64(value: u64) u64 {
    const x = (value ^ (value >> 33)) *% prime64_2;
    const y = (x ^ (x >> 29)) *% prime64_3;
    return y ^ (y >> 32);
}

fn mix16(input: []const u8, at: usize, secret_at: usize, seed: u64) u64 {
    const low = read64(input, at) ^ (read64(&default_secret, secret_at) +% seed);
    const high = read64(input, at + 8) ^ (read64(&default_secret, secret_at + 8) -% seed);
    return fold(low, high);
}

/// Two accumulators over pairs of 16 bytes, for inputs of 17 to 240 bytes.
const Short = struct {
    low: u64,
    high: u64 = 0,

    fn mix(self: *Short, input: []const u8, first: usize, second: usize, secret_at: usize, seed: u64) void {
        self.low +%= mix16(input, first, secret_at, seed);
        self.low ^= read64(input, second) +% read64(input, second + 8);
        self.high +%= mix16(input, second, secret_at + 16, seed);
        self.high ^= read64(input, first) +% read64(input, first + 8);
    }

    fn finish(self: Short, size: u64, seed: u64) Pair {
        const high = self.low *% prime64_1 +% self.high *% prime64_4 +% (size -% seed) *% prime64_2;
        return .{ .low = avalanche(self.low +% self.high), .high = 0 -% avalanche(high) };
    }
};

fn hashShort(input: []const u8, seed: u64) Pair {
    const secret = &default_secret;
    const size: u64 = input.len;
    if (size == 0) return .{
        .low = avalanche64(seed ^ read64(secret, 64) ^ read64(secret, 72)),
        .high = avalanche64(seed ^ read64(secret, 80) ^ read64(secret, 88)),
    };
    if (size <= 3) {
        const combined: u32 = @as(u32, input[0]) << 16 | @as(u32, input[input.len / 2]) << 24 |
            input[input.len - 1] | @as(u32, @intCast(size)) << 8;
        const turned = std.math.rotl(u32, @byteSwap(combined), 13);
        return .{
            .low = avalanche64(((read32(secret, 0) ^ read32(secret, 4)) +% seed) ^ combined),
            .high = avalanche64(((read32(secret, 8) ^ read32(secret, 12)) -% seed) ^ turned),
        };
    }
    if (size <= 8) {
        const mixed_seed = seed ^ (@as(u64, @byteSwap(@as(u32, @truncate(seed)))) << 32);
        const combined = read32(input, 0) | (read32(input, input.len - 4) << 32);
        const keyed = combined ^ ((read64(secret, 16) ^ read64(secret, 24)) +% mixed_seed);
        var wide = multiply(keyed, prime64_1 +% (size << 2));
        wide.high +%= wide.low << 1;
        wide.low ^= wide.high >> 3;
        wide.low = (wide.low ^ (wide.low >> 35)) *% prime_mx2;
        return .{ .low = wide.low ^ (wide.low >> 28), .high = avalanche(wide.high) };
    }
    if (size <= 16) {
        const flip_low = (read64(secret, 32) ^ read64(secret, 40)) -% seed;
        const flip_high = (read64(secret, 48) ^ read64(secret, 56)) +% seed;
        const last = read64(input, input.len - 8);
        const keyed_high = last ^ flip_high;
        var wide = multiply(read64(input, 0) ^ last ^ flip_low, prime64_1);
        wide.low +%= (size - 1) << 54;
        wide.high +%= keyed_high +% (keyed_high & 0xffff_ffff) *% (prime32_2 - 1);
        wide.low ^= @byteSwap(wide.high);
        const result = multiply(wide.low, prime64_2);
        return .{ .low = avalanche(result.low), .high = avalanche(result.high +% wide.high *% prime64_2) };
    }
    var short: Short = .{ .low = size *% prime64_1 };
    if (size <= 128) {
        var pair: usize = (input.len - 1) / 32;
        while (true) : (pair -= 1) {
            short.mix(input, 16 * pair, input.len - 16 * (pair + 1), 32 * pair, seed);
            if (pair == 0) break;
        }
        return short.finish(size, seed);
    }
    var at: usize = 0;
    while (at < 128) : (at += 32) short.mix(input, at, at + 16, at, seed);
    short.low = avalanche(short.low);
    short.high = avalanche(short.high);
    while (at + 32 <= input.len) : (at += 32) short.mix(input, at, at + 16, at - 128 + 3, seed);
    short.mix(input, input.len - 16, input.len - 32, 136 - 17 - 16, 0 -% seed);
    return short.finish(size, seed);
}

const Lanes = @Vector(8, u64);

const Long = struct {
    lanes: [8]u64 = .{ prime32_3, prime64_1, prime64_2, prime64_3, prime64_4, prime32_2, prime64_5, prime32_1 },
    secret: [secret_size]u8 = undefined,
    /// Stripes since the last scramble.
    stripes: usize = 0,

    fn init(seed: u64) Long {
        var self: Long = .{};
        for (0..secret_size / 16) |i| {
            std.mem.writeInt(u64, self.secret[16 * i ..][0..8], read64(&default_secret, 16 * i) +% seed, .little);
            std.mem.writeInt(u64, self.secret[16 * i + 8 ..][0..8], read64(&default_secret, 16 * i + 8) -% seed, .little);
        }
        return self;
    }

    inline fn load(bytes: *const [stripe_size]u8) Lanes {
        return @bitCast(bytes.*);
    }

    inline fn mixStripe(lanes: *Lanes, stripe: *const [stripe_size]u8, secret: *const [stripe_size]u8) void {
        const data = load(stripe);
        const keyed = data ^ load(secret);
        lanes.* +%= @shuffle(u64, data, undefined, [8]i32{ 1, 0, 3, 2, 5, 4, 7, 6 });
        lanes.* +%= (keyed & @as(Lanes, @splat(0xffff_ffff))) *% (keyed >> @splat(32));
    }

    fn scramble(self: *Long) void {
        const key = load(self.secret[secret_size - stripe_size ..][0..stripe_size]);
        const lanes: Lanes = self.lanes;
        self.lanes = (lanes ^ (lanes >> @splat(47)) ^ key) *% @as(Lanes, @splat(prime32_1));
        self.stripes = 0;
    }

    /// Takes whole stripes.
    fn consume(self: *Long, bytes: []const u8) void {
        var rest = bytes;
        while (rest.len >= stripe_size) {
            const count = @min(rest.len / stripe_size, stripes_per_scramble - self.stripes);
            var lanes: Lanes = self.lanes;
            for (0..count) |i| {
                const stripe = rest[i * stripe_size ..][0..stripe_size];
                mixStripe(&lanes, stripe, self.secret[8 * (self.stripes + i) ..][0..stripe_size]);
            }
            self.lanes = lanes;
            self.stripes += count;
            if (self.stripes == stripes_per_scramble) self.scramble();
            rest = rest[count * stripe_size ..];
        }
    }

    fn merge(lanes: [8]u64, secret: []const u8, start: u64) u64 {
        var sum = start;
        for (0..4) |i| sum +%= fold(lanes[2 * i] ^ read64(secret, 16 * i), lanes[2 * i + 1] ^ read64(secret, 16 * i + 8));
        return avalanche(sum);
    }

    fn finish(self: *Long, last: *const [stripe_size]u8, size: u64) Pair {
        var mixed: Lanes = self.lanes;
        mixStripe(&mixed, last, self.secret[secret_size - stripe_size - 7 ..][0..stripe_size]);
        const lanes: [8]u64 = mixed;
        return .{
            .low = merge(lanes, self.secret[11..], size *% prime64_1),
            .high = merge(lanes, self.secret[secret_size - stripe_size - 11 ..], ~(size *% prime64_2)),
        };
    }
};

/// A hash in progress; the digest is big-endian, high half first, as `xxhsum -H2` prints it.
pub const Xxh3 = struct {
    pub const digest_length = 16;
    const buffer_size = 256;

    long: Long,
    seed: u64,
    total: u64 = 0,
    buffered: usize = 0,
    buffer: [buffer_size]u8 = undefined,

    pub fn init(seed: u64) Xxh3 {
        return .{ .long = .init(seed), .seed = seed };
    }

    pub fn update(self: *Xxh3, bytes: []const u8) void {
        self.total +%= bytes.len;
        if (bytes.len <= buffer_size - self.buffered) {
            @memcpy(self.buffer[self.buffered..][0..bytes.len], bytes);
            self.buffered += bytes.len;
            return;
        }
        var rest = bytes;
        if (self.buffered > 0) {
            const count = buffer_size - self.buffered;
            @memcpy(self.buffer[self.buffered..], rest[0..count]);
            rest = rest[count..];
            self.long.consume(&self.buffer);
        }
        if (rest.len > buffer_size) {
            // At least one byte stays back: the last stripe is hashed apart, and may reach into the one before.
            const whole = (rest.len - 1) / stripe_size * stripe_size;
            self.long.consume(rest[0..whole]);
            @memcpy(self.buffer[buffer_size - stripe_size ..], rest[whole - stripe_size .. whole]);
            rest = rest[whole..];
        }
        @memcpy(self.buffer[0..rest.len], rest);
        self.buffered = rest.len;
    }

    pub fn final(self: *const Xxh3, digest: *[digest_length]u8) void {
        const pair = self.pairOf();
        std.mem.writeInt(u64, digest[0..8], pair.high, .big);
        std.mem.writeInt(u64, digest[8..16], pair.low, .big);
    }

    fn pairOf(self: *const Xxh3) Pair {
        if (self.total <= 240) return hashShort(self.buffer[0..@intCast(self.total)], self.seed);
        var long = self.long;
        var last: [stripe_size]u8 = undefined;
        if (self.buffered >= stripe_size) {
            long.consume(self.buffer[0 .. (self.buffered - 1) / stripe_size * stripe_size]);
            last = self.buffer[self.buffered - stripe_size ..][0..stripe_size].*;
        } else {
            const before = stripe_size - self.buffered;
            @memcpy(last[0..before], self.buffer[buffer_size - before ..]);
            @memcpy(last[before..], self.buffer[0..self.buffered]);
        }
        return long.finish(&last, self.total);
    }
};

/// Bytes that count up by a prime, as test input of any size.
fn pattern(buffer: []u8) []u8 {
    for (buffer, 0..) |*byte, i| byte.* = @truncate(i *% 197 +% (i >> 8) *% 31);
    return buffer;
}

test "the digest does not depend on how the input is cut" {
    var buffer: [5000]u8 = undefined;
    const input = pattern(&buffer);
    for ([_]usize{ 0, 1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 256, 257, 320, 1024, 1025, 4999 }) |size| {
        var whole: [16]u8 = undefined;
        var hasher: Xxh3 = .init(7);
        hasher.update(input[0..size]);
        hasher.final(&whole);
        for ([_]usize{ 1, 7, 63, 64, 65, 256, 300 }) |step| {
            var parts: Xxh3 = .init(7);
            var at: usize = 0;
            while (at < size) : (at += step) parts.update(input[at..@min(size, at + step)]);
            var digest: [16]u8 = undefined;
            parts.final(&digest);
            try std.testing.expectEqualSlices(u8, &whole, &digest);
        }
    }
}

/// Digests of the reference implementation: size, without a seed, with the seed 0x123456789abcdef0.
const vectors = [_]struct { usize, *const [32]u8, *const [32]u8 }{
    .{ 0, "99aa06d3014798d86001c324468d497f", "e7da00845366b2f3b950a1d9e9a4a947" },
    .{ 1, "a6cd5e9392000f6ac44bdff4074eecdb", "d872f0c45e73d1396610ea1e2f5010b7" },
    .{ 3, "47000b02ffffb49237e8607a4b5b8592", "71ca1989aaec7a83c456ae2720a4eb25" },
    .{ 4, "a2230bd268e23beb924d239665118cec", "05489fed6729aed61feab790fa49eb8c" },
    .{ 8, "7d3e1ae74d07ed43378a97be71ba5fc1", "cd14ed11c6e003e74c3c228502412597" },
    .{ 9, "27c91a7b56c38a21739b342829b02fe6", "445ce462b82544e4f527138166606f54" },
    .{ 16, "5d061cf71efe6d1b89d5c6f61a03143e", "97e3cffc9fc5c4f2e5ac23b05917aa2a" },
    .{ 17, "975fd17ab713e1af7c45c40825334c96", "8eee3b215da07e9e277b6943b4bc581c" },
    .{ 128, "c35c58970a114f286224f54ccc91e2b1", "b9481913f35b2649ff2716c24f1c8bf3" },
    .{ 129, "d5852f67c15d902a6968539d0b97411e", "cc7d0d9dde344c326f1cf1aa15b4e4c2" },
    .{ 240, "230d521a749bedbdcea3c813fe6017cd", "f8b825d02f20c84220f3a19453acc0f5" },
    .{ 241, "2e96df78d100ea80a78e56c713a5d30b", "906c6a59d6e6c8edf2d9d6416695064c" },
    .{ 256, "30daa457b649234567dfc71e35d90934", "5372bf14bf6a52503a157bec1379411c" },
    .{ 257, "8f1b2ca019ce67d315e4ecd6bef24d61", "0d06ab5e000d6c3f05441b937218b23d" },
    .{ 1024, "6dc193713c6251c303436ef1c4daf30e", "e3099a95b3162d776e1e0eebe5ab2cf2" },
    .{ 1025, "ebaf6f88bc6712f63ce0d9d08d3d5e9f", "14caf7479d366f680f0192862c6f7683" },
    .{ 4999, "384e6ab019ac95ee3300ed34a8c7393c", "1fdec0acdf462e3a04b941fd931c8dd7" },
};

test "digests are those of the reference implementation" {
    var buffer: [5000]u8 = undefined;
    const input = pattern(&buffer);
    for (vectors) |vector| {
        for ([_]u64{ 0, 0x123456789abcdef0 }, [_]*const [32]u8{ vector[1], vector[2] }) |seed, expected| {
            var hasher: Xxh3 = .init(seed);
            hasher.update(input[0..vector[0]]);
            var digest: [16]u8 = undefined;
            hasher.final(&digest);
            try std.testing.expectEqualStrings(expected, &std.fmt.bytesToHex(digest, .lower));
        }
    }
}
