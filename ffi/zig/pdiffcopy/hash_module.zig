//! The library module pdiffcopy_hash: digests, chunk boundaries, and the search for moved blocks.

pub const name = "pdiffcopy_hash";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("hash_exports.zig").exports ++
    @import("chunks.zig").exports ++ @import("rolling_exports.zig").exports;
