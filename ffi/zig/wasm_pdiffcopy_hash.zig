//! The root of the WASM module pdiffcopy_hash.

pub const panic = @import("core/wasm_libc.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("pdiffcopy/hash_module.zig"));
    @import("core/wasm_libc.zig").exportAll();
}
