//! lz4 decompression for hosts: the blocks of a frame with their history, checksums and staging, and XXH32. Headers,
//! the end of a frame and what stands between frames are the host's.

const std = @import("std");
const common = @import("common.zig");
const c = common.c;
const block_format = @import("block.zig");
const memory_module = @import("../core/memory.zig");
const Memory = memory_module.Memory;
const result = @import("../core/result.zig");
const Result = result.Result;
const Step = result.Step;

/// Blocks of legacy frames decode to at most this.
const legacy_block_max = 8 << 20;
/// A legacy word above this is no block size (LZ4 frame format, legacy frame): the frame has ended.
const legacy_word_max = legacy_block_max + legacy_block_max / 255 + 16;
/// LZ4 content is at most this many times its compressed size.
const expansion_max = 255;

/// Input of this size, or blocks of this size, fill large pages.
const large_run_min = 128 << 10;
const large_block_min = 1 << 20;

/// What a frame's blocks look like, as bits of one number.
pub const FrameFlags = packed struct(u32) {
    linked: bool = false,
    block_checksum: bool = false,
    verify_block: bool = false,
    hash_content: bool = false,
    legacy: bool = false,
    strict: bool = false,
    /// Give stored blocks out before they are complete; not with block checksums, which are verified first.
    stream_stored: bool = false,
    rest: u25 = 0,
};

/// Follows which history the blocks behind a checkpoint need.
const Watch = struct {
    window: [common.window_size]u8,
    window_len: u32,
    map: [block_format.map_words]u32,
    /// Content bytes seen since the checkpoint.
    seen: u64,
};

const Decoder = struct {
    memory: Memory,
    flags: FrameFlags,
    block_max: u32,
    /// The last bytes of the content so far in a linked frame, the dictionary in an independent one.
    window: ?*[common.window_size]u8,
    window_len: u32,
    /// A decoded block for which the target had no room.
    stage: []u8,
    stage_pos: u32,
    stage_end: u32,
    /// Bytes that a stored block still lacks of which the start was given out.
    stored_left: u32,
    hash: c.XXH32_state_t,
    hashed: u64,
    watch: ?*Watch,

    fn windowSlice(self: *Decoder) []const u8 {
        return if (self.window) |window| window[0..self.window_len] else &.{};
    }

    fn needWindow(self: *Decoder) ?*[common.window_size]u8 {
        if (self.window == null) self.window = @ptrCast(self.memory.allocate(common.window_size) orelse return null);
        return self.window;
    }

    /// Keeps the last bytes of the history followed by `content`.
    fn remember(self: *Decoder, content: []const u8) void {
        const window = self.window.?;
        if (content.len >= window.len) {
            @memcpy(window, content[content.len - window.len ..]);
            self.window_len = window.len;
            return;
        }
        const kept = @min(self.window_len, window.len - content.len);
        std.mem.copyForwards(u8, window[0..kept], window[self.window_len - kept .. self.window_len]);
        @memcpy(window[kept..][0..content.len], content);
        self.window_len = @intCast(kept + content.len);
    }

    fn needStage(self: *Decoder, size: u32) ?[]u8 {
        return if (self.memory.resize(&self.stage, size)) self.stage[0..size] else null;
    }

    fn noMemory(self: *const Decoder) Result {
        return self.memory.failure();
    }
};

