//! The root of the WASM module zstd_encode.

pub const panic = @import("core/wasm_libc.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("zstd/encode_module.zig"));
    @import("core/wasm_libc.zig").exportAll();
}
