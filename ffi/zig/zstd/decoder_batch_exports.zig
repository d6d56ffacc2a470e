//! Decompression of many values in one call: independent frames over threads, and chains where each frame refers to the
//! content of the one before.

const common = @import("common.zig");
const decoder = @import("decoder_exports.zig");
const slab = @import("../core/slab.zig");
const c = @import("common.zig").c;
const Batch = @import("batch.zig").Batch;
const Memory = @import("../core/memory.zig").Memory;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// One batch. Each slot has exactly the size of its content.
const Job = struct {
    batch: Batch,
    template: *const decoder.Decompressor,

    fn work(self: *Job) void {
        const batch = &self.batch;
        var memory: Memory = .{ .limit = self.template.memory.limit };
        const context = c.ZSTD_createDCtx_advanced(common.customMemory(&memory)) orelse
            return batch.fail(.out_of_memory, 0, 0);
        defer _ = c.ZSTD_freeDCtx(context);
        batch.configure(c.ZSTD_dParameter, c.ZSTD_DCtx_setParameter, context);
        if (self.template.dictionary) |dictionary| _ = c.ZSTD_DCtx_refDDict(context, dictionary);
        while (batch.queue.take()) |index| {
            const source = batch.sources.item(index);
            const slot = batch.slots.item(index);
            const size = c.ZSTD_decompressDCtx(context, slot.ptr, slot.len, source.ptr, source.len);
            if (c.ZSTD_isError(size) != 0) return batch.failSize(size, &memory, index);
            if (size != slot.len) return batch.fail(.corrupt, 0, index);
        }
    }
};

/// Decodes each item of the source slab into its slot, which has exactly the size of the content, with the dictionary
/// of `template`, on `threads` threads. Sets `produced`; on failure `value_low` is an item that failed.
fn decompressBatch(
    template: *decoder.Decompressor,
    pairs: [*]const i32,
    pair_count: u32,
    input: []const u8,
    offsets: []const u32,
    output: []u8,
    slots: []const u32,
    threads: u32,
    step: *Step,
) Result {
    const settings = pairs[0 .. 2 * @as(usize, pair_count)];
    const batch = Batch.init(input, offsets, output, slots, settings) orelse return .invalid_argument;
    var job: Job = .{ .batch = batch, .template = template };
    const outcome = job.batch.run(Job, &job, Job.work, threads, step);
    if (outcome != .ok) return outcome;
    step.produced = @intCast(output.len);
    return .ok;
}

/// Decodes each item into its slot with the slot before it as prefix, the first with none. Slots and failures as for
/// batches.
fn decompressChain(
    template: *decoder.Decompressor,
    input: []const u8,
    offsets: []const u32,
    output: []u8,
    slots: []const u32,
    step: *Step,
) Result {
    const sources = slab.SourceSlab.init(input, offsets) orelse return .invalid_argument;
    const contents = slab.TargetSlab.init(output, slots) orelse return .invalid_argument;
    const count = sources.count();
    if (contents.count() != count) return .invalid_argument;
    for (0..count) |i| {
        const item = sources.item(i);
        const slot = contents.item(i);
        var size: usize = 0;
        if (i > 0) {
            const before = contents.item(i - 1);
            size = c.ZSTD_DCtx_refPrefix_advanced(template.context, before.ptr, before.len, c.ZSTD_dct_rawContent);
        }
        if (c.ZSTD_isError(size) == 0) {
            size = c.ZSTD_decompressDCtx(template.context, slot.ptr, slot.len, item.ptr, item.len);
        }
        const failed = if (c.ZSTD_isError(size) != 0)
            template.fail(size, step)
        else if (size != slot.len)
            Result.corrupt
        else
            continue;
        step.value_low = @intCast(i);
        return failed;
    }
    step.produced = @intCast(output.len);
    return .ok;
}

pub const exports = .{
    .{ "sluice_zstd_decompressor_batch", decompressBatch, .off_loop },
    .{ "sluice_zstd_decompressor_chain", decompressChain, .off_loop },
};
