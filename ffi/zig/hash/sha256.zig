//! SHA-256 (FIPS 180-4, section 6.2) by the processor's own instructions where it has them, else by Zig's standard
//! library.

const std = @import("std");
const builtin = @import("builtin");
const cpu = @import("../core/cpu.zig");
const Portable = std.crypto.hash.sha2.Sha256;

/// Whether the build made the variant; Zig's own tests are built without it.
const has_variant = builtin.cpu.arch == .x86_64 and !builtin.is_test;

const accelerated = @import("variant.zig").Variant("sha256_accelerated");

fn isAccelerated() bool {
    if (!has_variant) return false;
    const features = cpu.features();
    return features.sha and features.v3 and accelerated.size() <= storage_size;
}

const storage_size = @sizeOf(Portable) + 128;

/// A hash in progress. Same use as `std.crypto.hash.sha2.Sha256`.
pub const Sha256 = struct {
    pub const digest_length = 32;

    storage: [storage_size]u8 align(16),
    is_accelerated: bool,

    pub fn init(_: struct {}) Sha256 {
        var self: Sha256 = undefined;
        self.is_accelerated = isAccelerated();
        if (has_variant and self.is_accelerated) accelerated.init(&self.storage) else self.portable().* = .init(.{});
        return self;
    }

    fn portable(self: *Sha256) *Portable {
        return @ptrCast(&self.storage);
    }

    pub fn update(self: *Sha256, bytes: []const u8) void {
        if (has_variant and self.is_accelerated) {
            accelerated.update(&self.storage, bytes.ptr, bytes.len);
        } else {
            self.portable().update(bytes);
        }
    }

    pub fn final(self: *Sha256, digest: *[digest_length]u8) void {
        if (has_variant and self.is_accelerated) {
            accelerated.final(&self.storage, digest);
        } else {
            self.portable().final(digest);
        }
    }
};

test "the digest of a message is the published one" {
    var hash: Sha256 = .init(.{});
    hash.update("abc");
    var digest: [32]u8 = undefined;
    hash.final(&digest);
    try std.testing.expectEqualStrings(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        &std.fmt.bytesToHex(digest, .lower),
    );
}
