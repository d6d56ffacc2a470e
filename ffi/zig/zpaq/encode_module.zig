//! The library module zpaq_encode: ZPAQ compression, and what an archiver needs beside it.

pub const name = "zpaq_encode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("encoder_exports.zig").exports ++
    @import("hash_exports.zig").exports;

/// Numbers that both sides use; the meaning of each is at its declaration.
pub const constants = .{
    .{ "ZPAQ_FRAGMENT_NUMBERS", @import("fragmenter.zig").Fragmenter.numbers },
    .{ "ZPAQ_HASH_SHA1", @import("hash_exports.zig").Kind.sha1 },
    .{ "ZPAQ_HASH_SHA256", @import("hash_exports.zig").Kind.sha256 },
    .{ "ZPAQ_PROGRAM_SIZE_MAX", @import("programs.zig").size_max },
};
