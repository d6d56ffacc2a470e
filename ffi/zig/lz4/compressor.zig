//! Compression of content to the blocks of a frame. Content is cut into jobs that know nothing of each other but the
//! 64 KiB before them, so that the bytes that come out depend neither on how input arrives nor on threads.

const std = @import("std");
const common = @import("common.zig");
const Memory = @import("../core/memory.zig").Memory;
const c = @import("common.zig").c;

/// Content bytes of one job; a multiple of every block size of the format.
pub const job_size_min = 4 << 20;
/// From this level on the codec searches with hash chains (lz4hc.h).
const hc_level_min = 2;
/// Room that a block takes beside its data: its word and its checksum.
pub const block_overhead = 8;

pub const Params = struct {
    level: i32,
    /// Content bytes of a full block.
    block_size: u32,
    linked: bool,
    block_checksum: bool,
    favor_decompression: bool,
    /// A legacy frame: blocks are never stored and have no checksum.
    legacy: bool,

    pub fn jobSize(self: Params) u32 {
        return @max(job_size_min, self.block_size);
    }

    /// What the blocks of so much content take at most.
    pub fn bound(self: Params, content_size: usize) usize {
        const blocks = content_size / self.block_size + 1;
        return content_size + blocks * block_overhead + if (self.legacy) content_size / 255 + 16 * blocks else 0;
    }
};

/// The match finder of one level.
const Finder = union(enum) { fast: *c.LZ4_stream_t, hc: *c.LZ4_streamHC_t };

pub const Compressor = struct {
    params: Params,
    finder: Finder,
    /// A finder that has read the dictionary of independent blocks.
    prepared: ?*const Compressor,

    /// Null when there is no memory.
    pub fn init(memory: *Memory, params: Params, prepared: ?*const Compressor) ?Compressor {
        const finder: Finder = if (params.level < hc_level_min)
            .{ .fast = @ptrCast(@alignCast(memory.allocate(@sizeOf(c.LZ4_stream_t)) orelse return null)) }
        else
            .{ .hc = @ptrCast(@alignCast(memory.allocate(@sizeOf(c.LZ4_streamHC_t)) orelse return null)) };
        var self: Compressor = .{ .params = params, .finder = finder, .prepared = prepared };
        self.load(&.{});
        return self;
    }

    pub fn deinit(self: *Compressor, memory: *Memory) void {
        switch (self.finder) {
            .fast => |stream| memory.release(stream),
            .hc => |stream| memory.release(stream),
        }
    }

    /// Forgets everything, then reads what stands before the next content.
    pub fn load(self: *Compressor, history: []const u8) void {
        switch (self.finder) {
            .fast => |stream| {
                _ = c.LZ4_initStream(stream, @sizeOf(c.LZ4_stream_t));
                if (history.len > 0) _ = c.LZ4_loadDict(stream, history.ptr, @intCast(history.len));
            },
            .hc => |stream| {
                _ = c.LZ4_initStreamHC(stream, @sizeOf(c.LZ4_streamHC_t));
                c.LZ4_setCompressionLevel(stream, self.params.level);
                c.LZ4_favorDecompressionSpeed(stream, @intFromBool(self.params.favor_decompression));
                if (history.len > 0) _ = c.LZ4_loadDictHC(stream, history.ptr, @intCast(history.len));
            },
        }
    }

    /// Compresses to raw block data; 0 when it does not fit.
    pub fn compress(self: *Compressor, content: []const u8, target: []u8) usize {
        std.debug.assert(content.len <= common.int_max);
        const room: c_int = std.math.lossyCast(c_int, target.len);
        const size = switch (self.finder) {
            .fast => |stream| blk: {
                const acceleration: c_int = if (self.params.level < 0) 1 - self.params.level else 1;
                if (!self.params.linked) {
                    // Without history the codec chooses its table by the size of the block: finer below 64 KiB.
                    const prepared = self.prepared orelse break :blk c.LZ4_compress_fast_extState_fastReset(
                        stream,
                        content.ptr,
                        target.ptr,
                        @intCast(content.len),
                        room,
                        acceleration,
                    );
                    c.LZ4_resetStream_fast(stream);
                    c.LZ4_attach_dictionary(stream, prepared.finder.fast);
                }
                break :blk c.LZ4_compress_fast_continue(stream, content.ptr, target.ptr, @intCast(content.len), room, acceleration);
            },
            .hc => |stream| blk: {
                if (!self.params.linked) {
                    c.LZ4_resetStreamHC_fast(stream, self.params.level);
                    c.LZ4_favorDecompressionSpeed(stream, @intFromBool(self.params.favor_decompression));
                    if (self.prepared) |prepared| c.LZ4_attach_HC_dictionary(stream, prepared.finder.hc);
                }
                break :blk c.LZ4_compress_HC_continue(stream, content.ptr, target.ptr, @intCast(content.len), room);
            },
        };
        return @intCast(@max(0, size));
    }

    /// Writes a whole block; the target has room for `params.bound` of the content. Returns its size.
    pub fn writeBlock(self: *Compressor, content: []const u8, target: []u8) usize {
        const data = target[4..];
        // A frame's block is compressed only if that makes it smaller (LZ4 frame format, block size).
        const size = self.compress(content, if (self.params.legacy) data else data[0 .. content.len - 1]);
        if (size == 0) {
            std.debug.assert(!self.params.legacy);
            @memcpy(data[0..content.len], content);
        }
        const data_size = if (size == 0) content.len else size;
        const word = @as(u32, @intCast(data_size)) | if (size == 0) common.stored_bit else 0;
        std.mem.writeInt(u32, target[0..4], word, .little);
        if (!self.params.block_checksum) return 4 + data_size;
        const checksum = c.LZ4_XXH32(data.ptr, data_size, 0);
        std.mem.writeInt(u32, data[data_size..][0..4], checksum, .little);
        return block_overhead + data_size;
    }

    /// Writes all blocks of one job, whose history stands right before it. Returns their size.
    pub fn writeJob(self: *Compressor, history: []const u8, content: []const u8, target: []u8) usize {
        self.load(if (self.params.linked) history else &.{});
        var written: usize = 0;
        var pos: usize = 0;
        while (pos < content.len) {
            const block = content[pos..@min(content.len, pos + self.params.block_size)];
            written += self.writeBlock(block, target[written..]);
            pos += block.len;
        }
        return written;
    }
};

