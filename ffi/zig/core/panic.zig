//! What happens when a check fails.

const std = @import("std");
const builtin = @import("builtin");

extern fn write(descriptor: c_int, bytes: [*]const u8, size: usize) isize;
extern fn abort() noreturn;

/// In WASM it traps without a message: text for it would cost a tenth of the decoder's size. Natively it says what it was
/// and ends the process; Zig's own handler would bring its whole I/O into the library.
pub const panic = if (builtin.target.cpu.arch.isWasm()) std.debug.no_panic else std.debug.FullPanic(struct {
    fn panic(message: []const u8, _: ?usize) noreturn {
        @branchHint(.cold);
        const prefix = "sluice: a check in the native library failed: ";
        for ([_][]const u8{ prefix, message, "\n" }) |part| _ = write(2, part.ptr, part.len);
        abort();
    }
}.panic);
