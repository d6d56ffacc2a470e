//! The root of the WASM module lz4_decode.

pub const panic = @import("core/wasm_libc.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("lz4/decode_module.zig"));
    @import("core/wasm_libc.zig").exportAll();
}
