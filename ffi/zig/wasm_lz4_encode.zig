//! The root of the WASM module lz4_encode.

pub const panic = @import("core/wasm_libc.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("lz4/encode_module.zig"));
    @import("core/wasm_libc.zig").exportAll();
}
