//! The root of the WASM module git_decode.

pub const panic = @import("core/wasm_libc.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("git/decode_module.zig"));
    @import("core/wasm_libc.zig").exportAll();
}
