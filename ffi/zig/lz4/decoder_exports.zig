//! lz4 decompression for hosts: the blocks of a frame with their history, checksums and staging, and XXH32. Headers,
//! the end of a frame and what stands between frames are the host's.

const common = @import("common.zig");
const block_format = @import("block.zig");
const decoder = @import("decoder.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const c = @import("common.zig").c;
const Memory = @import("../core/memory.zig").Memory;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;
const Decoder = @import("decoder.zig").Decoder;
const Watch = @import("decoder.zig").Watch;

/// A context whose allocations stay below `memory_limit` bytes (0: no limit), and which decodes independent blocks on so
/// many threads where there are any; null when there is no memory.
fn new(memory_limit: f64, threads: u32) callconv(.c) ?*Decoder {
    const self = memory_module.createContext(Decoder) orelse return null;
    self.* = .{
        .memory = .init(memory_limit),
        .threads = if (common.has_threads) threads else 1,
        .flags = .{},
        .block_max = 0,
        .window = null,
        .window_len = 0,
        .stage = &.{},
        .stage_pos = 0,
        .stage_end = 0,
        .stored_left = 0,
        .hash = common.newHash(),
        .hashed = 0,
        .watch = null,
    };
    return self;
}

/// Frees a context; null is fine.
fn free(self: ?*Decoder) callconv(.c) void {
    const it = self orelse return;
    it.memory.release(it.window);
    it.memory.drop(&it.stage);
    it.memory.release(it.watch);
    memory_module.destroyContext(it);
}

/// Starts a frame: `flags` says how its blocks look, `block_max` what they decode to at most, the source is the history
/// before it (a dictionary, or the window of a checkpoint), of which the last 64 KiB count.
fn begin(
    self: *Decoder,
    flags: u32,
    block_max: u32,
    source: ?[*]const u8,
    source_pos: u32,
    source_end: u32,
) callconv(.c) i32 {
    const history = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    self.flags = @bitCast(flags);
    if (self.flags.stream_stored and (self.flags.block_checksum or self.flags.legacy)) return Result.invalid_argument.code();
    if (block_max > decoder.legacy_block_max or self.flags.rest != 0) return Result.invalid_argument.code();
    self.block_max = block_max;
    self.window_len = 0;
    self.stage_pos = 0;
    self.stage_end = 0;
    self.stored_left = 0;
    self.hash = common.newHash();
    self.hashed = 0;
    if (self.watch) |watch| watch.seen = block_format.history_max;
    if (self.flags.linked or history.len > 0) {
        if (self.needWindow() == null) {
            self.block_max = 0; // no run without a window
            return self.noMemory().code();
        }
        self.remember(history);
    }
    return Result.ok.code();
}

/// Goes on inside a stored block that lacks `left` bytes; to be called after `begin`.
fn resumeStored(self: *Decoder, left: u32) callconv(.c) i32 {
    if (left > self.block_max or self.flags.block_checksum or self.flags.legacy) return Result.invalid_argument.code();
    self.stored_left = left;
    return Result.ok.code();
}

/// Bytes that a stored block still lacks of which the start was returned; 0 between blocks.
fn storedLeft(self: *const Decoder) callconv(.c) u32 {
    return self.stored_left;
}

/// Decodes the blocks at the source's start, as many as are whole and fit, until `goal` bytes are out at a block's end
/// (0: no goal); with `stream_stored` also the start of a stored block. Sets `consumed`, `produced`, `detail` (how many blocks) and `hint` (missing input bytes of
/// the next block). `output_pending`: the target is full; `frame_end`: the end mark was taken, or a legacy frame ended.
/// On failure `consumed` is where the bad block starts.
fn run(
    self: *Decoder,
    source: ?[*]const u8,
    source_pos: u32,
    source_end: u32,
    target: ?[*]u8,
    target_pos: u32,
    target_end: u32,
    goal: u32,
    step: *Step,
) callconv(.c) i32 {
    step.* = .{};
    const input = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    const target_slice = result.targetSlice(target, target_pos, target_end) orelse return Result.invalid_argument.code();
    if (self.block_max == 0) return Result.stage_wrong.code();
    return self.run(input, target_slice, goal, step).code();
}

/// Bytes that wait in the stage for a target.
fn pending(self: *const Decoder) callconv(.c) u32 {
    return self.stage_end - self.stage_pos;
}

/// The hash of the content so far.
fn digest(self: *const Decoder) callconv(.c) u32 {
    return c.LZ4_XXH32_digest(&self.hash);
}

/// Writes the hash's state as ten u32.
fn hashSave(self: *const Decoder, words: [*]u32, count: u32) callconv(.c) i32 {
    if (count < common.hash_words) return Result.invalid_argument.code();
    common.saveHash(&self.hash, self.hashed, words[0..common.hash_words]);
    return Result.ok.code();
}

/// Takes over a hash's state; any ten numbers will do.
fn hashLoad(self: *Decoder, words: [*]const u32, count: u32) callconv(.c) i32 {
    if (count < common.hash_words) return Result.invalid_argument.code();
    self.hash = common.loadHash(words[0..common.hash_words]);
    self.hashed = @as(u64, words[1]) << 32 | words[0];
    return Result.ok.code();
}

/// Copies the history that the next block may refer to. Sets `produced`.
fn windowRead(self: *Decoder, target: ?[*]u8, target_pos: u32, target_end: u32, step: *Step) callconv(.c) i32 {
    step.* = .{};
    const output = result.targetSlice(target, target_pos, target_end) orelse return Result.invalid_argument.code();
    const window = self.windowSlice();
    const size = @min(output.len, window.len);
    @memcpy(output[0..size], window[window.len - size ..]);
    step.produced = @intCast(size);
    return Result.ok.code();
}

/// Starts to follow which bytes of the history the coming blocks need.
fn watchStart(self: *Decoder) callconv(.c) i32 {
    if (self.watch == null) {
        const watch = self.memory.allocate(@sizeOf(Watch)) orelse return self.noMemory().code();
        self.watch = @ptrCast(@alignCast(watch));
    }
    const watch = self.watch.?;
    const window = self.windowSlice();
    @memcpy(watch.window[0..window.len], window);
    watch.window_len = @intCast(window.len);
    watch.map = @splat(0);
    watch.seen = 0;
    return Result.ok.code();
}

/// Copies the history as it was at `watchStart` and the map of its needed bytes, 2,048 u32 of which bit 0 is the byte
/// 65,535 before the checkpoint. Sets `produced`.
fn watchRead(self: *const Decoder, target: ?[*]u8, target_pos: u32, target_end: u32, map: [*]u32, count: u32, step: *Step) callconv(.c) i32 {
    step.* = .{};
    const output = result.targetSlice(target, target_pos, target_end) orelse return Result.invalid_argument.code();
    const watch = self.watch orelse return Result.stage_wrong.code();
    if (count < block_format.map_words) return Result.invalid_argument.code();
    const size = @min(output.len, watch.window_len);
    @memcpy(output[0..size], watch.window[watch.window_len - size .. watch.window_len]);
    @memcpy(map[0..block_format.map_words], &watch.map);
    step.produced = @intCast(size);
    return Result.ok.code();
}

/// Bytes that the context holds, in `value`.
fn memoryUsed(self: *const Decoder, step: *Step) callconv(.c) void {
    step.setValue(self.memory.bytesUsed() + @sizeOf(Decoder));
}

/// Decodes a raw block with a dictionary before it (null: none). With `partial` not 0 it stops when the target is
/// full, else content that does not fit is corrupt. Sets `produced`.
fn blockDecompress(
    source: ?[*]const u8,
    source_pos: u32,
    source_end: u32,
    target: ?[*]u8,
    target_pos: u32,
    target_end: u32,
    dict: ?[*]const u8,
    dict_pos: u32,
    dict_end: u32,
    partial: u32,
    step: *Step,
) callconv(.c) i32 {
    step.* = .{};
    const input = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    const output = result.targetSlice(target, target_pos, target_end) orelse return Result.invalid_argument.code();
    const all = result.sourceSlice(dict, dict_pos, dict_end) orelse return Result.invalid_argument.code();
    if (input.len > common.int_max or output.len > common.int_max) return Result.invalid_argument.code();
    const history = all[all.len - @min(all.len, common.window_size) ..];
    const size = if (partial != 0)
        c.LZ4_decompress_safe_partial_usingDict(input.ptr, output.ptr, @intCast(input.len), @intCast(output.len), @intCast(output.len), history.ptr, @intCast(history.len))
    else
        c.LZ4_decompress_safe_usingDict(input.ptr, output.ptr, @intCast(input.len), @intCast(output.len), history.ptr, @intCast(history.len));
    if (size < 0) return Result.block_corrupt.code();
    step.produced = @intCast(size);
    return Result.ok.code();
}

/// The content size of a raw block, in `value`, by a walk over its tokens.
fn blockSize(source: ?[*]const u8, source_pos: u32, source_end: u32, step: *Step) callconv(.c) i32 {
    step.* = .{};
    const input = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    step.setValue(block_format.contentSize(input) catch return Result.block_corrupt.code());
    return Result.ok.code();
}

/// Whether a raw block keeps every rule of the format: `ok` or `block_corrupt`.
fn blockValidate(source: ?[*]const u8, source_pos: u32, source_end: u32, history_len: u32, capacity: u32) callconv(.c) i32 {
    const input = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    return (if (block_format.isStrict(input, history_len, capacity)) Result.ok else Result.block_corrupt).code();
}

/// XXH32 of bytes with a seed.
fn xxh32(source: ?[*]const u8, source_pos: u32, source_end: u32, seed: u32) callconv(.c) u32 {
    const input = result.sourceSlice(source, source_pos, source_end) orelse return 0;
    return c.LZ4_XXH32(input.ptr, input.len, seed);
}

/// Takes bytes into a hash whose state is ten u32; a fresh state has only zeros.
fn hashUpdate(source: ?[*]const u8, source_pos: u32, source_end: u32, words: [*]u32, count: u32) callconv(.c) i32 {
    const input = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    if (count < common.hash_words) return Result.invalid_argument.code();
    const state = words[0..common.hash_words];
    const total = @as(u64, state[1]) << 32 | state[0];
    var hash = if (total == 0) common.newHash() else common.loadHash(state);
    _ = c.LZ4_XXH32_update(&hash, input.ptr, input.len);
    common.saveHash(&hash, total +% input.len, state);
    return Result.ok.code();
}

/// The hash that such a state stands for.
fn hashDigest(words: [*]const u32, count: u32) callconv(.c) u32 {
    if (count < common.hash_words) return 0;
    const state = words[0..common.hash_words];
    var hash = if (state[0] == 0 and state[1] == 0) common.newHash() else common.loadHash(state);
    return c.LZ4_XXH32_digest(&hash);
}

/// XXH32 of parts that follow each other: each number is the size of a part and becomes its hash.
fn hashParts(source: ?[*]const u8, source_pos: u32, source_end: u32, parts: [*]u32, count: u32) callconv(.c) i32 {
    const input = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    var pos: usize = 0;
    for (parts[0..count]) |*part| {
        if (part.* > input.len - pos) return Result.invalid_argument.code();
        const size = part.*;
        part.* = c.LZ4_XXH32(input.ptr + pos, size, 0);
        pos += size;
    }
    return Result.ok.code();
}

pub const exports = .{
    .{ "sluice_lz4_decoder_new", new },
    .{ "sluice_lz4_decoder_free", free },
    .{ "sluice_lz4_decoder_begin", begin },
    .{ "sluice_lz4_decoder_run", run, .off_loop },
    .{ "sluice_lz4_decoder_stored_left", storedLeft },
    .{ "sluice_lz4_decoder_stored_resume", resumeStored },
    .{ "sluice_lz4_decoder_pending", pending },
    .{ "sluice_lz4_decoder_digest", digest },
    .{ "sluice_lz4_decoder_hash_save", hashSave },
    .{ "sluice_lz4_decoder_hash_load", hashLoad },
    .{ "sluice_lz4_decoder_window", windowRead },
    .{ "sluice_lz4_decoder_watch_start", watchStart },
    .{ "sluice_lz4_decoder_watch_read", watchRead },
    .{ "sluice_lz4_decoder_memory", memoryUsed },
    .{ "sluice_lz4_block_decompress", blockDecompress },
    .{ "sluice_lz4_block_size", blockSize },
    .{ "sluice_lz4_block_validate", blockValidate },
    .{ "sluice_lz4_xxh32", xxh32 },
    .{ "sluice_lz4_hash_parts", hashParts, .off_loop },
    .{ "sluice_lz4_hash_update", hashUpdate },
    .{ "sluice_lz4_hash_digest", hashDigest },
};
