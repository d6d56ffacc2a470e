//! The root of the library module zpaq_encode: a WASM module, and an object of the native library.

pub const panic = @import("core/panic.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("zpaq/encode_module.zig"));
}
