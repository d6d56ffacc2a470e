//! The root of the library module pdiffcopy_file: an object of the native library.

pub const panic = @import("core/panic.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("pdiffcopy/file_module.zig"));
}
