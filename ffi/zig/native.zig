//! The root of the native library: all modules of abi.zig, and what happens when a check fails.

const std = @import("std");
const abi = @import("abi.zig");

extern fn write(descriptor: c_int, bytes: [*]const u8, size: usize) isize;
extern fn abort() noreturn;

/// A failed check says what it was and ends the process. Zig's own handler would bring its whole I/O into the library.
pub const panic = std.debug.FullPanic(struct {
    fn panic(message: []const u8, _: ?usize) noreturn {
        @branchHint(.cold);
        const prefix = "sluice: a check in the native library failed: ";
        for ([_][]const u8{ prefix, message, "\n" }) |part| _ = write(2, part.ptr, part.len);
        abort();
    }
}.panic);

comptime {
    _ = abi;
}
