//! Hashes of Zig's standard library that are compiled once more, for newer processors: what a variant exports, and how the
//! library calls it. Its functions see nothing but slices and states that their callers made.

/// Exports a hash under names that start with `prefix`.
pub fn exportHash(comptime Hash: type, comptime prefix: []const u8) void {
    const functions = struct {
        fn size() callconv(.c) usize {
            return @sizeOf(Hash);
        }

        fn init(state: *Hash) callconv(.c) void {
            state.* = .init(.{});
        }

        fn update(state: *Hash, bytes: [*]const u8, count: usize) callconv(.c) void {
            state.update(bytes[0..count]);
        }

        fn final(state: *Hash, digest: *[32]u8) callconv(.c) void {
            state.final(digest);
        }
    };
    for (.{ "size", "init", "update", "final" }) |name| {
        @export(&@field(functions, name), .{ .name = prefix ++ "_" ++ name, .visibility = .hidden });
    }
}

/// The functions of a hash that was exported so.
pub fn Variant(comptime prefix: []const u8) type {
    return struct {
        pub const size = @extern(*const fn () callconv(.c) usize, .{ .name = prefix ++ "_size" });
        pub const init = @extern(*const fn (*anyopaque) callconv(.c) void, .{ .name = prefix ++ "_init" });
        pub const update = @extern(*const fn (*anyopaque, [*]const u8, usize) callconv(.c) void, .{ .name = prefix ++ "_update" });
        pub const final = @extern(*const fn (*anyopaque, *[32]u8) callconv(.c) void, .{ .name = prefix ++ "_final" });
    };
}
