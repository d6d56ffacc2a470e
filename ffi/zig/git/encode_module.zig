//! The library module git_encode: writing git packs.

pub const name = "git_encode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("encode_exports.zig").exports;
