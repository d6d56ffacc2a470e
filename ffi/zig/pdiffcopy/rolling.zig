//! Finds the blocks of old files in a new one, wherever they have moved to. The old side signs its blocks: a weak sum that
//! rolls over the new content byte by byte, and a digest. The search answers with frames: copies of blocks, literal
//! bytes and holes, and a sum over all of them that ends each piece.
//!
//! After a match the next block is tried first, by its digest alone, so that long runs cost one digest a block.

const std = @import("std");
const frames = @import("frames.zig");
const hashing = @import("hash.zig");
const heap = @import("../core/heap.zig");

/// No block.
pub const none = std.math.maxInt(u32);
/// Bytes of the weak sum before each digest of a signature.
pub const weak_size = 4;
/// Literal bytes of one frame.
const literal_max = 256 << 10;
/// Blocks with one weak sum that are told apart.
const chain_max = 16;
/// Bytes that may be hashed in vain for each byte that the search moves on.
const hashed_per_byte = 4;

/// The weak sum of a window: two sums, as Fletcher's, mixed into 32 bits.
pub const Sum = struct {
    plain: u32 = 0,
    weighted: u32 = 0,

    pub fn of(bytes: []const u8) Sum {
        const lanes = 16;
        const group = 16 * lanes; // sums of a group fit 16 bits
        var plain: @Vector(lanes, u32) = @splat(0);
        var weighted: @Vector(lanes, u32) = @splat(0);
        var at: usize = 0;
        while (at + group <= bytes.len) : (at += group) {
            var group_plain: @Vector(lanes, u16) = @splat(0);
            var group_weighted: @Vector(lanes, u16) = @splat(0);
            inline for (0..group / lanes) |row| {
                const chunk: @Vector(lanes, u8) = bytes[at + row * lanes ..][0..lanes].*;
                group_plain += chunk;
                group_weighted += group_plain;
            }
            weighted +%= plain *% @as(@Vector(lanes, u32), @splat(group / lanes)) +% group_weighted;
            plain +%= group_plain;
        }
        const places = std.simd.iota(u32, lanes);
        var sum: Sum = .{
            .plain = @reduce(.Add, plain),
            .weighted = @reduce(.Add, weighted *% @as(@Vector(lanes, u32), @splat(lanes)) -% plain *% places),
        };
        for (bytes[at..]) |byte| {
            sum.plain +%= byte;
            sum.weighted +%= sum.plain;
        }
        return sum;
    }

    /// Moves the window of `size` bytes on by one.
    fn roll(self: *Sum, size: u32, out: u8, in: u8) void {
        self.plain = self.plain -% out +% in;
        self.weighted = self.weighted -% size *% out +% self.plain;
    }

    pub fn weak(self: Sum) u32 {
        return self.plain *% 0x9e3779b1 +% self.weighted *% 0x85ebca77;
    }
};

/// Writes the signature of one block: its weak sum and its digest.
pub fn sign(block: []const u8, spec: hashing.Spec, entry: []u8) void {
    std.mem.writeInt(u32, entry[0..weak_size], Sum.of(block).weak(), .little);
    spec.hash(block, entry[weak_size..]);
}

/// The last block of the old file, which may be shorter than the others; `size` is 0 where there is none.
pub const Tail = struct {
    block: u32 = 0,
    size: u32 = 0,
};

