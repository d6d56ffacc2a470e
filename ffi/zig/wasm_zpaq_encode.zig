//! The root of the WASM module zpaq_encode.

pub const panic = @import("core/wasm_libc.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("zpaq/encode_module.zig"));
    @import("core/wasm_libc.zig").exportAll();
}
