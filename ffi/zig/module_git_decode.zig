//! The root of the library module git_decode: a WASM module, and an object of the native library.

pub const panic = @import("core/panic.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("git/decode_module.zig"));
}
