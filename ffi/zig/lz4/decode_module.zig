//! The library module lz4_decode: lz4 decompression.

pub const name = "lz4_decode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("decoder_exports.zig").exports;
