//! The root of the WASM module zpaq_decode.

pub const panic = @import("core/wasm_libc.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("zpaq/decode_module.zig"));
    @import("core/wasm_libc.zig").exportAll();
}
