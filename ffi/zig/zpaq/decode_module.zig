//! The library module zpaq_decode: ZPAQ decompression.

pub const name = "zpaq_decode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("decoder_exports.zig").exports;

/// Numbers that both sides use; the meaning of each is at its declaration.
pub const constants = .{
    .{ "ZPAQ_DECODE_FLAG", @import("decoder_exports.zig").Flags },
};
