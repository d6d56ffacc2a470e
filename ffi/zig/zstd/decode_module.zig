//! The library module zstd_decode: zstd decompression.

pub const name = "zstd_decode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("decoder_exports.zig").exports ++
    @import("decoder_batch_exports.zig").exports ++
    @import("content_hash_exports.zig").exports;