/// The signed blocks of the old side. A block whose digest is zero separates files and never matches.
pub const Index = struct {
    entries: []u8,
    entry_size: u32,
    count: u32,
    block_size: u32,
    spec: hashing.Spec,
    /// The first block of the file that the new content is written to, block by block from its start: such a block can be
    /// used until its place is reached.
    own_first: u32,
    tail: Tail,
    /// Heads of chains by weak sum.
    heads: []u32,
    links: []u32,
    /// One bit for many weak sums, so that most positions need no more than a look at it.
    filter: []u64,
    head_shift: u5,
    filter_shift: u5,
    block: [*]align(8) u8,

    /// Null when there is no memory, or the entries make no sense.
    pub fn init(entries: []const u8, block_size: u32, spec: hashing.Spec, own_first: u32, tail: Tail) ?Index {
        const entry_size = weak_size + hashing.digestSize(spec.id);
        if (block_size == 0 or entries.len % entry_size != 0) return null;
        const count: u32 = @intCast(entries.len / entry_size);
        if (tail.size > 0 and (tail.block >= count or tail.size >= block_size)) return null;
        const head_bits: u5 = @intCast(std.math.clamp(std.math.log2_int_ceil(u32, @max(2, count)) + 1, 8, 26));
        const filter_bits: u5 = @intCast(std.math.clamp(@as(u32, head_bits) + 3, 16, 29));
        const filter_size = (@as(usize, 1) << filter_bits) / 8;
        const heads_size = @as(usize, 4) << head_bits;
        const size = filter_size + heads_size + 4 * @as(usize, count) + entries.len;
        const block: [*]align(8) u8 = @ptrCast(@alignCast(heap.takeZeroed(1, size) orelse return null));
        const heads_at = filter_size;
        const links_at = heads_at + heads_size;
        const entries_at = links_at + 4 * @as(usize, count);
        var self: Index = .{
            .entries = block[entries_at..size],
            .entry_size = entry_size,
            .count = count,
            .block_size = block_size,
            .spec = spec,
            .own_first = own_first,
            .tail = tail,
            .heads = @as([*]u32, @ptrCast(@alignCast(block + heads_at)))[0 .. heads_size / 4],
            .links = @as([*]u32, @ptrCast(@alignCast(block + links_at)))[0..count],
            .filter = @as([*]u64, @ptrCast(@alignCast(block)))[0 .. filter_size / 8],
            .head_shift = @intCast(32 - @as(u32, head_bits)),
            .filter_shift = @intCast(32 - @as(u32, filter_bits)),
            .block = block,
        };
        @memcpy(self.entries, entries);
        for (0..count) |number| self.insert(@intCast(number));
        return self;
    }

    pub fn deinit(self: *Index) void {
        heap.give(self.block);
    }

    fn mix(weak: u32) u32 {
        return weak *% 0xc2b2ae3d;
    }

    fn weakOf(self: *const Index, number: u32) u32 {
        return std.mem.readInt(u32, self.entries[@as(usize, number) * self.entry_size ..][0..weak_size], .little);
    }

    pub fn digestOf(self: *const Index, number: u32) []const u8 {
        return self.entries[@as(usize, number) * self.entry_size ..][weak_size..self.entry_size];
    }

    fn insert(self: *Index, number: u32) void {
        const digest = self.digestOf(number);
        if (std.mem.allEqual(u8, digest, 0) or (self.tail.size > 0 and number == self.tail.block)) return;
        const mixed = mix(self.weakOf(number));
        const head = &self.heads[mixed >> self.head_shift];
        var length: u32 = 0;
        // Blocks of the written file can't always be used: they do not hide others, and are not hidden.
        var link = head.*;
        while (link != 0) : (link = self.links[link - 1]) {
            const other = link - 1;
            if (std.mem.eql(u8, self.digestOf(other), digest) and (other >= self.own_first) == (number >= self.own_first)) {
                if (number < self.own_first) return;
            }
            length += 1;
            if (length == chain_max) return;
        }
        const bit = mixed >> self.filter_shift;
        self.filter[bit >> 6] |= @as(u64, 1) << @intCast(bit & 63);
        self.links[number] = head.*;
        head.* = number + 1;
    }

    fn mayHave(self: *const Index, weak: u32) bool {
        const bit = mix(weak) >> self.filter_shift;
        return self.filter[bit >> 6] >> @intCast(bit & 63) & 1 != 0;
    }

    /// Whether a block can be copied to `position`: one of the written file may not have been overwritten.
    fn isUsable(self: *const Index, number: u32, position: u64) bool {
        return number < self.own_first or @as(u64, number - self.own_first) * self.block_size >= position;
    }

    fn hasWeak(self: *const Index, weak: u32) bool {
        var link = self.heads[mix(weak) >> self.head_shift];
        while (link != 0) : (link = self.links[link - 1]) if (self.weakOf(link - 1) == weak) return true;
        return false;
    }

    fn find(self: *const Index, weak: u32, digest: []const u8, position: u64) ?u32 {
        var link = self.heads[mix(weak) >> self.head_shift];
        while (link != 0) : (link = self.links[link - 1]) {
            const number = link - 1;
            if (self.weakOf(number) != weak or !self.isUsable(number, position)) continue;
            if (std.mem.eql(u8, self.digestOf(number), digest)) return number;
        }
        return null;
    }

    /// The block of a digest among those that are likely: the one that follows the last match, and the one that is at this
    /// place already.
    pub fn likely(self: *const Index, expected: u32, digest: []const u8, position: u64) ?u32 {
        if (self.inPlace(position)) |number| if (std.mem.eql(u8, self.digestOf(number), digest)) return number;
        if (expected >= self.count or !self.isUsable(expected, position)) return null;
        return if (std.mem.eql(u8, self.digestOf(expected), digest)) expected else null;
    }

    /// The block that lies at a position of the written file.
    fn inPlace(self: *const Index, position: u64) ?u32 {
        if (self.own_first >= self.count or position % self.block_size != 0) return null;
        const number = self.own_first + position / self.block_size;
        return if (number < self.count) @intCast(number) else null;
    }
};

