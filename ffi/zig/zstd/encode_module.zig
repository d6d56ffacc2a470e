//! The library module zstd_encode: zstd compression and training.

pub const name = "zstd_encode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("encoder_exports.zig").exports ++
    @import("encoder_batch_exports.zig").exports ++
    @import("training_exports.zig").exports;
