//! What one thread needs to read pack entries: a place in the files, inflaters and scratch memory.

const std = @import("std");
const c = @import("libdeflate_c");
const deltas = @import("delta.zig");
const entries = @import("entry.zig");
const files = @import("files.zig");
const heads = @import("delta_head.zig");
const stores = @import("store.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;
const Inflater = @import("inflater.zig").Inflater;
const Result = @import("../core/result.zig").Result;
const Value = @import("value.zig").Value;
const Window = @import("window.zig").Window;

pub const Error = entries.Error || deltas.Error;

/// The result of a read that failed.
pub fn resultOf(failure: Error) Result {
    return switch (failure) {
        error.NeedsBytes => .needs_bytes,
        error.OutOfMemory => .out_of_memory,
        error.ReadFailed => .read_failed,
        error.Truncated => .truncated,
        error.OutOfRange, error.Corrupt => .corrupt,
        error.DeltaCorrupt => .delta_corrupt,
    };
}

/// Results of up to this size are made in one piece; larger ones are streamed.
pub const whole_size_max = 16 << 20;
const direct_size = 1 << 20;
/// Deltas up to here inflate whole in less time than their start takes piece by piece.
const small_delta_max = 2048;
/// What the start of a delta is likely to be found out from.
const head_size = 256;
/// Deflate expands no byte to more than this.
const ratio_max = 1032;

/// Whether a stream of so many bytes can hold so much content: what no stream can hold is not worth its memory.
pub fn isPlausible(size: u64, stored: u64) bool {
    return size / ratio_max <= stored + 16;
}

/// Pieces of large files; they stay where they are when the reader is moved.
const Windows = struct { packs: Window = .{}, indexes: Window = .{} };

/// What deflate takes at most for so much content, unless an encoder wastes room.
pub fn storedMax(size: u64) u64 {
    return size + (size >> 8) + 64;
}

pub const Reader = struct {
    store: *stores.Store,
    cursor: files.Cursor = .{},
    index_cursor: files.Cursor = .{},
    windows: *Windows,
    decompressor: *c.libdeflate_decompressor,
    /// Made when a stream is not in one piece or only its start is wanted.
    inflater: ?*Inflater = null,
    delta_buffer: []u8 = &.{},
    input_buffer: []u8 = &.{},

    pub fn init(store: *stores.Store) error{OutOfMemory}!Reader {
        const windows = try allocator.create(Windows);
        errdefer allocator.destroy(windows);
        windows.* = .{};
        return .{
            .store = store,
            .cursor = .{ .window = &windows.packs },
            .index_cursor = .{ .window = &windows.indexes },
            .windows = windows,
            .decompressor = c.libdeflate_alloc_decompressor() orelse return error.OutOfMemory,
        };
    }

    /// Lets pages go: nothing is held while nobody reads.
    pub fn rest(self: *Reader) void {
        self.cursor.deinit();
        self.index_cursor.deinit();
    }

    pub fn deinit(self: *Reader) void {
        self.rest();
        self.windows.packs.deinit();
        self.windows.indexes.deinit();
        allocator.destroy(self.windows);
        c.libdeflate_free_decompressor(self.decompressor);
        if (self.inflater) |inflater| allocator.destroy(inflater);
        allocator.free(self.delta_buffer);
        allocator.free(self.input_buffer);
    }

    /// Makes a buffer hold at least so many bytes; its content is lost where it grows.
    pub fn reserve(buffer: *[]u8, size: usize) error{OutOfMemory}![]u8 {
        if (buffer.len < size) {
            const larger = try allocator.alloc(u8, if (size < direct_size) size + size / 2 else size);
            allocator.free(buffer.*);
            buffer.* = larger;
        }
        return buffer.*[0..size];
    }

    fn streamInflater(self: *Reader) error{OutOfMemory}!*Inflater {
        const inflater = self.inflater orelse try allocator.create(Inflater);
        self.inflater = inflater;
        inflater.reset();
        return inflater;
    }

    pub fn entry(self: *Reader, pack: stores.Pack, offset: u64) Error!entries.Entry {
        return entries.read(&self.cursor, pack.file, pack.end, offset, self.store.hash_size);
    }

    /// Inflates the stream at `data` into exactly `target`.
    pub fn inflate(self: *Reader, pack: stores.Pack, data: u64, target: []u8) Error!void {
        if (data >= pack.end) return error.Corrupt;
        const available: usize = @intCast(@min(storedMax(target.len), pack.end - data));
        var part = try self.cursor.ahead(pack.file, data, available);
        if (part.len < available) {
            // Most streams are far shorter than their content; the piece at hand is tried where that is likely.
            if (part.len * 2 >= available and self.inflateWhole(part, target)) return;
            const buffer = try reserve(&self.input_buffer, available);
            // Large pieces don't go through the pages, where they would push out everything else.
            if (available > direct_size and pack.file.isNative()) {
                try pack.file.readDirect(data, buffer);
            } else try self.cursor.read(pack.file, data, buffer);
            part = buffer;
        } else part = part[0..available];
        if (self.inflateWhole(part, target)) return;
        return self.inflateSlowly(pack, data, target);
    }

    /// Gives back the memory that a large stream was gathered in.
    pub fn freeInput(self: *Reader) void {
        allocator.free(self.input_buffer);
        self.input_buffer = &.{};
    }

    fn inflateWhole(self: *Reader, input: []const u8, target: []u8) bool {
        return c.libdeflate_zlib_decompress_ex(self.decompressor, input.ptr, input.len, target.ptr, target.len, null, null) ==
            c.LIBDEFLATE_SUCCESS;
    }

    /// For streams that are longer than their content makes likely, and to be sure that one is corrupt.
    fn inflateSlowly(self: *Reader, pack: stores.Pack, data: u64, target: []u8) Error!void {
        const inflater = try self.streamInflater();
        var made: usize = 0;
        var beyond: [1]u8 = undefined;
        while (true) {
            const at = data + inflater.total_in;
            if (at >= pack.end) return error.Corrupt;
            var part = try self.cursor.rest(pack.file, at);
            part = part[0..@intCast(@min(part.len, pack.end - at))];
            const room = if (made < target.len) target[made..] else &beyond;
            const step = try inflater.step(part, room);
            if (made == target.len and step.produced > 0) return error.Corrupt;
            made += step.produced;
            if (step.done) break;
            if (step.produced == 0 and step.consumed == 0) return error.Corrupt;
        }
        if (made != target.len) return error.Corrupt;
    }

    /// The two sizes before a delta: where they can't be told at once, a small one is inflated whole, of a large
    /// one only the start.
    pub fn deltaSizes(self: *Reader, pack: stores.Pack, data: u64, size: u64) Error!deltas.Sizes {
        if (data >= pack.end) return error.Corrupt;
        const near = try self.cursor.ahead(pack.file, data, head_size);
        var first: [20]u8 = undefined;
        const known = heads.literals(near[0..@intCast(@min(near.len, pack.end - data))], &first);
        if (deltas.sizes(first[0..@intCast(@min(known, size))])) |found| return found else |_| {}
        if (size <= small_delta_max) return deltas.sizes(try self.delta(pack, data, size));
        const inflater = try self.streamInflater();
        var head: [20]u8 = undefined;
        var made: usize = 0;
        while (made < head.len) {
            const at = data + inflater.total_in;
            if (at >= pack.end) return error.Corrupt;
            // The inflater goes through all that it is given.
            var part = try self.cursor.ahead(pack.file, at, head_size);
            part = part[0..@intCast(@min(part.len, head_size, pack.end - at))];
            const step = try inflater.step(part, head[made..]);
            made += step.produced;
            if (step.done) break;
            if (step.produced == 0 and step.consumed == 0) return error.Corrupt;
        }
        return deltas.sizes(head[0..made]);
    }

    /// Inflates a delta into memory that is valid until the next call.
    pub fn delta(self: *Reader, pack: stores.Pack, data: u64, size: u64) Error![]const u8 {
        if (data > pack.end or !isPlausible(size, pack.end - data)) return error.Corrupt;
        const room = std.math.cast(usize, size + 1) orelse return error.OutOfMemory;
        const target = (try reserve(&self.delta_buffer, room))[0 .. room - 1];
        try self.inflate(pack, data, target);
        return target;
    }

    /// The object that a delta makes of its base; null where it is too large to make in one piece.
    pub fn applied(self: *Reader, base: *const Value, pack: stores.Pack, data: u64, size: u64) Error!?*Value {
        if (size > whole_size_max) return null;
        const bytes = try self.delta(pack, data, size);
        const head = try deltas.sizes(bytes);
        if (head.source != base.size) return error.DeltaCorrupt;
        if (head.target > whole_size_max) return null;
        // A target that no operations could fill is not worth its memory.
        if (head.target > @as(u64, bytes.len - head.header) * 0xff_ffff) return error.DeltaCorrupt;
        const value = try Value.create(@intCast(head.target));
        errdefer value.release();
        try deltas.apply(base.bytes(), bytes, value.bytes());
        return value;
    }
};
