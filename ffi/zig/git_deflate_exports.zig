//! Deflating values into zlib streams.

const c = @import("libdeflate_c");
const memory = @import("memory.zig");
const result = @import("result.zig");
const Result = result.Result;
const Step = result.Step;

const Deflater = struct { compressor: *c.libdeflate_compressor };

/// A compressor of a level from 0 to 12.
fn deflaterNew(level: u32) callconv(.c) ?*Deflater {
    if (level > 12) return null;
    const context = memory.createContext(Deflater) orelse return null;
    context.compressor = c.libdeflate_alloc_compressor(@intCast(level)) orelse {
        memory.destroyContext(context);
        return null;
    };
    return context;
}

fn deflaterFree(deflater: ?*Deflater) callconv(.c) void {
    const context = deflater orelse return;
    c.libdeflate_free_compressor(context.compressor);
    memory.destroyContext(context);
}

/// The most bytes that the stream of a value of this size can take.
fn deflaterBound(deflater: *Deflater, size: u32) callconv(.c) f64 {
    return @floatFromInt(c.libdeflate_zlib_compress_bound(deflater.compressor, size));
}

/// Deflates a whole value. Sets `produced`; `output_too_small` when the target has less room than the bound.
fn deflate(deflater: *Deflater, source: ?[*]const u8, source_pos: u32, source_end: u32, target: ?[*]u8, target_pos: u32, target_end: u32, step: *Step) callconv(.c) i32 {
    step.* = .{};
    const input = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    const output = result.targetSlice(target, target_pos, target_end) orelse return Result.invalid_argument.code();
    const size = c.libdeflate_zlib_compress(deflater.compressor, input.ptr, input.len, output.ptr, output.len);
    if (size == 0) return Result.output_too_small.code();
    step.produced = @intCast(size);
    return Result.ok.code();
}

pub const exports = .{
    .{ "sluice_git_deflater_new", deflaterNew },
    .{ "sluice_git_deflater_free", deflaterFree },
    .{ "sluice_git_deflater_bound", deflaterBound },
    .{ "sluice_git_deflate", deflate },
};
