//! The root of the library module pdiffcopy_hash: a WASM module, and an object of the native library.

pub const panic = @import("core/panic.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("pdiffcopy/hash_module.zig"));
}
