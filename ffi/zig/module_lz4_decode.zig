//! The root of the library module lz4_decode: a WASM module, and an object of the native library.

pub const panic = @import("core/panic.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("lz4/decode_module.zig"));
}
