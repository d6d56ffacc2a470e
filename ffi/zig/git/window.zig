//! A piece of a large native file in memory of one thread. Jobs read packs that don't fit the pages in the order of their
//! offsets: what is near the piece at hand is read with much around it, what is far from it by itself.

const files = @import("files.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;

/// The longest piece, and so the most that can be asked for.
pub const size_max = 128 << 10;
/// The shortest piece.
const size_min = 1 << 10;
/// What lies so near to the piece at hand is likely to be followed by more.
const near = 16 << 10;

/// On the way to the start, what follows a header is looked at before the header before it.
const kept_after = 8 << 10;

pub const Window = struct {
    file: ?*files.File = null,
    start: u64 = 0,
    length: usize = 0,
    buffer: []u8 = &.{},

    pub fn deinit(self: *Window) void {
        allocator.free(self.buffer);
        self.* = .{};
    }

    /// The bytes from `offset` on that are at hand: at least `wanted`, or all up to the end of the file.
    pub fn rest(self: *Window, file: *files.File, offset: u64, wanted: usize) files.Error![]const u8 {
        if (offset >= file.size) return error.OutOfRange;
        const needed: usize = @intCast(@min(wanted, size_max, file.size - offset));
        const end = self.start + self.length;
        if (self.file != file or offset < self.start or offset + needed > end) {
            const is_after = self.file == file and offset >= self.start and offset < end + near;
            const is_before = self.file == file and offset < self.start and self.start - offset < near;
            const first = if (is_before) (offset + @max(needed, kept_after)) -| size_max else offset;
            const length = if (is_after or is_before) size_max else @max(size_min, needed);
            try self.fill(file, first, @intCast(@min(length, file.size - first)));
        }
        return self.buffer[@intCast(offset - self.start)..self.length];
    }

    fn fill(self: *Window, file: *files.File, first: u64, length: usize) files.Error!void {
        self.length = 0;
        if (self.buffer.len < length) {
            const larger = try allocator.alloc(u8, @min(size_max, @max(length, self.buffer.len * 4)));
            allocator.free(self.buffer);
            self.buffer = larger;
        }
        try file.readDirect(first, self.buffer[0..length]);
        self.file = file;
        self.start = first;
        self.length = length;
    }
};
