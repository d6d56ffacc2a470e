//! The library module zpaq_encode: ZPAQ compression, and what an archiver needs beside it.

pub const name = "zpaq_encode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("encoder_exports.zig").exports ++
    @import("hash_exports.zig").exports;
