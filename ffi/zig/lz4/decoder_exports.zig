//! lz4 decompression for hosts: the blocks of a frame with their history, checksums and staging, and XXH32. Headers,
//! the end of a frame and what stands between frames are the host's.

const common = @import("common.zig");
const block_format = @import("block.zig");
const decoder = @import("decoder.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const c = @import("common.zig").c;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;
const Decoder = @import("decoder.zig").Decoder;
const Watch = @import("decoder.zig").Watch;

/// A context whose allocations stay below `memory_limit` bytes (0: no limit), and which decodes independent blocks on so
/// many threads where there are any; null when there is no memory.
fn new(memory_limit: f64, threads: u32) ?*Decoder {
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
fn free(self: ?*Decoder) void {
    const it = self orelse return;
    it.memory.release(it.window);
    it.memory.drop(&it.stage);
    it.memory.release(it.watch);
    memory_module.destroyContext(it);
}

/// Starts a frame: `flags` says how its blocks look, `block_max` what they decode to at most, the source is the history
/// before it (a dictionary, or the window of a checkpoint), of which the last 64 KiB count.
fn begin(self: *Decoder, flags: u32, block_max: u32, history: []const u8) Result {
    self.flags = @bitCast(flags);
    if (self.flags.stream_stored and (self.flags.block_checksum or self.flags.legacy)) return .invalid_argument;
    if (block_max > decoder.legacy_block_max or self.flags.rest != 0) return .invalid_argument;
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
            return self.noMemory();
        }
        self.remember(history);
    }
    return .ok;
}

/// Goes on inside a stored block that lacks `left` bytes; to be called after `begin`.
fn resumeStored(self: *Decoder, left: u32) Result {
    if (left > self.block_max or self.flags.block_checksum or self.flags.legacy) return .invalid_argument;
    self.stored_left = left;
    return .ok;
}

/// Bytes that a stored block still lacks of which the start was returned; 0 between blocks.
fn storedLeft(self: *const Decoder) u32 {
    return self.stored_left;
}

/// Decodes the blocks at the source's start, as many as are whole and fit, until `goal` bytes are out at a block's end
/// (0: no goal); with `stream_stored` also the start of a stored block. Sets `consumed`, `produced`, `detail` (how many blocks) and `hint` (missing input bytes of
/// the next block). `output_pending`: the target is full; `frame_end`: the end mark was taken, or a legacy frame ended.
/// On failure `consumed` is where the bad block starts.
fn run(self: *Decoder, input: []const u8, target_slice: []u8, goal: u32, step: *Step) Result {
    if (self.block_max == 0) return .stage_wrong;
    return self.run(input, target_slice, goal, step);
}

/// Bytes that wait in the stage for a target.
fn pending(self: *const Decoder) u32 {
    return self.stage_end - self.stage_pos;
}

/// The hash of the content so far.
fn digest(self: *const Decoder) u32 {
    return c.LZ4_XXH32_digest(&self.hash);
}

/// Writes the hash's state as ten u32.
fn hashSave(self: *const Decoder, words: []u32) Result {
    if (words.len < common.hash_words) return .invalid_argument;
    common.saveHash(&self.hash, self.hashed, words[0..common.hash_words]);
    return .ok;
}

/// Takes over a hash's state; any ten numbers will do.
fn hashLoad(self: *Decoder, words: []const u32) Result {
    if (words.len < common.hash_words) return .invalid_argument;
    self.hash = common.loadHash(words[0..common.hash_words]);
    self.hashed = @as(u64, words[1]) << 32 | words[0];
    return .ok;
}

/// Copies the history that the next block may refer to. Sets `produced`.
fn windowRead(self: *Decoder, output: []u8, step: *Step) Result {
    const window = self.windowSlice();
    const size = @min(output.len, window.len);
    @memcpy(output[0..size], window[window.len - size ..]);
    step.produced = @intCast(size);
    return .ok;
}

