//! The hash that names objects: SHA-1 or SHA-256, told apart by the size of its ids.

const std = @import("std");
const builtin = @import("builtin");
/// Only x86 has a form by the processor's instructions; its code does not compile for other targets.
const Sha1 = if (builtin.cpu.arch == .x86_64) @import("../hash/sha1.zig").Sha1 else std.crypto.hash.Sha1;
const DetectingSha1 = @import("../hash/sha1_detecting.zig").DetectingSha1;
const Sha256 = std.crypto.hash.sha2.Sha256;

/// What the bytes to hash are: our own, or from outside, where SHA-1 looks for collision attacks.
pub const Trust = enum(u32) { own = 0, outside = 1 };

pub const Hash = union(enum) {
    sha1: Sha1,
    detecting: DetectingSha1,
    sha256: Sha256,

    /// Null where no hash has ids of that size.
    pub fn init(hash_size: u32, trust: Trust) ?Hash {
        return switch (hash_size) {
            20 => switch (trust) {
                .own => .{ .sha1 = .init(.{}) },
                .outside => .{ .detecting = .init() },
            },
            32 => .{ .sha256 = .init(.{}) },
            else => null,
        };
    }

    pub fn update(self: *Hash, bytes: []const u8) void {
        switch (self.*) {
            inline else => |*state| state.update(bytes),
        }
    }

    /// Writes the digest into the front of `digest`, also where it was made to collide.
    pub fn final(self: *Hash, digest: *[32]u8) error{Collision}!void {
        switch (self.*) {
            .sha1 => |*state| state.final(digest[0..20]),
            .detecting => |*state| try state.final(digest[0..20]),
            .sha256 => |*state| state.final(digest),
        }
    }

    /// Starts an object: its type and size stand before its body.
    pub fn beginObject(self: *Hash, type_name: []const u8, size: u64) void {
        var header: [32]u8 = undefined;
        self.update(std.fmt.bufPrint(&header, "{s} {d}\x00", .{ type_name, size }) catch unreachable);
    }
};

/// The names of the four types by their numbers in packs.
pub fn typeName(kind: u32) ?[]const u8 {
    return switch (kind) {
        1 => "commit",
        2 => "tree",
        3 => "blob",
        4 => "tag",
        else => null,
    };
}

test "the ids of empty objects" {
    for ([_]struct { u32, []const u8, []const u8 }{
        .{ 20, "blob", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" },
        .{ 20, "tree", "4b825dc642cb6eb9a060e54bf8d69288fbee4904" },
        .{ 32, "blob", "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813" },
    }) |row| {
        for ([_]Trust{ .own, .outside }) |trust| {
            var hash = Hash.init(row[0], trust).?;
            hash.beginObject(row[1], 0);
            var digest: [32]u8 = undefined;
            try hash.final(&digest);
            var hex: [64]u8 = undefined;
            try std.testing.expectEqualStrings(row[2], std.fmt.bufPrint(&hex, "{x}", .{digest[0..row[0]]}) catch unreachable);
        }
    }
}
