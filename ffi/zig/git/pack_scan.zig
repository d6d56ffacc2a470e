//! Walking a pack that has no index: where its entries start and end is found out by inflating them. The host hands in
//! windows of the pack, each from where the last call stopped; what it takes is a whole number of entries, unless an entry
//! is larger than a window.

const std = @import("std");
const c = @import("libdeflate_c");
const entries = @import("entry.zig");
const readers = @import("reader.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;
const crc32 = @import("../hash/crc32.zig").crc32;
const Hash = @import("hash.zig").Hash;
const Inflater = @import("inflater.zig").Inflater;

/// Why a walk stopped.
pub const Fault = enum(u32) {
    none = 0,
    /// The header of an entry breaks the rules of its format.
    entry_header = 1,
    /// A zlib stream is damaged.
    stream_corrupt = 2,
    /// A zlib stream goes on where the pack ends.
    stream_cut = 3,
    /// An entry is longer, or shorter, than its header says.
    entry_long = 4,
    entry_short = 5,
    /// An entry is larger than allowed.
    entry_too_large = 6,
    /// The pack ends before its last entry, or goes on after it.
    entries_missing = 7,
    bytes_left = 8,
    /// The checksum at the end is not that of the pack.
    checksum = 9,
};

/// What an index has to say of an entry beside its id, and the offset of the entry that it is a delta of: zero where it is
/// whole, the greatest number where it names its base by an id.
pub const Row = extern struct { offset_low: u32, offset_high: u32, crc: u32, base_low: u32, base_high: u32 };
pub const row_length = @sizeOf(Row) / 4;

fn baseOf(entry: *const entries.Entry) u64 {
    return if (entry.kind == .ref_delta) std.math.maxInt(u64) else entry.base_offset;
}

pub const Limits = struct { hash_size: u32, size: u64, count: u32, object_size_max: u64 };

/// What a call took and made; `number` goes with the fault.
pub const Progress = struct {
    consumed: usize = 0,
    rows: usize = 0,
    done: bool = false,
    fault: Fault = .none,
    number: u64 = 0,
};

/// Content that streams go to when only their ends are wanted.
const discard_size = 64 << 10;

/// An entry that is larger than one window.
const Large = struct { start: u64, size: u64, base: u64, made: u64 = 0, crc: u32 };

pub const Scan = struct {
    limits: Limits,
    hash: Hash,
    decompressor: *c.libdeflate_decompressor,
    scratch: []u8 = &.{},
    inflater: ?*Inflater = null,
    large: ?Large = null,
    /// The offset of the next byte, and how many entries were found.
    position: u64 = 0,
    found: u32 = 0,

    pub fn create(limits: Limits) error{OutOfMemory}!*Scan {
        const self = try allocator.create(Scan);
        errdefer allocator.destroy(self);
        self.* = .{
            .limits = limits,
            .hash = Hash.init(limits.hash_size, .own).?,
            .decompressor = c.libdeflate_alloc_decompressor() orelse return error.OutOfMemory,
        };
        return self;
    }

    pub fn destroy(self: *Scan) void {
        c.libdeflate_free_decompressor(self.decompressor);
        allocator.free(self.scratch);
        if (self.inflater) |inflater| allocator.destroy(inflater);
        allocator.destroy(self);
    }

    /// Where the entries end.
    fn end(self: *const Scan) u64 {
        return self.limits.size - self.limits.hash_size;
    }

    /// Takes a window of the pack that starts at `position`, and writes rows of the entries that are whole in it.
    pub fn push(self: *Scan, window: []const u8, rows: []Row) error{OutOfMemory}!Progress {
        const start = self.position;
        // What follows the entries is no part of them, nor of what is hashed.
        const left: usize = @intCast(@min(window.len, self.end() -| start));
        var progress: Progress = .{};
        try self.walk(window[0..left], rows, &progress);
        progress.consumed = @intCast(self.position - start);
        self.hash.update(window[0..progress.consumed]);
        if (progress.fault == .none and self.position == self.end()) self.finish(window[progress.consumed..], &progress);
        return progress;
    }

    fn walk(self: *Scan, part: []const u8, rows: []Row, progress: *Progress) error{OutOfMemory}!void {
        const start = self.position;
        if (start == 0) self.position = @min(entries.first_offset, part.len);
        if (self.large != null) try self.continueLarge(part, rows, progress);
        while (progress.fault == .none and self.large == null and self.found < self.limits.count) {
            if (self.position == self.end()) return self.fail(progress, .entries_missing, self.found);
            const rest = part[@intCast(self.position - start)..];
            if (progress.rows == rows.len or !try self.takeEntry(rest, rows, progress, self.position == start)) return;
        }
        if (progress.fault == .none and self.found == self.limits.count and self.position < self.end()) {
            self.fail(progress, .bytes_left, self.end() - self.position);
        }
    }

    fn fail(_: *Scan, progress: *Progress, fault: Fault, number: u64) void {
        progress.fault = fault;
        progress.number = number;
    }

    fn addRow(self: *Scan, rows: []Row, progress: *Progress, offset: u64, base: u64, crc: u32) void {
        rows[progress.rows] = .{
            .offset_low = @truncate(offset),
            .offset_high = @truncate(offset >> 32),
            .crc = crc,
            .base_low = @truncate(base),
            .base_high = @truncate(base >> 32),
        };
        progress.rows += 1;
        self.found += 1;
    }

    /// Takes the next entry; false where the window has to go on, or has to start there.
    fn takeEntry(self: *Scan, rest: []const u8, rows: []Row, progress: *Progress, is_first: bool) error{OutOfMemory}!bool {
        const left = self.end() - self.position;
        const head: usize = @intCast(@min(entries.header_size_max, left));
        if (rest.len < head) return false;
        const entry = entries.parse(rest[0..head], self.position, self.limits.hash_size) catch {
            self.fail(progress, .entry_header, 0);
            return false;
        };
        if (entry.size > self.limits.object_size_max) {
            self.fail(progress, .entry_too_large, entry.size);
            return false;
        }
        const data: usize = @intCast(entry.data - self.position);
        if (try self.inflateWhole(rest[data..], entry.size)) |length| {
            const whole = rest[0 .. data + length];
            self.addRow(rows, progress, self.position, baseOf(&entry), crc32(0, whole));
            self.position += whole.len;
            return true;
        }
        // A window that starts with the entry may hold all of it.
        if (!is_first and rest.len < left) return false;
        try self.startLarge(rest[0..data], &entry);
        try self.continueLarge(rest[data..], rows, progress);
        return self.large == null;
    }

    /// The length of a stream that is whole and in one piece; null where it is not, or is damaged.
    fn inflateWhole(self: *Scan, rest: []const u8, size: u64) error{OutOfMemory}!?usize {
        if (size > readers.whole_size_max or !readers.isPlausible(size, rest.len)) return null;
        const target = try readers.Reader.reserve(&self.scratch, @intCast(size));
        var length: usize = 0;
        const outcome = c.libdeflate_zlib_decompress_ex(self.decompressor, rest.ptr, rest.len, target.ptr, target.len, &length, null);
        return if (outcome == c.LIBDEFLATE_SUCCESS) length else null;
    }

    fn startLarge(self: *Scan, head: []const u8, entry: *const entries.Entry) error{OutOfMemory}!void {
        const inflater = self.inflater orelse try allocator.create(Inflater);
        self.inflater = inflater;
        inflater.reset();
        const crc = crc32(0, head);
        self.large = .{ .start = self.position, .size = entry.size, .base = baseOf(entry), .crc = crc };
        self.position += head.len;
    }

    /// Goes on with an entry piece by piece.
    fn continueLarge(self: *Scan, rest: []const u8, rows: []Row, progress: *Progress) error{OutOfMemory}!void {
        const large = &self.large.?;
        const inflater = self.inflater.?;
        const before = inflater.total_in;
        const discarded = try readers.Reader.reserve(&self.scratch, discard_size);
        var done = false;
        while (!done) {
            const taken: usize = @intCast(inflater.total_in - before);
            const made = inflater.step(rest[taken..], discarded) catch return self.fail(progress, .stream_corrupt, 0);
            large.made += made.produced;
            done = made.done;
            if (large.made > large.size) return self.fail(progress, .entry_long, large.start);
            if (!done and made.produced == 0 and inflater.total_in - before == taken) break;
        }
        const part = rest[0..@intCast(inflater.total_in - before)];
        large.crc = crc32(large.crc, part);
        self.position += part.len;
        if (!done) {
            if (self.position == self.end()) self.fail(progress, .stream_cut, 0);
            return;
        }
        if (large.made < large.size) return self.fail(progress, .entry_short, large.start);
        self.addRow(rows, progress, large.start, large.base, large.crc);
        self.large = null;
    }

    /// Compares the checksum, once it is there.
    fn finish(self: *Scan, rest: []const u8, progress: *Progress) void {
        if (self.found < self.limits.count or rest.len < self.limits.hash_size) return;
        var digest: [32]u8 = undefined;
        var hash = self.hash;
        hash.final(&digest) catch unreachable;
        if (!std.mem.eql(u8, digest[0..self.limits.hash_size], rest[0..self.limits.hash_size])) {
            return self.fail(progress, .checksum, 0);
        }
        progress.done = true;
    }
};

/// A pack of full blobs, the way git writes it.
fn packOf(gpa: std.mem.Allocator, bodies: []const []const u8) !std.ArrayList(u8) {
    const compressor = c.libdeflate_alloc_compressor(6).?;
    defer c.libdeflate_free_compressor(compressor);
    var pack: std.ArrayList(u8) = .empty;
    errdefer pack.deinit(gpa);
    try pack.appendSlice(gpa, &.{ 'P', 'A', 'C', 'K', 0, 0, 0, 2, 0, 0, 0, @intCast(bodies.len) });
    for (bodies) |body| {
        var byte: u8 = 0x30 | @as(u8, @intCast(body.len & 15));
        var size = body.len >> 4;
        while (size > 0) : (size >>= 7) {
            try pack.append(gpa, byte | 0x80);
            byte = @intCast(size & 127);
        }
        try pack.append(gpa, byte);
        const room = try gpa.alloc(u8, c.libdeflate_zlib_compress_bound(compressor, body.len));
        defer gpa.free(room);
        const length = c.libdeflate_zlib_compress(compressor, body.ptr, body.len, room.ptr, room.len);
        try pack.appendSlice(gpa, room[0..length]);
    }
    var hash = Hash.init(20, .own).?;
    hash.update(pack.items);
    var digest: [32]u8 = undefined;
    try hash.final(&digest);
    try pack.appendSlice(gpa, digest[0..20]);
    return pack;
}

/// Walks a pack in windows of a size; returns the last progress and the rows.
fn walkAll(pack: []const u8, window: usize, count: u32, object_size_max: u64, rows: []Row) !Progress {
    const scan = try Scan.create(.{ .hash_size = 20, .size = pack.len, .count = count, .object_size_max = object_size_max });
    defer scan.destroy();
    var at: usize = 0;
    var found: usize = 0;
    while (true) {
        const part = pack[at..@min(at + window, pack.len)];
        var progress = try scan.push(part, rows[found..@min(rows.len, found + 2)]);
        at += progress.consumed;
        found += progress.rows;
        if (progress.done or progress.fault != .none) {
            progress.rows = found;
            return progress;
        }
        if (progress.consumed == 0 and progress.rows == 0) return error.Stalled;
    }
}

test "entries are found in windows of any size, and rows of any count" {
    const gpa = std.testing.allocator;
    const noise = try gpa.alloc(u8, 300_000);
    defer gpa.free(noise);
    var random: std.Random.DefaultPrng = .init(7);
    random.random().bytes(noise);
    const bodies = [_][]const u8{ "one", "", noise, "two and three" ** 99, noise[0..70_000], "end" };
    var pack = try packOf(gpa, &bodies);
    defer pack.deinit(gpa);
    var whole: [bodies.len]Row = undefined;
    const first = try walkAll(pack.items, pack.items.len, bodies.len, 1 << 40, &whole);
    try std.testing.expect(first.done);
    try std.testing.expectEqual(bodies.len, first.rows);
    try std.testing.expectEqual(12, whole[0].offset_low);
    for ([_]usize{ 64, 1000, 65_536, 131_072 }) |window| {
        var rows: [bodies.len]Row = undefined;
        const last = try walkAll(pack.items, window, bodies.len, 1 << 40, &rows);
        try std.testing.expect(last.done);
        try std.testing.expectEqualSlices(Row, &whole, &rows);
    }
}

test "every fault is told with its kind" {
    const gpa = std.testing.allocator;
    var pack = try packOf(gpa, &.{ "first", "second" });
    defer pack.deinit(gpa);
    const good = pack.items;
    var rows: [8]Row = undefined;
    try std.testing.expectEqual(Fault.entries_missing, (try walkAll(good, 64, 3, 99, &rows)).fault);
    try std.testing.expectEqual(Fault.bytes_left, (try walkAll(good, 64, 1, 99, &rows)).fault);
    try std.testing.expectEqual(Fault.entry_too_large, (try walkAll(good, 64, 2, 5, &rows)).fault);
    const Change = struct { at: usize, byte: u8, fault: Fault };
    for ([_]Change{
        .{ .at = 12, .byte = 0x55, .fault = .entry_header },
        .{ .at = 12, .byte = 0x34, .fault = .entry_long },
        .{ .at = 12, .byte = 0x36, .fault = .entry_short },
        .{ .at = 13, .byte = 0xff, .fault = .stream_corrupt },
        .{ .at = good.len - 1, .byte = good[good.len - 1] ^ 1, .fault = .checksum },
    }) |change| {
        const before = good[change.at];
        defer good[change.at] = before;
        good[change.at] = change.byte;
        try std.testing.expectEqual(change.fault, (try walkAll(good, 64, 2, 99, &rows)).fault);
    }
    // What is left of a pack that was cut is taken for its checksum.
    try std.testing.expectEqual(Fault.stream_cut, (try walkAll(good[0 .. good.len - 3], 64, 2, 99, &rows)).fault);
}
