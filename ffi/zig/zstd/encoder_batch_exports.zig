//! Compression of many values in one call: independent frames over threads, and chains where each value refers to the
//! one before.

const std = @import("std");
const common = @import("common.zig");
const encoder = @import("encoder_exports.zig");
const slab = @import("../core/slab.zig");
const c = @import("common.zig").c;
const Batch = @import("batch.zig").Batch;
const Memory = @import("../core/memory.zig").Memory;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// One batch. Frames are written into slots that always have room.
const Job = struct {
    batch: Batch,
    template: *const encoder.Compressor,
    /// Sizes of the frames.
    sizes: []u32,

    fn work(self: *Job) void {
        const batch = &self.batch;
        var memory: Memory = .{ .limit = self.template.memory.limit };
        const context = c.ZSTD_createCCtx_advanced(common.customMemory(&memory)) orelse
            return batch.fail(.out_of_memory, 0, 0);
        defer _ = c.ZSTD_freeCCtx(context);
        batch.configure(c.ZSTD_cParameter, c.ZSTD_CCtx_setParameter, context);
        if (self.template.dictionary) |dictionary| _ = c.ZSTD_CCtx_refCDict(context, dictionary);
        if (self.template.loaded) |dictionary| _ = dictionary.load(context);
        while (batch.queue.take()) |index| {
            const source = batch.sources.item(index);
            const slot = batch.slots.item(index);
            const size = c.ZSTD_compress2(context, slot.ptr, slot.len, source.ptr, source.len);
            if (c.ZSTD_isError(size) != 0) return batch.failSize(size, &memory, index);
            self.sizes[index] = @intCast(size);
        }
    }
};

/// Compresses each item of the source slab to a frame of its own with the parameters and the dictionary of `template`,
/// on `threads` threads. Slots need `ZSTD_compressBound` of their item; afterwards the frames stand one after the other
/// from the start of the target, their sizes in `sizes`. Sets `produced`; on failure `value_low` is the item.
fn compressBatch(
    template: *encoder.Compressor,
    pairs: [*]const i32,
    pair_count: u32,
    input: []const u8,
    offsets: []const u32,
    output: []u8,
    slots: []const u32,
    sizes: []u32,
    threads: u32,
    step: *Step,
) Result {
    const settings = pairs[0 .. 2 * @as(usize, pair_count)];
    const batch = Batch.init(input, offsets, output, slots, settings) orelse return .invalid_argument;
    if (sizes.len != batch.queue.count) return .invalid_argument;
    var job: Job = .{ .batch = batch, .template = template, .sizes = sizes };
    const outcome = job.batch.run(Job, &job, Job.work, threads, step);
    if (outcome != .ok) return outcome;
    step.produced = compact(batch.slots, sizes);
    return .ok;
}

/// Moves the frames together; returns where the last one ends.
fn compact(slots: slab.TargetSlab, sizes: []const u32) u32 {
    var end: usize = 0;
    for (sizes, 0..) |size, i| {
        const start = slots.offsets[i];
        std.debug.assert(end <= start);
        std.mem.copyForwards(u8, slots.bytes[end..][0..size], slots.bytes[start..][0..size]);
        end += size;
    }
    return @intCast(end);
}

/// Compresses each item with the one before it as prefix, the first with none. Slots, sizes and failures as for batches.
fn compressChain(
    template: *encoder.Compressor,
    input: []const u8,
    offsets: []const u32,
    output: []u8,
    slots: []const u32,
    sizes: []u32,
    step: *Step,
) Result {
    const sources = slab.SourceSlab.init(input, offsets) orelse return .invalid_argument;
    const frames = slab.TargetSlab.init(output, slots) orelse return .invalid_argument;
    const count = sources.count();
    if (frames.count() != count or sizes.len != count) return .invalid_argument;
    for (0..count) |i| {
        const item = sources.item(i);
        const slot = frames.item(i);
        var size: usize = 0;
        if (i > 0) {
            const before = sources.item(i - 1);
            size = c.ZSTD_CCtx_refPrefix_advanced(template.context, before.ptr, before.len, c.ZSTD_dct_rawContent);
        }
        if (c.ZSTD_isError(size) == 0) size = c.ZSTD_compress2(template.context, slot.ptr, slot.len, item.ptr, item.len);
        if (c.ZSTD_isError(size) != 0) {
            const failed = template.fail(size, step);
            step.value_low = @intCast(i);
            return failed;
        }
        sizes[i] = @intCast(size);
    }
    step.produced = compact(frames, sizes);
    return .ok;
}

pub const exports = .{
    .{ "sluice_zstd_compressor_batch", compressBatch, .off_loop },
    .{ "sluice_zstd_compressor_chain", compressChain, .off_loop },
};
