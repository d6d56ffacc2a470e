//! Decoding the blocks of a frame: the history that they see, the target that they go to, and what waits when that is full.

const std = @import("std");
const common = @import("common.zig");
const large_pages = @import("../core/large_pages.zig");
const block_format = @import("block.zig");
const Batch = @import("block_batch.zig").Batch;
const jobs_max = @import("block_batch.zig").jobs_max;
const result = @import("../core/result.zig");
const Memory = @import("../core/memory.zig").Memory;
const c = @import("common.zig").c;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Blocks of legacy frames decode to at most this.
pub const legacy_block_max = 8 << 20;
/// A legacy word above this is no block size (LZ4 frame format, legacy frame): the frame has ended.
const legacy_word_max = legacy_block_max + legacy_block_max / 255 + 16;
/// LZ4 content is at most this many times its compressed size.
const expansion_max = 255;

/// Input of this size, or blocks of this size, fill large pages.
const large_run_min = 128 << 10;
const large_block_min = 1 << 20;
/// Batches whose content can be no larger than this are not worth a thread.
const batch_room_min = 512 << 10;

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

/// Follows which history the blocks after a checkpoint need.
pub const Watch = struct {
    window: [common.window_size]u8,
    window_len: u32,
    map: [block_format.map_words]u32,
    /// Content bytes seen since the checkpoint.
    seen: u64,
};

pub const Decoder = struct {
    memory: Memory,
    /// How many threads decode independent blocks.
    threads: u32,
    flags: FrameFlags,
    block_max: u32,
    /// The last bytes of the content so far in a linked frame, the dictionary in an independent one.
    window: ?*[common.window_size]u8,
    window_len: u32,
    /// A decoded block for which the target had no room.
    stage: []u8,
    stage_pos: u32,
    stage_end: u32,
    /// Bytes that a stored block still lacks of which the start was returned.
    stored_left: u32,
    hash: c.XXH32_state_t,
    hashed: u64,
    watch: ?*Watch,

    pub fn windowSlice(self: *Decoder) []const u8 {
        return if (self.window) |window| window[0..self.window_len] else &.{};
    }

    pub fn needWindow(self: *Decoder) ?*[common.window_size]u8 {
        if (self.window == null) self.window = @ptrCast(self.memory.allocate(common.window_size) orelse return null);
        return self.window;
    }

    /// Keeps the last bytes of the history followed by `content`.
    pub fn remember(self: *Decoder, content: []const u8) void {
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

    pub fn noMemory(self: *const Decoder) Result {
        return self.memory.failure();
    }

    /// Decodes the blocks at the start of `input`, as many as are whole and fit, until `goal` bytes are out at a block's end
    /// (0: no goal). Sets the numbers of `step` as the export says, and returns why it stopped.
    pub fn run(self: *Decoder, input: []const u8, target: []u8, goal: u32, step: *Step) Result {
        // A little input may fill a little of the target: that must not take a large page.
        if (input.len >= large_run_min or self.block_max >= large_block_min) large_pages.adviseTarget(target);
        var output: Output = .init(self, target);
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
                    break :blk if (output.end == target.len) .output_pending else .ok;
                }
                if (goal > 0 and output.end >= goal) break :blk .ok;
                if (common.has_threads and self.threads > 1 and !self.flags.linked and self.watch == null) {
                    const size = output.addTogether(input[consumed..], goal, step);
                    consumed += size;
                    if (size > 0) continue;
                }
                const block = switch (Block.find(self, input[consumed..])) {
                    .block => |block| block,
                    .missing => |missing| {
                        if (self.flags.stream_stored and output.end < target.len and input.len - consumed >= 4) {
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
                if (output.end == target.len and target.len > 0) break :blk .output_pending;
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
        return answer;
    }
};

/// The block at the start of `input`, or why there is none.
const Block = struct {
    data: []const u8,
    stored: bool,
    /// The checksum of `data`, where it is to be compared.
    checksum: ?u32 = null,
    /// Bytes of the whole block with its word and checksum.
    size: usize,

    const Found = union(enum) { block: Block, missing: usize, result: Result };

    /// Finds a block and compares its checksum.
    fn find(self: *const Decoder, input: []const u8) Found {
        const found = locate(self, input);
        switch (found) {
            .block => |block| if (block.checksum) |expected| {
                if (c.LZ4_XXH32(block.data.ptr, block.data.len, 0) != expected) return .{ .result = .block_checksum };
            },
            else => {},
        }
        return found;
    }

    fn locate(self: *const Decoder, input: []const u8) Found {
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
        const checksum = if (checksum_size > 0 and self.flags.verify_block)
            std.mem.readInt(u32, input[4 + data_size ..][0..4], .little)
        else
            null;
        return .{ .block = .{ .data = data, .stored = stored, .checksum = checksum, .size = size } };
    }

    /// The most content bytes that it can have.
    fn contentMax(self: Block, decoder: *const Decoder) usize {
        return if (self.stored) self.data.len else @min(self.data.len * expansion_max, decoder.block_max);
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
        const stage = decoder.needStage(@intCast(@max(1, block.contentMax(decoder)))) orelse return decoder.noMemory();
        const size = self.decode(block, stage) orelse return .block_corrupt;
        self.finish(block, stage[0..size]);
        if (decoder.flags.linked) decoder.remember(stage[0..size]);
        self.restart();
        decoder.stage_pos = 0;
        decoder.stage_end = @intCast(size);
        self.drain();
        return null;
    }

    /// Decodes the independent blocks at the start of `input` on several threads, up to the first that is bad, not whole
    /// or may not fit; what is wrong with that one is found when it is decoded alone. Returns the bytes of input used.
    fn addTogether(self: *Output, input: []const u8, goal: u32, step: *Step) usize {
        const decoder = self.decoder;
        var batch: Batch = .{
            .dictionary = decoder.windowSlice(),
            .strict = decoder.flags.strict,
            .block_max = decoder.block_max,
            .hash = if (decoder.flags.hash_content) &decoder.hash else null,
        };
        var used: usize = 0;
        var end = self.end;
        while (batch.count < jobs_max and end < self.target.len and (goal == 0 or end < goal)) {
            const block = switch (Block.locate(decoder, input[used..])) {
                .block => |block| block,
                else => break,
            };
            // Content is often smaller than it could be: the last block of a target may fit all the same.
            const room = self.target[end..][0..@min(block.contentMax(decoder), self.target.len - end)];
            batch.add(.{ .data = block.data, .stored = block.stored, .checksum = block.checksum, .input_size = block.size, .room = room });
            used += block.size;
            end += room.len;
        }
        if (batch.count < 2 or end - self.end < batch_room_min) return 0;
        batch.run(decoder.threads);
        return self.take(&batch, step);
    }

    /// Moves the content of a batch together, up to the first block that failed; returns the bytes of input used.
    fn take(self: *Output, batch: *const Batch, step: *Step) usize {
        var used: usize = 0;
        for (batch.jobs[0..batch.count]) |*job| {
            const content = job.content() orelse break;
            const place = self.target[self.end..][0..content.len];
            if (place.ptr != content.ptr) std.mem.copyForwards(u8, place, content);
            self.end += content.len;
            self.decoder.hashed += content.len;
            used += job.input_size;
            step.detail += 1;
        }
        return used;
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