/// Jobs that threads take one after another; each writes to its own part of the target.
pub const Batch = struct {
    memory: *Memory,
    params: Params,
    prepared: ?*const Compressor,
    /// History, then content.
    source: []const u8,
    history_len: usize,
    target: []u8,
    sizes: []u32,
    /// Takes in the content, as one more piece of work.
    hash: ?*c.XXH32_state_t,
    next: std.atomic.Value(u32) = .init(0),

    /// Takes work until none is left; a thread without memory for its finder leaves it to the others.
    pub fn work(self: *Batch) void {
        var compressor = Compressor.init(self.memory, self.params, self.prepared) orelse return;
        defer compressor.deinit(self.memory);
        const job_size: usize = self.params.jobSize();
        while (true) {
            const index: usize = self.next.fetchAdd(1, .monotonic);
            if (index > self.sizes.len) return;
            if (index == self.sizes.len) {
                const content = self.source[self.history_len..];
                if (self.hash) |hash| _ = c.LZ4_XXH32_update(hash, content.ptr, content.len);
                return;
            }
            const start = self.history_len + index * job_size;
            const history = self.source[start - @min(start, common.window_size) .. start];
            const content = self.source[start..@min(self.source.len, start + job_size)];
            const room = self.params.bound(job_size);
            const target = self.target[index * room ..][0..self.params.bound(content.len)];
            self.sizes[index] = @intCast(compressor.writeJob(history, content, target));
        }
    }

    /// Whether all work was taken; whoever takes some finishes it.
    pub fn complete(self: *const Batch) bool {
        return self.next.load(.monotonic) > self.sizes.len;
    }

    /// Moves what the jobs wrote together; returns its size.
    pub fn join(self: *Batch) usize {
        const room = self.params.bound(self.params.jobSize());
        var end: usize = 0;
        for (self.sizes, 0..) |size, index| {
            std.mem.copyForwards(u8, self.target[end..][0..size], self.target[index * room ..][0..size]);
            end += size;
        }
        return end;
    }
};
