//! lz4 compression for hosts: whole frames, fed in pieces of any size, and raw blocks.

const std = @import("std");
const common = @import("common.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const c = @import("common.zig").c;
const Batch = @import("compressor.zig").Batch;
const Compressor = @import("compressor.zig").Compressor;
const Params = @import("compressor.zig").Params;
const Memory = @import("../core/memory.zig").Memory;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

const level_min = -65536;
const level_max = 12;
const block_size_max = 8 << 20;
const frame_magic = 0x184d2204;
const legacy_magic = 0x184c2102;
/// Jobs of one call.
const jobs_max = 64;
/// Magic, FLG, BD, content size, dictionary id, header checksum.
const header_size_max = 19;

/// What a frame is like, as bits of one number.
pub const FrameFlags = packed struct(u32) {
    linked: bool = false,
    block_checksum: bool = false,
    content_checksum: bool = false,
    favor_decompression: bool = false,
    legacy: bool = false,
    dict_id: bool = false,
    rest: u26 = 0,
};

const Encoder = struct {
    memory: Memory,
    params: Params,
    compressor: ?Compressor,
    /// Has read the dictionary, for independent blocks.
    prepared: ?Compressor,
    dict: []u8,
    content_checksum: bool,
    hash: c.XXH32_state_t,
    /// Linked: 64 KiB of history, then a job. Independent: a block that is not full yet.
    arena: []u8,
    history_len: u32,
    /// Content bytes of the job at hand that are in blocks, and after them those that are not.
    job_pos: u32,
    fill: u32,
    stage: []u8,
    stage_pos: usize,
    stage_end: usize,
    /// A frame has begun and not ended.
    open: bool,

    fn noMemory(self: *const Encoder) Result {
        return self.memory.failure();
    }

    /// Where the job's content starts in the arena; history ends there.
    fn contentStart(self: *const Encoder) usize {
        return if (self.params.linked) common.window_size else 0;
    }

    fn blockRoom(self: *const Encoder) u32 {
        return @min(self.params.block_size, self.params.jobSize() - self.job_pos);
    }

    /// Room for `size` bytes after `start`; false when there is no memory. What it held is lost.
    fn needArena(self: *Encoder, size: usize) bool {
        return self.memory.resize(&self.arena, self.contentStart() + size);
    }

    fn needStage(self: *Encoder, size: usize) ?[]u8 {
        return if (self.memory.resize(&self.stage, size)) self.stage[0..size] else null;
    }

    fn dropCompressors(self: *Encoder) void {
        if (self.compressor) |*compressor| compressor.deinit(&self.memory);
        if (self.prepared) |*prepared| prepared.deinit(&self.memory);
        self.compressor = null;
        self.prepared = null;
    }

    fn preparedPointer(self: *Encoder) ?*const Compressor {
        return if (self.prepared) |*prepared| prepared else null;
    }

    fn historySlice(self: *Encoder) []u8 {
        return self.arena[common.window_size - self.history_len .. common.window_size];
    }

    /// Starts the next job with what the last one left behind.
    fn startJob(self: *Encoder) void {
        self.job_pos = 0;
        self.compressor.?.load(if (self.params.linked) self.historySlice() else &.{});
    }

    /// Makes the last bytes of `content` the history.
    fn remember(self: *Encoder, content: []const u8) void {
        const arena = self.arena;
        const size = @min(content.len, common.window_size);
        const kept = @min(self.history_len, common.window_size - size);
        std.mem.copyForwards(
            u8,
            arena[common.window_size - size - kept .. common.window_size - size],
            arena[common.window_size - kept .. common.window_size],
        );
        @memcpy(arena[common.window_size - size .. common.window_size], content[content.len - size ..]);
        self.history_len = @intCast(size + kept);
    }

    /// Books a block of `size` content bytes and rolls to the next job at its end.
    fn finishBlock(self: *Encoder, size: u32) void {
        self.job_pos += size;
        if (self.job_pos < self.params.jobSize()) return;
        if (self.params.linked) self.remember(self.arena[common.window_size..][0..self.job_pos]);
        self.startJob();
    }

    fn hashContent(self: *Encoder, content: []const u8) void {
        if (self.content_checksum) _ = c.LZ4_XXH32_update(&self.hash, content.ptr, content.len);
    }
};

/// A context whose allocations stay below `memory_limit` bytes (0: no limit); null when there is no memory.
fn new(memory_limit: f64) ?*Encoder {
    const self = memory_module.createContext(Encoder) orelse return null;
    self.* = .{
        .memory = .init(memory_limit),
        .params = .{ .level = 1, .block_size = 0, .linked = false, .block_checksum = false, .favor_decompression = false, .legacy = false },
        .compressor = null,
        .prepared = null,
        .dict = &.{},
        .content_checksum = false,
        .hash = common.newHash(),
        .arena = &.{},
        .history_len = 0,
        .job_pos = 0,
        .fill = 0,
        .stage = &.{},
        .stage_pos = 0,
        .stage_end = 0,
        .open = false,
    };
    return self;
}

/// Frees a context; null is fine.
fn free(self: ?*Encoder) void {
    const it = self orelse return;
    it.dropCompressors();
    it.memory.drop(&it.dict);
    it.memory.drop(&it.arena);
    it.memory.drop(&it.stage);
    memory_module.destroyContext(it);
}

/// Sets the level, the content bytes of a full block and the flags of the frames to come; the source is a dictionary,
/// copied, of which the last 64 KiB count.
fn configure(self: *Encoder, level: i32, block_size: u32, flags: u32, given: []const u8) Result {
    const wanted: FrameFlags = @bitCast(flags);
    if (wanted.rest != 0 or block_size == 0 or block_size > block_size_max) return .invalid_argument;
    if (level < level_min or level > level_max) return .parameter_out_of_range;
    self.dropCompressors();
    self.open = false;
    self.params = .{
        .level = level,
        .block_size = block_size,
        .linked = wanted.linked,
        .block_checksum = wanted.block_checksum,
        .favor_decompression = wanted.favor_decompression,
        .legacy = wanted.legacy,
    };
    self.content_checksum = wanted.content_checksum;
    self.memory.drop(&self.dict);
    const dict = given[given.len - @min(given.len, common.window_size) ..];
    if (!self.memory.resize(&self.dict, dict.len)) return self.noMemory();
    @memcpy(self.dict, dict);
    self.compressor = Compressor.init(&self.memory, self.params, null) orelse return self.noMemory();
    if (dict.len > 0 and !wanted.linked) {
        self.prepared = Compressor.init(&self.memory, self.params, null) orelse return self.noMemory();
        self.prepared.?.load(self.dict);
        self.compressor.?.prepared = self.preparedPointer();
    }
    return .ok;
}

/// Starts a frame: its header waits to be read. `block_id` is the format's number of the block maximum, `content_size`
/// is below 0 when it is not known, `dict_id` counts when `has_dict_id` is not 0.
fn begin(self: *Encoder, block_id: u32, content_size: f64, has_dict_id: u32, dict_id: u32) Result {
    if (self.compressor == null) return .init_missing;
    if (block_id < 4 or block_id > 7 or self.stage_pos != self.stage_end) return .stage_wrong;
    const known = content_size >= 0 and content_size < 1 << 53;
    const size: u64 = if (known) @intFromFloat(content_size) else std.math.maxInt(u64);
    const whole: u64 = if (self.params.linked) self.params.jobSize() else self.params.block_size;
    if (!self.needArena(@intCast(@min(size, whole)))) return self.noMemory();
    const stage = self.needStage(header_size_max) orelse return self.noMemory();
    self.hash = common.newHash();
    self.history_len = 0;
    self.fill = 0;
    if (self.params.linked) self.remember(self.dict);
    self.startJob();
    self.stage_pos = 0;
    self.stage_end = writeHeader(self, stage, block_id, if (known) size else null, if (has_dict_id != 0) dict_id else null);
    self.open = true;
    return .ok;
}

fn writeHeader(self: *const Encoder, target: []u8, block_id: u32, content_size: ?u64, dict_id: ?u32) usize {
    if (self.params.legacy) {
        std.mem.writeInt(u32, target[0..4], legacy_magic, .little);
        return 4;
    }
    const flg: u32 = 0x40 | @as(u32, @intFromBool(!self.params.linked)) << 5 |
        @as(u32, @intFromBool(self.params.block_checksum)) << 4 | @as(u32, @intFromBool(content_size != null)) << 3 |
        @as(u32, @intFromBool(self.content_checksum)) << 2 | @intFromBool(dict_id != null);
    std.mem.writeInt(u32, target[0..4], frame_magic, .little);
    target[4] = @intCast(flg);
    target[5] = @intCast(block_id << 4);
    var end: usize = 6;
    if (content_size) |size| {
        std.mem.writeInt(u64, target[end..][0..8], size, .little);
        end += 8;
    }
    if (dict_id) |id| {
        std.mem.writeInt(u32, target[end..][0..4], id, .little);
        end += 4;
    }
    target[end] = @truncate(c.LZ4_XXH32(target[4..].ptr, end - 4, 0) >> 8);
    return end + 1;
}

/// Where a step writes: the target while it has room, else the stage.
const Output = struct {
    encoder: *Encoder,
    target: []u8,
    end: usize = 0,

    fn drain(self: *Output) void {
        const encoder = self.encoder;
        const size = @min(encoder.stage_end - encoder.stage_pos, self.target.len - self.end);
        if (size == 0) return;
        @memcpy(self.target[self.end..][0..size], encoder.stage[encoder.stage_pos..][0..size]);
        encoder.stage_pos += size;
        self.end += size;
    }

    /// Compresses one block; false when there is no memory.
    fn block(self: *Output, content: []const u8) bool {
        const encoder = self.encoder;
        encoder.hashContent(content);
        const bound = encoder.params.bound(content.len);
        if (self.target.len - self.end >= bound) {
            self.end += encoder.compressor.?.writeBlock(content, self.target[self.end..]);
        } else {
            const stage = encoder.needStage(bound) orelse return false;
            encoder.stage_pos = 0;
            encoder.stage_end = encoder.compressor.?.writeBlock(content, stage);
            self.drain();
        }
        encoder.finishBlock(@intCast(content.len));
        return true;
    }

    fn pending(self: *const Output) bool {
        return self.encoder.stage_pos < self.encoder.stage_end;
    }
};

/// Compresses until the source is used up and, for `operation` 1 (flush) and 2 (end), all output is out, or until the
/// target is full. Sets `consumed` and `produced`. After the end a new frame needs `begin`.
fn stepFrame(self: *Encoder, input: []const u8, target_slice: []u8, operation: u32, step: *Step) Result {
    if (operation > 2) return .invalid_argument;
    if (!self.open and (input.len > 0 or operation != 2)) return .stage_wrong;
    var output: Output = .{ .encoder = self, .target = target_slice };
    var consumed: usize = 0;
    const answer: Result = blk: {
        output.drain();
        while (!output.pending()) {
            const rest = input[consumed..];
            const room = self.blockRoom();
            if (rest.len == 0) {
                if (operation == 0) break :blk .ok;
                if (self.fill > 0) {
                    if (!flushBlock(self, &output)) break :blk self.noMemory();
                    continue;
                }
                if (operation == 1) break :blk .ok;
                if (!self.open) break :blk .frame_end;
                if (!endFrame(self)) break :blk self.noMemory();
                output.drain();
                continue;
            }
            if (!self.params.linked and self.fill == 0 and rest.len >= room) {
                if (!output.block(rest[0..room])) break :blk self.noMemory();
                consumed += room;
                continue;
            }
            const start = self.contentStart() + (if (self.params.linked) self.job_pos else 0) + self.fill;
            const size = @min(rest.len, room - self.fill);
            if (size > self.arena.len - start) break :blk .input_size_mismatch;
            @memcpy(self.arena[start..][0..size], rest[0..size]);
            consumed += size;
            self.fill += @intCast(size);
            if (self.fill == room and !flushBlock(self, &output)) break :blk self.noMemory();
        }
        break :blk .output_pending;
    };
    step.consumed = @intCast(consumed);
    step.produced = @intCast(output.end);
    return answer;
}

/// Compresses the content that waits in the arena.
fn flushBlock(self: *Encoder, output: *Output) bool {
    const start = self.contentStart() + if (self.params.linked) self.job_pos else 0;
    const content = self.arena[start..][0..self.fill];
    self.fill = 0;
    return output.block(content);
}

/// Puts what ends a frame into the stage.
fn endFrame(self: *Encoder) bool {
    const stage = self.needStage(8) orelse return false;
    self.stage_pos = 0;
    self.stage_end = 0;
    self.open = false;
    if (self.params.legacy) return true;
    std.mem.writeInt(u32, stage[0..4], 0, .little);
    self.stage_end = 4;
    if (!self.content_checksum) return true;
    std.mem.writeInt(u32, stage[4..8], c.LZ4_XXH32_digest(&self.hash), .little);
    self.stage_end = 8;
    return true;
}

/// Compresses whole jobs on up to `threads` threads; the frame must stand at the start of a job. The source is
/// `history_len` bytes that were compressed before, at most 64 KiB, then content: jobs of `sluice_lz4_encoder_job_size`
/// bytes each. The target has room for `sluice_lz4_encoder_bound` of each job. Sets `produced`.
fn jobs(self: *Encoder, input: []const u8, output: []u8, history_len: u32, threads: u32, step: *Step) Result {
    if (!self.open or self.job_pos != 0 or self.fill != 0 or self.stage_pos != self.stage_end) return .stage_wrong;
    const job_size = self.params.jobSize();
    if (history_len > input.len or history_len > common.window_size) return .invalid_argument;
    const content = input[history_len..];
    if (content.len == 0 or content.len % job_size != 0) return .invalid_argument;
    const count = content.len / job_size;
    if (count > jobs_max or output.len / count < self.params.bound(job_size)) return .invalid_argument;
    var sizes: [jobs_max]u32 = undefined;
    var batch: Batch = .{
        .memory = &self.memory,
        .params = self.params,
        .prepared = self.preparedPointer(),
        .source = input,
        .history_len = history_len,
        .target = output,
        .sizes = sizes[0..count],
        .hash = if (self.content_checksum) &self.hash else null,
    };
    common.runThreads(&batch, @intCast(@min(threads, count)));
    if (!batch.complete()) return self.noMemory();
    if (self.params.linked) {
        self.remember(content);
        self.startJob();
    }
    step.consumed = @intCast(input.len);
    step.produced = @intCast(batch.join());
    return .ok;
}

/// Content bytes of a job in `value`, room for what it is compressed to in `other`.
fn jobSize(self: *const Encoder, step: *Step) void {
    step.setValue(self.params.jobSize());
    step.setOther(self.params.bound(self.params.jobSize()));
}

/// Bytes that the context holds, in `value`.
fn memoryUsed(self: *const Encoder, step: *Step) void {
    step.setValue(self.memory.bytesUsed() + @sizeOf(Encoder));
}

/// Compresses content to one raw block with a dictionary before it (null: none). Sets `produced`;
/// `output_too_small` when the target has no room for it.
fn blockCompress(
    input: []const u8,
    output: []u8,
    all: []const u8,
    level: i32,
    favor_decompression: u32,
    step: *Step,
) Result {
    if (input.len > c.LZ4_MAX_INPUT_SIZE) return .invalid_argument;
    if (level < level_min or level > level_max) return .parameter_out_of_range;
    var memory: Memory = .init(0);
    var compressor = Compressor.init(&memory, .{
        .level = level,
        .block_size = block_size_max,
        .linked = true,
        .block_checksum = false,
        .favor_decompression = favor_decompression != 0,
        .legacy = false,
    }, null) orelse return .out_of_memory;
    defer compressor.deinit(&memory);
    compressor.load(all[all.len - @min(all.len, common.window_size) ..]);
    const size = compressor.compress(input, output);
    if (size == 0) return .output_too_small;
    step.produced = @intCast(size);
    return .ok;
}

pub const exports = .{
    .{ "sluice_lz4_encoder_new", new },
    .{ "sluice_lz4_encoder_free", free },
    .{ "sluice_lz4_encoder_configure", configure },
    .{ "sluice_lz4_encoder_begin", begin },
    .{ "sluice_lz4_encoder_step", stepFrame, .off_loop },
    .{ "sluice_lz4_encoder_jobs", jobs, .off_loop },
    .{ "sluice_lz4_encoder_job_size", jobSize },
    .{ "sluice_lz4_encoder_memory", memoryUsed },
    .{ "sluice_lz4_block_compress", blockCompress },
};
