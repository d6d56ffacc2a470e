//! The library module lz4_decode: lz4 decompression.

pub const name = "lz4_decode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("decoder_exports.zig").exports;

/// Numbers that both sides use; the meaning of each is at its declaration.
pub const constants = .{
    .{ "LZ4_DECODE_FLAG", @import("decoder.zig").FrameFlags },
    .{ "XXH32_STATE_LENGTH", @import("common.zig").hash_words },
    .{ "LZ4_WINDOW_SIZE", @import("common.zig").window_size },
    .{ "LZ4_NEED_MAP_LENGTH", @import("block.zig").map_words },
};
