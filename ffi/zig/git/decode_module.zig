//! The library module git_decode: reading git packs and objects.

pub const name = "git_decode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("store_exports.zig").exports ++
    @import("codec_exports.zig").exports;