/// Writes frames, and the sum over them.
pub const Writer = struct {
    index: *const Index,
    target: []u8,
    produced: usize = 0,
    chain: hashing.Hasher,
    run_position: u64 = 0,
    run_first: u32 = 0,
    run_count: u32 = 0,
    run_size: u64 = 0,

    pub fn init(index: *const Index, target: []u8) Writer {
        return .{ .index = index, .target = target, .chain = .init(index.spec.id, index.spec.seed) };
    }

    /// Room that frames of `size` bytes of content can take, with the sum that ends them.
    pub fn roomFor(index: *const Index, size: usize) usize {
        const frame_count = 2 * (size / index.block_size) + size / literal_max + 4;
        return size + frame_count * (frames.header_size + 16) + hashing.digest_size_max;
    }

    fn header(self: *Writer, kind: frames.Type, size: usize, position: u64) void {
        const place = self.target[self.produced..][0..frames.header_size];
        const head: frames.Header = .{ .type = kind, .size = @intCast(size), .position = position };
        head.write(place);
        self.produced += frames.header_size;
        if (kind != .sum) self.chain.update(place);
    }

    fn number(self: *Writer, value: u64) void {
        std.mem.writeInt(u64, self.target[self.produced..][0..8], value, .little);
        self.produced += 8;
    }

    pub fn copy(self: *Writer, position: u64, block: u32, size: u32) void {
        const follows = self.run_count > 0 and block == self.run_first + self.run_count;
        if (!follows) {
            self.flush();
            self.run_position = position;
            self.run_first = block;
            self.run_size = 0;
        }
        self.run_count += 1;
        self.run_size += size;
    }

    fn flush(self: *Writer) void {
        if (self.run_count == 0) return;
        self.header(.copy, 16, self.run_position);
        self.number(self.run_first);
        self.number(self.run_size);
        for (self.run_first..self.run_first + self.run_count) |block| self.chain.update(self.index.digestOf(@intCast(block)));
        self.run_count = 0;
    }

    fn literal(self: *Writer, position: u64, bytes: []const u8) void {
        if (bytes.len > 0) self.flush();
        var at: usize = 0;
        while (at < bytes.len) {
            const part = bytes[at..@min(bytes.len, at + literal_max)];
            self.header(.literal, part.len, position + at);
            @memcpy(self.target[self.produced..][0..part.len], part);
            self.produced += part.len;
            self.chain.update(part);
            at += part.len;
        }
    }

    pub fn hole(self: *Writer, position: u64, size: u64) void {
        self.flush();
        self.header(.hole, 8, position);
        self.number(size);
        self.chain.update(self.target[self.produced - 8 ..][0..8]);
    }

    /// Ends a piece.
    pub fn end(self: *Writer, position: u64) void {
        self.flush();
        const size = hashing.digestSize(self.index.spec.id);
        self.header(.sum, size, position);
        self.chain.final(self.target[self.produced..][0..size]);
        self.produced += size;
    }
};

