//! Writing objects: zlib streams, deltas, and the search for delta bases.

const c = @import("libdeflate_c");
const encoder = @import("delta_encoder.zig");
const memory = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const Result = @import("../core/result.zig").Result;
const Search = @import("pack_search.zig").Search;
const Step = @import("../core/result.zig").Step;

const Deflater = struct { compressor: *c.libdeflate_compressor };

/// A compressor of a level from 0 to 12.
fn deflaterNew(level: u32) ?*Deflater {
    if (level > 12) return null;
    const context = memory.createContext(Deflater) orelse return null;
    context.compressor = c.libdeflate_alloc_compressor(@intCast(level)) orelse {
        memory.destroyContext(context);
        return null;
    };
    return context;
}

fn deflaterFree(deflater: ?*Deflater) void {
    const context = deflater orelse return;
    c.libdeflate_free_compressor(context.compressor);
    memory.destroyContext(context);
}

/// The most bytes that the stream of a value of this size can take.
fn deflaterBound(deflater: *Deflater, size: u32) f64 {
    return @floatFromInt(c.libdeflate_zlib_compress_bound(deflater.compressor, size));
}

/// Deflates a whole value. Sets `produced`; `output_too_small` when the target has less room than the bound.
fn deflate(deflater: *Deflater, input: []const u8, output: []u8, step: *Step) Result {
    const size = c.libdeflate_zlib_compress(deflater.compressor, input.ptr, input.len, output.ptr, output.len);
    if (size == 0) return .output_too_small;
    step.produced = @intCast(size);
    return .ok;
}

/// A delta that makes the source of the base. Sets `produced`; `output_too_small` when it does not fit the target.
fn deltaMake(from: []const u8, input: []const u8, output: []u8, step: *Step) Result {
    var index = encoder.Index.create(from) catch return .out_of_memory;
    defer index.destroy();
    step.produced = @intCast(encoder.encode(&index, from, input, output) orelse return .output_too_small);
    return .ok;
}

/// A search over a window of so many objects, with chains up to a depth, compressing at a level from 0 to 12.
fn searchNew(window: u32, depth: u32, level: u32, hash_size: u32, memory_max: f64) ?*Search {
    if (level > 12 or depth > 4095 or window > 4096) return null;
    const context = memory.createContext(Search) orelse return null;
    context.* = .{
        .window_max = window,
        .depth_max = depth,
        .hash_size = hash_size,
        .memory_max = if (memory_max > 0 and memory_max < 1 << 31) @intFromFloat(memory_max) else 1 << 31,
        .compressor = c.libdeflate_alloc_compressor(@intCast(level)) orelse {
            memory.destroyContext(context);
            return null;
        },
    };
    return context;
}

fn searchFree(search: ?*Search) void {
    const context = search orelse return;
    context.deinit();
    memory.destroyContext(context);
}

/// The most bytes that the stream of an object of this size can take.
fn searchBound(search: *Search, size: u32) f64 {
    return @floatFromInt(c.libdeflate_zlib_compress_bound(search.compressor, size));
}

/// Takes the next object of a type and writes the zlib stream of what it is stored as. Sets `produced`, `detail` to 1 and
/// the number of its base or to 0, `value` to the inflated size of what is stored, and `hint` to the depth.
fn searchPush(search: *Search, kind: u32, input: []const u8, output: []u8, step: *Step) Result {
    const choice = search.push(kind, input, output) catch |failure| return switch (failure) {
        error.OutOfMemory => .out_of_memory,
        error.OutputTooSmall => .output_too_small,
    };
    step.produced = @intCast(choice.stored);
    step.detail = if (choice.base) |base| base + 1 else 0;
    step.setValue(choice.size);
    step.hint = choice.depth;
    return .ok;
}

pub const exports = .{
    .{ "sluice_git_delta_make", deltaMake },
    .{ "sluice_git_search_new", searchNew },
    .{ "sluice_git_search_free", searchFree },
    .{ "sluice_git_search_bound", searchBound },
    .{ "sluice_git_search_push", searchPush, .off_loop },
    .{ "sluice_git_deflater_new", deflaterNew },
    .{ "sluice_git_deflater_free", deflaterFree },
    .{ "sluice_git_deflater_bound", deflaterBound },
    .{ "sluice_git_deflate", deflate },
};
