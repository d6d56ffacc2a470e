//! BLAKE3 of Zig's standard library, compiled for one model of processor. `blake3.zig` chooses among the variants; the
//! build names this one. Its functions see nothing but slices and states that `blake3.zig` made.

const std = @import("std");
const options = @import("variant_options");
const Blake3 = std.crypto.hash.Blake3;

/// Built without safety checks, which nothing outside can reach: 1.4 times as fast.
pub const panic = std.debug.no_panic;

fn size() callconv(.c) usize {
    return @sizeOf(Blake3);
}

fn init(state: *Blake3) callconv(.c) void {
    state.* = .init(.{});
}

fn update(state: *Blake3, bytes: [*]const u8, count: usize) callconv(.c) void {
    state.update(bytes[0..count]);
}

fn final(state: *Blake3, digest: *[32]u8) callconv(.c) void {
    state.final(digest);
}

comptime {
    for (.{ "size", "init", "update", "final" }, .{ size, init, update, final }) |name, function| {
        @export(&function, .{ .name = "blake3_" ++ options.name ++ "_" ++ name, .visibility = .hidden });
    }
}
