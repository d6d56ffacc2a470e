//! The library module lz4_encode: lz4 compression.

pub const name = "lz4_encode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("encoder_exports.zig").exports;

/// Numbers that both sides use; the meaning of each is at its declaration.
pub const constants = .{
    .{ "LZ4_ENCODE_FLAG", @import("encoder_exports.zig").FrameFlags },
};
