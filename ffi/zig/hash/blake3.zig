//! BLAKE3 by the widest vectors that the processor has, chosen at run time.

const std = @import("std");
const builtin = @import("builtin");
const cpu = @import("../core/cpu.zig");
const Portable = std.crypto.hash.Blake3;

/// Whether the build made variants for newer processors; Zig's own tests are built without them.
const has_variants = builtin.cpu.arch == .x86_64 and !builtin.is_test;

/// A variant that build.zig compiled from blake3_variant.zig.
fn Variant(comptime name: []const u8) type {
    return @import("variant.zig").Variant("blake3_" ++ name);
}

const Kind = enum { portable, v3, v4 };

fn kindHere() Kind {
    if (!has_variants) return .portable;
    const features = cpu.features();
    if (features.v4 and Variant("v4").size() <= storage_size) return .v4;
    if (features.v3 and Variant("v3").size() <= storage_size) return .v3;
    return .portable;
}

const storage_size = @sizeOf(Portable) + 256;

/// A hash in progress. Same use as `std.crypto.hash.Blake3` without options.
pub const Blake3 = struct {
    pub const digest_length = 32;

    storage: [storage_size]u8 align(16),
    kind: Kind,

    pub fn init(_: struct {}) Blake3 {
        var self: Blake3 = undefined;
        self.kind = kindHere();
        switch (self.kind) {
            .portable => self.portable().* = .init(.{}),
            inline else => |kind| if (has_variants) Variant(@tagName(kind)).init(&self.storage),
        }
        return self;
    }

    fn portable(self: *Blake3) *Portable {
        return @ptrCast(&self.storage);
    }

    pub fn update(self: *Blake3, bytes: []const u8) void {
        switch (self.kind) {
            .portable => self.portable().update(bytes),
            inline else => |kind| if (has_variants) Variant(@tagName(kind)).update(&self.storage, bytes.ptr, bytes.len),
        }
    }

    pub fn final(self: *Blake3, digest: *[digest_length]u8) void {
        switch (self.kind) {
            .portable => self.portable().final(digest),
            inline else => |kind| if (has_variants) Variant(@tagName(kind)).final(&self.storage, digest),
        }
    }
};

test "the digest of nothing is the published one" {
    var hash: Blake3 = .init(.{});
    var digest: [32]u8 = undefined;
    hash.final(&digest);
    try std.testing.expectEqualStrings(
        "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        &std.fmt.bytesToHex(digest, .lower),
    );
}
