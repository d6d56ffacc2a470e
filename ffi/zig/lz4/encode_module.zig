//! The library module lz4_encode: lz4 compression.

pub const name = "lz4_encode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("encoder_exports.zig").exports;