/// What a search goes on with.
pub const Search = struct {
    index: *const Index,
    /// The block that follows the last match.
    expected: u32,
    /// Bytes that may still be hashed in vain.
    credit: u64,

    pub fn init(index: *const Index, expected: u32) Search {
        return .{ .index = index, .expected = expected, .credit = 64 * @as(u64, index.block_size) };
    }

    /// Searches a window that lies at `base`; all of it where `last` says that nothing follows, else up to where a whole
    /// block does not follow any more. Returns how many bytes the frames cover.
    pub fn scan(self: *Search, window: []const u8, base: u64, last: bool, writer: *Writer) usize {
        const size = self.index.block_size;
        var at: usize = 0;
        var start: usize = 0;
        while (window.len - at >= size) {
            if (self.matchHere(window, base, at)) |block| {
                writer.literal(base + start, window[start..at]);
                writer.copy(base + at, block, size);
                self.expected = block + 1;
                at += size;
                start = at;
            } else at = self.rollOn(window, base, at);
        }
        if (!last) {
            writer.literal(base + start, window[start..at]);
            return at;
        }
        const tail = self.index.tail;
        const end = if (self.endsWithTail(window, start)) window.len - tail.size else window.len;
        writer.literal(base + start, window[start..end]);
        if (end < window.len) writer.copy(base + end, tail.block, tail.size);
        self.expected = none;
        return window.len;
    }

    /// Whether the last bytes are the last block of the old file.
    fn endsWithTail(self: *const Search, window: []const u8, start: usize) bool {
        const tail = self.index.tail;
        if (tail.size == 0 or window.len - start < tail.size) return false;
        var storage: [hashing.digest_size_max]u8 = undefined;
        self.index.spec.hash(window[window.len - tail.size ..], &storage);
        return std.mem.eql(u8, storage[0..hashing.digestSize(self.index.spec.id)], self.index.digestOf(tail.block));
    }

    fn digestAt(self: *const Search, window: []const u8, at: usize, digest: *[hashing.digest_size_max]u8) []const u8 {
        self.index.spec.hash(window[at..][0..self.index.block_size], digest);
        return digest[0..hashing.digestSize(self.index.spec.id)];
    }

    /// The block at a position that a match, or a look at the weak sum, led to.
    fn matchHere(self: *Search, window: []const u8, base: u64, at: usize) ?u32 {
        var storage: [hashing.digest_size_max]u8 = undefined;
        const digest = self.digestAt(window, at, &storage);
        if (self.index.likely(self.expected, digest, base + at)) |block| return block;
        const weak = Sum.of(window[at..][0..self.index.block_size]).weak();
        if (self.index.find(weak, digest, base + at)) |block| return block;
        self.credit -|= self.index.block_size;
        return null;
    }

    /// Moves on from a position without a match to the next that may have one, or to where no whole block follows.
    fn rollOn(self: *Search, window: []const u8, base: u64, from: usize) usize {
        const size = self.index.block_size;
        var sum: Sum = .of(window[from..][0..size]);
        var at = from;
        const end = window.len - size;
        while (at < end) {
            sum.roll(size, window[at], window[at + size]);
            at += 1;
            const weak = sum.weak();
            if (self.index.mayHave(weak) and self.index.hasWeak(weak)) {
                self.credit +|= hashed_per_byte * (at - from);
                if (self.credit >= size) return at;
            } else if (self.index.inPlace(base + at) != null) return at;
        }
        self.credit +|= hashed_per_byte * (at - from);
        return end + 1;
    }
};

fn testIndex(old: []const u8, entries: []u8, block_size: u32, own_first: u32) Index {
    const spec: hashing.Spec = .{ .id = .xxh3_128, .seed = 7 };
    const count = old.len / block_size;
    for (0..count) |number| sign(old[number * block_size ..][0..block_size], spec, entries[number * 20 ..][0..20]);
    return Index.init(entries[0 .. count * 20], block_size, spec, own_first, .{}).?;
}

