//! The one list of what the library exports. From it come the exported symbols of the native library and of each
//! WASM module, the manifest that TypeScript's declarations are generated from, and the hash checked at load.
//!
//! A new codec is one row in `modules`.

const std = @import("std");
const builtin = @import("builtin");
const options = @import("build_options");
const memory = @import("memory.zig");
const result = @import("result.zig");
const Step = result.Step;
const Result = result.Result;

/// The WASM modules, each with the functions it exports. The native library exports them all; modules of files are
/// native only.
const modules = .{
    .{
        "zstd_decode",
        @import("zstd_decoder_exports.zig").exports ++
            @import("zstd_decoder_batch_exports.zig").exports ++
            @import("zstd_content_hash_exports.zig").exports,
    },
    .{
        "zstd_encode",
        @import("zstd_encoder_exports.zig").exports ++
            @import("zstd_encoder_batch_exports.zig").exports ++
            @import("zstd_training_exports.zig").exports,
    },
    .{ "lz4_decode", @import("lz4_decoder_exports.zig").exports },
    .{ "lz4_encode", @import("lz4_encoder_exports.zig").exports },
    .{
        "pdiffcopy_hash",
        @import("pdiffcopy_hash_exports.zig").exports ++ @import("pdiffcopy_chunks.zig").exports,
    },
    .{ "pdiffcopy_file", @import("pdiffcopy_file_exports.zig").exports },
    .{
        "git_decode",
        @import("git_store_exports.zig").exports ++ @import("git_codec_exports.zig").exports,
    },
    .{ "git_encode", @import("git_encode_exports.zig").exports },
    .{ "zpaq_decode", @import("zpaq_decoder_exports.zig").exports },
    .{ "zpaq_encode", @import("zpaq_encoder_exports.zig").exports },
};

/// The kind of a parameter or result: how a host passes it and, in WASM, what it copies.
/// A `source` or `target` is followed by its position and end, a `table` by its count.
fn kindName(comptime T: type) []const u8 {
    return switch (T) {
        void => "void",
        u32 => "u32",
        i32 => "i32",
        f64 => "f64",
        *Step => "step",
        ?[*]const u8 => "source",
        ?[*]u8 => "target",
        [*]const i32 => "table_in",
        [*]const u32 => "table_in",
        [*]u32 => "table",
        else => switch (@typeInfo(T)) {
            .pointer => |pointer| if (pointer.size == .one) "handle" else @compileError("no kind for " ++ @typeName(T)),
            .optional => |optional| kindName(optional.child),
            else => @compileError("no kind for " ++ @typeName(T)),
        },
    };
}

fn functionJson(comptime entry: anytype) []const u8 {
    const info = @typeInfo(@TypeOf(entry[1])).@"fn";
    var text: []const u8 = "{\"name\":\"" ++ entry[0] ++ "\",\"parameters\":[";
    for (info.params, 0..) |parameter, i| {
        text = text ++ (if (i == 0) "" else ",") ++ "\"" ++ kindName(parameter.type.?) ++ "\"";
    }
    const off_loop = if (entry.len > 2) "true" else "false";
    return text ++ "],\"result\":\"" ++ kindName(info.return_type.?) ++ "\",\"offLoop\":" ++ off_loop ++ "}";
}

/// JSON: `{ modules: [{ name, functions: [{ name, parameters, result, offLoop }] }], results, step }`.
pub const manifest: []const u8 = blk: {
    @setEvalBranchQuota(1_000_000);
    var text: []const u8 = "{\"modules\":[";
    for (modules, 0..) |module, i| {
        text = text ++ (if (i == 0) "" else ",") ++ "{\"name\":\"" ++ module[0] ++ "\",\"functions\":[";
        for (module[1], 0..) |entry, j| text = text ++ (if (j == 0) "" else ",") ++ functionJson(entry);
        text = text ++ "]}";
    }
    text = text ++ "],\"results\":{";
    for (@typeInfo(Result).@"enum".fields, 0..) |field, i| {
        text = text ++ (if (i == 0) "" else ",") ++ std.fmt.comptimePrint("\"{s}\":{d}", .{ field.name, field.value });
    }
    text = text ++ "},\"step\":[";
    for (@typeInfo(Step).@"struct".fields, 0..) |field, i| {
        text = text ++ (if (i == 0) "" else ",") ++ "\"" ++ field.name ++ "\"";
    }
    break :blk text ++ "]}";
};

