//! The hashes that block copies know, under one roof: numbers are pinned, the host names them.

const std = @import("std");
const older = @import("../hash/older_hashes.zig");
const Blake3 = @import("../hash/blake3.zig").Blake3;
const Sha1 = @import("../hash/sha1.zig").Sha1;
const Sha256 = @import("../hash/sha256.zig").Sha256;
const Xxh3 = @import("../hash/xxh3.zig").Xxh3;
const hashes = std.crypto.hash;

/// The largest digest.
pub const digest_size_max = 64;

pub const Id = enum(u8) {
    xxh3_128 = 1,
    xxh64 = 2,
    blake3 = 3,
    md5 = 4,
    sha1 = 5,
    sha224 = 6,
    sha256 = 7,
    sha384 = 8,
    sha512 = 9,
    sha512_224 = 10,
    sha512_256 = 11,
    sha3_224 = 12,
    sha3_256 = 13,
    sha3_384 = 14,
    sha3_512 = 15,
    blake2b = 16,
    blake2s = 17,
    md5_sha1 = 18,
    ripemd160 = 19,
    sm3 = 20,
    md4 = 21,

    /// Null for a number that names none.
    pub fn init(number: u32) ?Id {
        if (number == 0 or number > @typeInfo(Id).@"enum".fields.len) return null;
        return @enumFromInt(number);
    }
};

/// XXH64 with the digest in big-endian order, as its canonical form has it.
const Xxh64 = struct {
    const digest_length = 8;

    state: std.hash.XxHash64,

    fn init(seed: u64) Xxh64 {
        return .{ .state = .init(seed) };
    }

    fn update(self: *Xxh64, bytes: []const u8) void {
        self.state.update(bytes);
    }

    fn final(self: *Xxh64, digest: *[8]u8) void {
        std.mem.writeInt(u64, digest, self.state.final(), .big);
    }
};

/// MD5 followed by SHA-1, as TLS used them.
const Md5Sha1 = struct {
    const digest_length = 36;

    md5: hashes.Md5,
    sha1: Sha1,

    fn init(_: struct {}) Md5Sha1 {
        return .{ .md5 = .init(.{}), .sha1 = .init(.{}) };
    }

    fn update(self: *Md5Sha1, bytes: []const u8) void {
        self.md5.update(bytes);
        self.sha1.update(bytes);
    }

    fn final(self: *Md5Sha1, digest: *[36]u8) void {
        self.md5.final(digest[0..16]);
        self.sha1.final(digest[16..36]);
    }
};

/// A hash in progress.
pub const Hasher = union(Id) {
    xxh3_128: Xxh3,
    xxh64: Xxh64,
    blake3: Blake3,
    md5: hashes.Md5,
    sha1: Sha1,
    sha224: hashes.sha2.Sha224,
    sha256: Sha256,
    sha384: hashes.sha2.Sha384,
    sha512: hashes.sha2.Sha512,
    sha512_224: hashes.sha2.Sha512_224,
    sha512_256: hashes.sha2.Sha512_256,
    sha3_224: hashes.sha3.Sha3_224,
    sha3_256: hashes.sha3.Sha3_256,
    sha3_384: hashes.sha3.Sha3_384,
    sha3_512: hashes.sha3.Sha3_512,
    blake2b: hashes.blake2.Blake2b512,
    blake2s: hashes.blake2.Blake2s256,
    md5_sha1: Md5Sha1,
    ripemd160: older.Ripemd160,
    sm3: older.Sm3,
    md4: older.Md4,

    /// The seed counts for the XXH hashes only.
    pub fn init(id: Id, seed: u64) Hasher {
        switch (id) {
            .xxh3_128 => return .{ .xxh3_128 = .init(seed) },
            .xxh64 => return .{ .xxh64 = .init(seed) },
            inline else => |tag| return @unionInit(Hasher, @tagName(tag), .init(.{})),
        }
    }

    pub fn update(self: *Hasher, bytes: []const u8) void {
        switch (self.*) {
            inline else => |*state| state.update(bytes),
        }
    }

    /// Writes the digest to the front of `digest`, which has room for it.
    pub fn final(self: *Hasher, digest: []u8) void {
        switch (self.*) {
            inline else => |*state| state.final(digest[0..@TypeOf(state.*).digest_length]),
        }
    }
};

/// Bytes of a digest.
pub fn digestSize(id: Id) u32 {
    switch (id) {
        inline else => |tag| return @FieldType(Hasher, @tagName(tag)).digest_length,
    }
}

/// What blocks are hashed with.
pub const Spec = struct {
    id: Id,
    seed: u64,

    pub fn init(number: u32, seed_low: u32, seed_high: u32) ?Spec {
        return .{ .id = Id.init(number) orelse return null, .seed = seed_low | @as(u64, seed_high) << 32 };
    }

    pub fn hash(self: Spec, bytes: []const u8, digest: []u8) void {
        var hasher: Hasher = .init(self.id, self.seed);
        hasher.update(bytes);
        hasher.final(digest);
    }
};

comptime {
    std.debug.assert(@alignOf(Hasher) <= 16); // what malloc gives
    @setEvalBranchQuota(10_000);
    for (std.enums.values(Id)) |id| std.debug.assert(digestSize(id) <= digest_size_max and digestSize(id) % 4 == 0);
}

test "every hash is made, fed and read" {
    for (std.enums.values(Id)) |id| {
        const spec: Spec = .{ .id = id, .seed = 0 };
        var whole: [digest_size_max]u8 = @splat(0);
        spec.hash("abcdef", &whole);
        var hasher: Hasher = .init(id, 0);
        hasher.update("abc");
        hasher.update("def");
        var parts: [digest_size_max]u8 = @splat(0);
        hasher.final(&parts);
        try std.testing.expectEqualSlices(u8, &whole, &parts);
        try std.testing.expect(!std.mem.allEqual(u8, whole[0..digestSize(id)], 0));
    }
    try std.testing.expect(Id.init(0) == null);
    try std.testing.expect(Id.init(22) == null);
}
