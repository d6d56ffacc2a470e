//! SHA-256 of Zig's standard library, compiled for processors with SHA instructions; `sha256.zig` asks for them at run
//! time. Its functions see nothing but slices and states that `sha256.zig` made.

const std = @import("std");
const Sha256 = std.crypto.hash.sha2.Sha256;

/// Built without safety checks, which nothing outside can reach.
pub const panic = std.debug.no_panic;

fn size() callconv(.c) usize {
    return @sizeOf(Sha256);
}

fn init(state: *Sha256) callconv(.c) void {
    state.* = .init(.{});
}

fn update(state: *Sha256, bytes: [*]const u8, count: usize) callconv(.c) void {
    state.update(bytes[0..count]);
}

fn final(state: *Sha256, digest: *[32]u8) callconv(.c) void {
    state.final(digest);
}

comptime {
    for (.{ "size", "init", "update", "final" }, .{ size, init, update, final }) |name, function| {
        @export(&function, .{ .name = "sha256_accelerated_" ++ name, .visibility = .hidden });
    }
}