/// Starts to follow which bytes of the history the coming blocks need.
fn watchStart(self: *Decoder) Result {
    if (self.watch == null) {
        const watch = self.memory.allocate(@sizeOf(Watch)) orelse return self.noMemory();
        self.watch = @ptrCast(@alignCast(watch));
    }
    const watch = self.watch.?;
    const window = self.windowSlice();
    @memcpy(watch.window[0..window.len], window);
    watch.window_len = @intCast(window.len);
    watch.map = @splat(0);
    watch.seen = 0;
    return .ok;
}

/// Copies the history as it was at `watchStart` and the map of its needed bytes, 2,048 u32 of which bit 0 is the byte
/// 65,535 before the checkpoint. Sets `produced`.
fn watchRead(self: *const Decoder, output: []u8, map: []u32, step: *Step) Result {
    const watch = self.watch orelse return .stage_wrong;
    if (map.len < block_format.map_words) return .invalid_argument;
    const size = @min(output.len, watch.window_len);
    @memcpy(output[0..size], watch.window[watch.window_len - size .. watch.window_len]);
    @memcpy(map[0..block_format.map_words], &watch.map);
    step.produced = @intCast(size);
    return .ok;
}

/// Bytes that the context holds, in `value`.
fn memoryUsed(self: *const Decoder, step: *Step) void {
    step.setValue(self.memory.bytesUsed() + @sizeOf(Decoder));
}

/// Decodes a raw block with a dictionary before it (null: none). With `partial` not 0 it stops when the target is
/// full, else content that does not fit is corrupt. Sets `produced`.
fn blockDecompress(input: []const u8, output: []u8, all: []const u8, partial: u32, step: *Step) Result {
    if (input.len > common.int_max or output.len > common.int_max) return .invalid_argument;
    const history = all[all.len - @min(all.len, common.window_size) ..];
    const size = if (partial != 0)
        c.LZ4_decompress_safe_partial_usingDict(input.ptr, output.ptr, @intCast(input.len), @intCast(output.len), @intCast(output.len), history.ptr, @intCast(history.len))
    else
        c.LZ4_decompress_safe_usingDict(input.ptr, output.ptr, @intCast(input.len), @intCast(output.len), history.ptr, @intCast(history.len));
    if (size < 0) return .block_corrupt;
    step.produced = @intCast(size);
    return .ok;
}

/// The content size of a raw block, in `value`, by a walk over its tokens.
fn blockSize(input: []const u8, step: *Step) Result {
    step.setValue(block_format.contentSize(input) catch return .block_corrupt);
    return .ok;
}

/// Whether a raw block keeps every rule of the format: `ok` or `block_corrupt`.
fn blockValidate(input: []const u8, history_len: u32, capacity: u32) Result {
    return if (block_format.isStrict(input, history_len, capacity)) .ok else .block_corrupt;
}

/// XXH32 of bytes with a seed.
fn xxh32(input: []const u8, seed: u32) u32 {
    return c.LZ4_XXH32(input.ptr, input.len, seed);
}

/// Takes bytes into a hash whose state is ten u32; a fresh state has only zeros.
fn hashUpdate(input: []const u8, words: []u32) Result {
    if (words.len < common.hash_words) return .invalid_argument;
    const state = words[0..common.hash_words];
    const total = @as(u64, state[1]) << 32 | state[0];
    var hash = if (total == 0) common.newHash() else common.loadHash(state);
    _ = c.LZ4_XXH32_update(&hash, input.ptr, input.len);
    common.saveHash(&hash, total +% input.len, state);
    return .ok;
}

/// The hash that such a state stands for.
fn hashDigest(words: []const u32) u32 {
    if (words.len < common.hash_words) return 0;
    const state = words[0..common.hash_words];
    var hash = if (state[0] == 0 and state[1] == 0) common.newHash() else common.loadHash(state);
    return c.LZ4_XXH32_digest(&hash);
}

/// XXH32 of parts that follow each other: each number is the size of a part and becomes its hash.
fn hashParts(input: []const u8, parts: []u32) Result {
    var pos: usize = 0;
    for (parts) |*part| {
        if (part.* > input.len - pos) return .invalid_argument;
        const size = part.*;
        part.* = c.LZ4_XXH32(input.ptr + pos, size, 0);
        pos += size;
    }
    return .ok;
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
