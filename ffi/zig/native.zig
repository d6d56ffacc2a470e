//! The root of the native library: its manifest and its heap. The functions come from an object for each module, so that a
//! changed line compiles its module alone.

const std = @import("std");
const builtin = @import("builtin");
const abi = @import("abi.zig");

pub const panic = @import("core/panic.zig").panic;

/// The library modules; those of files are native only, each of the others is a WASM module too.
const modules = .{
    @import("zstd/decode_module.zig"),
    @import("zstd/encode_module.zig"),
    @import("lz4/decode_module.zig"),
    @import("lz4/encode_module.zig"),
    @import("pdiffcopy/hash_module.zig"),
    @import("pdiffcopy/file_module.zig"),
    @import("git/decode_module.zig"),
    @import("git/encode_module.zig"),
    @import("zpaq/decode_module.zig"),
    @import("zpaq/encode_module.zig"),
    @import("zpaq/tree_module.zig"),
};

comptime {
    if (!builtin.is_test) abi.exportNative(modules);
}

test "the manifest is JSON and names every module once" {
    const parsed = try std.json.parseFromSlice(std.json.Value, std.testing.allocator, comptime abi.manifest(modules), .{});
    defer parsed.deinit();
    try std.testing.expectEqual(modules.len, parsed.value.object.get("modules").?.array.items.len);
}

test {
    _ = @import("core/c_function.zig");
    _ = @import("core/heap_state.zig");
    _ = @import("core/memory.zig");
    _ = @import("core/result.zig");
    _ = @import("core/slab.zig");
    _ = @import("hash/sha1.zig");
    _ = @import("zstd/content_hash_exports.zig");
    _ = @import("zstd/exports_test.zig");
    _ = @import("lz4/block.zig");
    _ = @import("core/large_pages.zig");
    _ = @import("lz4/common.zig");
    _ = @import("lz4/exports_test.zig");
    _ = @import("hash/blake3.zig");
    _ = @import("core/linux_file.zig");
    _ = @import("core/linux_names.zig");
    _ = @import("hash/older_hashes.zig");
    _ = @import("pdiffcopy/chunks.zig");
    _ = @import("pdiffcopy/file_exports.zig");
    _ = @import("pdiffcopy/frames.zig");
    _ = @import("pdiffcopy/composition.zig");
    _ = @import("pdiffcopy/hash_exports.zig");
    _ = @import("pdiffcopy/rolling.zig");
    _ = @import("pdiffcopy/rolling_exports.zig");
    _ = @import("pdiffcopy/small_files.zig");
    _ = @import("hash/crc32.zig");
    _ = @import("hash/sha256.zig");
    _ = @import("hash/xxh3.zig");
    _ = @import("git/base_window.zig");
    _ = @import("git/delta.zig");
    _ = @import("git/delta_encoder.zig");
    _ = @import("git/delta_head.zig");
    _ = @import("git/delta_program.zig");
    _ = @import("git/pack_scan.zig");
    _ = @import("git/pack_search.zig");
    _ = @import("git/entry.zig");
    _ = @import("git/descriptors.zig");
    _ = @import("git/files.zig");
    _ = @import("git/hash.zig");
    _ = @import("git/inflater.zig");
    _ = @import("git/spill.zig");
    _ = @import("git/value.zig");
    _ = @import("hash/sha1_detecting.zig");
    _ = @import("zpaq/bwt.zig");
    _ = @import("zpaq/header.zig");
    _ = @import("zpaq/machine.zig");
    _ = @import("zpaq/networks.zig");
    _ = @import("zpaq/programs.zig");
    _ = @import("zpaq/tables.zig");
    _ = @import("zpaq/tree_exports.zig");
}