const manifest_hash: u32 = blk: {
    @setEvalBranchQuota(10_000_000);
    break :blk std.hash.Crc32.hash(manifest);
};

/// CRC-32 of the manifest; a host refuses a library whose hash is not the one it was generated from.
fn abiHash() callconv(.c) u32 {
    return manifest_hash;
}

/// Writes the manifest. Sets `produced`; a target that is too small is `output_too_small` with the size in `hint`.
fn abiManifest(target: ?[*]u8, target_pos: u32, target_end: u32, step: *Step) callconv(.c) i32 {
    step.* = .{ .hint = manifest.len };
    const output = result.targetSlice(target, target_pos, target_end) orelse return Result.invalid_argument.code();
    if (output.len < manifest.len) return Result.output_too_small.code();
    @memcpy(output[0..manifest.len], manifest);
    step.produced = manifest.len;
    return Result.ok.code();
}

/// Contexts of all codecs that are alive now.
fn liveContexts() callconv(.c) u32 {
    return memory.live_contexts.load(.monotonic);
}

fn exportAll(comptime entries: anytype) void {
    inline for (entries) |entry| {
        const function = entry[1];
        @export(&function, .{ .name = entry[0] });
    }
}

/// Exports the functions of one WASM module, or of all modules for the native library.
pub fn exportModules(comptime wanted: ?[]const u8) void {
    @setEvalBranchQuota(100_000);
    exportAll(.{
        .{ "sluice_abi_hash", abiHash },
        .{ "sluice_live_contexts", liveContexts },
    });
    if (wanted == null) exportAll(.{.{ "sluice_abi_manifest", abiManifest }});
    var found = wanted == null;
    inline for (modules) |module| {
        if (wanted == null or std.mem.eql(u8, wanted.?, module[0])) {
            exportAll(module[1]);
            found = true;
        }
    }
    if (!found) @compileError("no module named " ++ wanted.?);
}

comptime {
    if (!builtin.is_test) exportModules(if (options.module.len == 0) null else options.module);
}

test "the manifest is JSON and names every module once" {
    const parsed = try std.json.parseFromSlice(std.json.Value, std.testing.allocator, manifest, .{});
    defer parsed.deinit();
    try std.testing.expectEqual(modules.len, parsed.value.object.get("modules").?.array.items.len);
}

test {
    _ = memory;
    _ = result;
    _ = @import("slab.zig");
    _ = @import("sha1.zig");
    _ = @import("zstd_content_hash_exports.zig");
    _ = @import("zstd_exports_test.zig");
    _ = @import("lz4_block.zig");
    _ = @import("lz4_common.zig");
    _ = @import("lz4_exports_test.zig");
    _ = @import("blake3.zig");
    _ = @import("linux_file.zig");
    _ = @import("older_hashes.zig");
    _ = @import("pdiffcopy_chunks.zig");
    _ = @import("pdiffcopy_file_exports.zig");
    _ = @import("pdiffcopy_frames.zig");
    _ = @import("pdiffcopy_hash_exports.zig");
    _ = @import("sha256.zig");
    _ = @import("xxh3.zig");
    _ = @import("git_base_window.zig");
    _ = @import("git_delta.zig");
    _ = @import("git_delta_encoder.zig");
    _ = @import("git_delta_head.zig");
    _ = @import("git_delta_program.zig");
    _ = @import("git_pack_search.zig");
    _ = @import("git_entry.zig");
    _ = @import("git_files.zig");
    _ = @import("git_hash.zig");
    _ = @import("git_inflater.zig");
    _ = @import("git_spill.zig");
    _ = @import("git_value.zig");
    _ = @import("sha1_detecting.zig");
    _ = @import("zpaq_bwt.zig");
    _ = @import("zpaq_header.zig");
    _ = @import("zpaq_machine.zig");
    _ = @import("zpaq_networks.zig");
    _ = @import("zpaq_programs.zig");
    _ = @import("zpaq_tables.zig");
}