/// A context whose allocations stay below `memory_limit` bytes (0: no limit); null when there is no memory.
fn new(memory_limit: f64) callconv(.c) ?*Decoder {
    const self = memory_module.createContext(Decoder) orelse return null;
    self.* = .{
        .memory = .init(memory_limit),
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
/// in front of it (a dictionary, or the window of a checkpoint), of which the last 64 KiB count.
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
    if (block_max > legacy_block_max or self.flags.rest != 0) return Result.invalid_argument.code();
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

/// Goes on inside a stored block that lacks `left` bytes; to be called behind `begin`.
fn resumeStored(self: *Decoder, left: u32) callconv(.c) i32 {
    if (left > self.block_max or self.flags.block_checksum or self.flags.legacy) return Result.invalid_argument.code();
    self.stored_left = left;
    return Result.ok.code();
}

/// Bytes that a stored block still lacks of which the start was given out; 0 between blocks.
fn storedLeft(self: *const Decoder) callconv(.c) u32 {
    return self.stored_left;
}

/// The block at the start of `input`, or why there is none.
const Block = struct {
    data: []const u8,
    stored: bool,
    /// Bytes of the whole block with its word and checksum.
    size: usize,

    const Found = union(enum) { block: Block, missing: usize, result: Result };

    fn find(self: *const Decoder, input: []const u8) Found {
        if (input.len < 4) return .{ .missing = 4 - input.len };
        const word = std.mem.readInt(u32, input[0..4], .little);
        const legacy = self.flags.legacy;
        if (legacy and word > legacy_word_max) return .{ .result = .frame_end };
        if (legacy and word == 0) return .{ .result = .block_corrupt };
        if (word == 0) return .{ .result = .frame_end };
        const stored = !legacy and word & common.stored_bit != 0;
        const data_size: usize = if (legacy) word else word & ~common.stored_bit;
        if (!legacy and data_size > self.block_max) return .{ .result = .block_too_large };
        const checksum_size: usize = if (self.flags.block_checksum) 4 else 0;
        const size = 4 + data_size + checksum_size;
        if (input.len < size) return .{ .missing = size - input.len };
        const data = input[4..][0..data_size];
        if (checksum_size > 0 and self.flags.verify_block) {
            const expected = std.mem.readInt(u32, input[4 + data_size ..][0..4], .little);
            if (c.LZ4_XXH32(data.ptr, data.len, 0) != expected) return .{ .result = .block_checksum };
        }
        return .{ .block = .{ .data = data, .stored = stored, .size = size } };
    }
};

/// Where decoded blocks go and which history they see. In a linked frame each block follows the one before in the same
/// target, so that nothing is copied between them.
const Output = struct {
    decoder: *Decoder,
    target: []u8,
    end: usize = 0,
    /// From where in `target` the window does not know the content yet.
    fresh: usize = 0,
    stream: c.LZ4_streamDecode_t = undefined,

    fn init(decoder: *Decoder, target: []u8) Output {
        var self: Output = .{ .decoder = decoder, .target = target };
        self.restart();
        return self;
    }

    fn restart(self: *Output) void {
        const window = self.decoder.windowSlice();
        _ = c.LZ4_setStreamDecode(&self.stream, window.ptr, @intCast(window.len));
    }

    /// Brings the window up to date.
    fn flush(self: *Output) void {
        if (self.decoder.flags.linked and self.end > self.fresh) self.decoder.remember(self.target[self.fresh..self.end]);
        self.fresh = self.end;
    }

    /// Decodes into the room of the target; null when it does not fit or is corrupt.
    fn decode(self: *Output, block: Block, room: []u8) ?usize {
        const decoder = self.decoder;
        if (block.stored) {
            if (block.data.len > room.len) return null;
            @memcpy(room[0..block.data.len], block.data);
            if (decoder.flags.linked and block.data.len > 0) self.account(room[0..block.data.len]);
            return block.data.len;
        }
        const size = if (decoder.flags.linked)
            c.LZ4_decompress_safe_continue(&self.stream, block.data.ptr, room.ptr, @intCast(block.data.len), @intCast(room.len))
        else blk: {
            const dict = decoder.windowSlice();
            break :blk c.LZ4_decompress_safe_usingDict(
                block.data.ptr,
                room.ptr,
                @intCast(block.data.len),
                @intCast(room.len),
                dict.ptr,
                @intCast(dict.len),
            );
        };
        return if (size < 0) null else @intCast(size);
    }

    /// Tells the stream of stored bytes, as if it had decoded them.
    fn account(self: *Output, bytes: []u8) void {
        const stream = &self.stream.internal_donotuse;
        if (stream.prefixEnd == bytes.ptr) {
            stream.prefixSize += bytes.len;
        } else {
            stream.extDictSize = stream.prefixSize;
            stream.externalDict = if (stream.prefixSize == 0) null else stream.prefixEnd - stream.prefixSize;
            stream.prefixSize = bytes.len;
        }
        stream.prefixEnd = bytes.ptr + bytes.len;
    }

    /// Decodes a block to where it fits: the target, else the stage. Returns a failure or null.
    fn add(self: *Output, block: Block) ?Result {
        const decoder = self.decoder;
        const room = self.target[self.end..];
        // More room than a block may take would hide that it is too large.
        if (room.len > 0) {
            if (self.decode(block, room[0..@min(room.len, decoder.block_max)])) |size| {
                self.finish(block, room[0..size]);
                self.end += size;
                return null;
            }
            if (room.len >= decoder.block_max) return .block_corrupt;
        }
        self.flush();
        self.restart();
        const bound = if (block.stored) block.data.len else block.data.len * expansion_max;
        const stage = decoder.needStage(@intCast(@max(1, @min(bound, decoder.block_max)))) orelse return decoder.noMemory();
        const size = self.decode(block, stage) orelse return .block_corrupt;
        self.finish(block, stage[0..size]);
        if (decoder.flags.linked) decoder.remember(stage[0..size]);
        self.restart();
        decoder.stage_pos = 0;
        decoder.stage_end = @intCast(size);
        self.drain();
        return null;
    }

    /// Hashes while the bytes are in cache, and follows what the block needed.
    fn finish(self: *Output, block: Block, content: []const u8) void {
        const decoder = self.decoder;
        if (decoder.flags.hash_content) _ = c.LZ4_XXH32_update(&decoder.hash, content.ptr, content.len);
        decoder.hashed += content.len;
        if (decoder.watch) |watch| {
            if (watch.seen < block_format.history_max) {
                if (!block.stored) _ = block_format.markNeeded(block.data, watch.seen, &watch.map);
                watch.seen += content.len;
            }
        }
    }

    /// Gives out what is there of a stored block that is not complete; returns how much that is.
    fn addStored(self: *Output, available: []const u8) usize {
        const decoder = self.decoder;
        const size = @min(available.len, decoder.stored_left, self.target.len - self.end);
        const room = self.target[self.end..][0..size];
        const part: Block = .{ .data = available[0..size], .stored = true, .size = size };
        _ = self.decode(part, room).?;
        self.finish(part, room);
        self.end += size;
        decoder.stored_left -= @intCast(size);
        return size;
    }

    /// Gives out of the stage what the target has room for.
    fn drain(self: *Output) void {
        const decoder = self.decoder;
        const size = @min(decoder.stage_end - decoder.stage_pos, self.target.len - self.end);
        if (size == 0) return;
        @memcpy(self.target[self.end..][0..size], decoder.stage[decoder.stage_pos..][0..size]);
        decoder.stage_pos += @intCast(size);
        self.end += size;
        self.fresh = self.end; // the window has staged bytes already
    }
};

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
    // A little input may fill a little of the target: that must not take a large page.
    if (input.len >= large_run_min or self.block_max >= large_block_min) common.adviseLargePages(target_slice);
    var output: Output = .init(self, target_slice);
    var consumed: usize = 0;
    const answer: Result = blk: {
        output.drain();
        while (self.stage_pos == self.stage_end) {
            if (self.stored_left > 0) {
                consumed += output.addStored(input[consumed..]);
                if (self.stored_left == 0) {
                    step.detail += 1;
                    continue;
                }
                step.hint = self.stored_left;
                break :blk if (output.end == target_slice.len) .output_pending else .ok;
            }
            if (goal > 0 and output.end >= goal) break :blk .ok;
            const block = switch (Block.find(self, input[consumed..])) {
                .block => |block| block,
                .missing => |missing| {
                    if (self.flags.stream_stored and output.end < target_slice.len and input.len - consumed >= 4) {
                        const word = std.mem.readInt(u32, input[consumed..][0..4], .little);
                        if (word & common.stored_bit != 0) {
                            self.stored_left = word & ~common.stored_bit;
                            consumed += 4;
                            continue;
                        }
                    }
                    step.hint = std.math.lossyCast(u32, missing);
                    break :blk .ok;
                },
                .result => |found| {
                    if (found == .frame_end and !self.flags.legacy) consumed += 4;
                    break :blk found;
                },
            };
            if (output.end == target_slice.len and target_slice.len > 0) break :blk .output_pending;
            if (self.flags.strict and !block.stored) {
                const history = @min(block_format.history_max, self.window_len + (if (self.flags.linked) output.end - output.fresh else 0));
                if (!block_format.isStrict(block.data, history, self.block_max)) break :blk .block_corrupt;
            }
            if (output.add(block)) |failed| break :blk failed;
            consumed += block.size;
            step.detail += 1;
        }
        break :blk .output_pending;
    };
    output.flush();
    step.consumed = @intCast(consumed);
    step.produced = @intCast(output.end);
    return answer.code();
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
/// 65,535 in front of the checkpoint. Sets `produced`.
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

/// Decodes a raw block with a dictionary in front of it (null: none). With `partial` not 0 it stops when the target is
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

/// Jobs of `blocksDecompress`: where each block's data is, how much room its content has, what became of it.
pub const job_words = 5;

const job_pending = std.math.maxInt(u32) - 1;
const job_corrupt = std.math.maxInt(u32);

const Batch = struct {
    input: []const u8,
    output: []u8,
    jobs: []u32,
    next: std.atomic.Value(u32) = .init(0),
    /// Whether the content is hashed, in order, by whichever thread comes by.
    hash_content: bool,
    hash: c.XXH32_state_t,
    /// Whether a thread hashes; it alone touches `hash` and `hashed_count`.
    hashing: std.atomic.Value(bool) = .init(false),
    hashed_count: u32 = 0,

    /// Takes jobs until none is left. A job is: source position, size with the stored bit, target position, room, and
    /// in the end the size of the content, or 2^32 - 1 when the block is corrupt.
    pub fn work(self: *Batch) void {
        const count: u32 = @intCast(self.jobs.len / job_words);
        while (true) {
            const index = self.next.fetchAdd(1, .monotonic);
            if (index >= count) return;
            const job = self.jobAt(index);
            @atomicStore(u32, &job[4], self.decode(job) orelse job_corrupt, .release);
            if (self.hash_content) self.hashReady();
        }
    }

    fn jobAt(self: *Batch, index: u32) *[job_words]u32 {
        return self.jobs[index * job_words ..][0..job_words];
    }

    /// Hashes the content that is there, unless another thread does: what that one misses is found by the next.
    fn hashReady(self: *Batch) void {
        if (self.hashing.swap(true, .acquire)) return;
        defer self.hashing.store(false, .release);
        while (self.hashed_count * job_words < self.jobs.len) : (self.hashed_count += 1) {
            const job = self.jobAt(self.hashed_count);
            const size = @atomicLoad(u32, &job[4], .acquire);
            if (size == job_pending or size == job_corrupt) return;
            _ = c.LZ4_XXH32_update(&self.hash, self.output[job[2]..].ptr, size);
        }
    }

    fn decode(self: *Batch, job: *const [job_words]u32) ?u32 {
        const size = job[1] & ~common.stored_bit;
        if (job[0] > self.input.len or size > self.input.len - job[0]) return null;
        if (job[2] > self.output.len or job[3] > self.output.len - job[2]) return null;
        const data = self.input[job[0]..][0..size];
        const room = self.output[job[2]..][0..job[3]];
        if (job[1] & common.stored_bit != 0) {
            if (size > room.len) return null;
            @memcpy(room[0..size], data);
            return size;
        }
        if (room.len > common.int_max) return null;
        const length = c.LZ4_decompress_safe(data.ptr, room.ptr, @intCast(size), @intCast(room.len));
        return if (length < 0) null else @intCast(length);
    }
};

/// Decodes independent blocks into one target on up to `threads` threads. Sets `produced` to the target's whole room and,
/// with `hash_content` not 0, `value` to the hash of all content, which means something when no block is corrupt.
fn blocksDecompress(
    source: ?[*]const u8,
    source_pos: u32,
    source_end: u32,
    target: ?[*]u8,
    target_pos: u32,
    target_end: u32,
    jobs: [*]u32,
    count: u32,
    threads: u32,
    hash_content: u32,
    step: *Step,
) callconv(.c) i32 {
    step.* = .{};
    const input = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    const output = result.targetSlice(target, target_pos, target_end) orelse return Result.invalid_argument.code();
    if (count % job_words != 0) return Result.invalid_argument.code();
    common.adviseLargePages(output);
    var batch: Batch = .{
        .input = input,
        .output = output,
        .jobs = jobs[0..count],
        .hash_content = hash_content != 0,
        .hash = common.newHash(),
    };
    for (0..count / job_words) |index| batch.jobs[index * job_words + 4] = job_pending;
    common.runThreads(&batch, @min(threads, count / job_words));
    if (batch.hash_content) {
        batch.hashReady();
        step.setValue(c.LZ4_XXH32_digest(&batch.hash));
    }
    step.produced = @intCast(output.len);
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
    .{ "sluice_lz4_blocks_decompress", blocksDecompress, .off_loop },
    .{ "sluice_lz4_xxh32", xxh32 },
    .{ "sluice_lz4_hash_parts", hashParts, .off_loop },
    .{ "sluice_lz4_hash_update", hashUpdate },
    .{ "sluice_lz4_hash_digest", hashDigest },
};