test "the sum of a window is that of rolling to it" {
    var random: std.Random.DefaultPrng = .init(3);
    var bytes: [2000]u8 = undefined;
    random.fill(&bytes);
    for ([_]u32{ 1, 7, 255, 256, 300, 1024 }) |size| {
        var sum: Sum = .of(bytes[0..size]);
        for (0..bytes.len - size) |at| {
            try std.testing.expectEqual(Sum.of(bytes[at..][0..size]), sum);
            sum.roll(size, bytes[at], bytes[at + size]);
        }
    }
}

test "moved blocks are copied, the rest is literal" {
    var random: std.Random.DefaultPrng = .init(4);
    var new: [5000]u8 = undefined;
    random.fill(&new);
    var entries: [20 * 40]u8 = undefined;
    var index = testIndex(new[1..4097], &entries, 128, none);
    defer index.deinit();
    var target: [20_000]u8 = undefined;
    var writer: Writer = .init(&index, &target);
    var search: Search = .init(&index, none);
    try std.testing.expectEqual(5000, search.scan(&new, 0, true, &writer));
    writer.end(5000);
    // One literal byte, one run of 32 blocks, the rest, the sum.
    const expected = (16 + 1) + (16 + 16) + (16 + 903) + (16 + 16);
    try std.testing.expectEqual(expected, writer.produced);
    try std.testing.expect(writer.produced <= Writer.roomFor(&index, 5000));
}

test "content of one byte over and over, and blocks that almost match, are searched in time that grows with their size" {
    const bytes: [1 << 20]u8 = @splat(7);
    var old: [1 << 14]u8 = @splat(7);
    for (0..16) |i| old[1024 * i] = @intCast(i + 20);
    var entries: [20 * 16]u8 = undefined;
    var index = testIndex(&old, &entries, 1024, none);
    defer index.deinit();
    const target = try std.testing.allocator.alloc(u8, Writer.roomFor(&index, bytes.len));
    defer std.testing.allocator.free(target);
    var writer: Writer = .init(&index, target);
    var search: Search = .init(&index, none);
    try std.testing.expectEqual(bytes.len, search.scan(&bytes, 0, true, &writer));
}

test "a block of the written file is used as long as it is there" {
    var random: std.Random.DefaultPrng = .init(5);
    var old: [1024]u8 = undefined;
    random.fill(&old);
    var entries: [20 * 8]u8 = undefined;
    var index = testIndex(&old, &entries, 128, 0);
    defer index.deinit();
    var target: [4096]u8 = undefined;
    // Content moves to the front: each block is read before its place is written.
    var writer: Writer = .init(&index, &target);
    var search: Search = .init(&index, none);
    _ = search.scan(old[128..], 0, true, &writer);
    writer.flush();
    try std.testing.expectEqual(32, writer.produced);
    // Content moves to the back: it would be overwritten before.
    var moved: [1025]u8 = undefined;
    moved[0] = 1;
    @memcpy(moved[1..], &old);
    writer = .init(&index, &target);
    search = .init(&index, none);
    _ = search.scan(&moved, 0, true, &writer);
    writer.end(1025);
    try std.testing.expectEqual(16 + 1025 + 32, writer.produced);
}

test "the last block of the old file is found at the end, right after a match or later" {
    var random: std.Random.DefaultPrng = .init(6);
    var old: [300]u8 = undefined;
    random.fill(&old);
    const spec: hashing.Spec = .{ .id = .xxh3_128, .seed = 7 };
    var entries: [60]u8 = undefined;
    for (0..2) |number| sign(old[number * 128 ..][0..128], spec, entries[number * 20 ..][0..20]);
    sign(old[256..], spec, entries[40..]);
    var index = Index.init(&entries, 128, spec, none, .{ .block = 2, .size = 44 }).?;
    defer index.deinit();
    var target: [2000]u8 = undefined;
    for ([_]struct { []const u8, usize }{
        .{ &old, 32 },
        .{ old[200..], 16 + 56 + 32 },
        .{ "x" ++ old[0..0], 17 },
    }) |case| {
        var writer: Writer = .init(&index, &target);
        var search: Search = .init(&index, 0);
        _ = search.scan(case[0], 0, true, &writer);
        writer.end(case[0].len);
        try std.testing.expectEqual(case[1] + 32, writer.produced);
    }
}
