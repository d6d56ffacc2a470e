//! Reverse aggregation: a chain of deltas, taken from the newest to the oldest, as one list of segments over literals and
//! the base, so that an object is made in one pass whatever the length of its chain.

const std = @import("std");
const deltas = @import("delta.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;

pub const Error = deltas.Error || error{ OutOfMemory, LimitExceeded };

const literal_bit: u64 = 1 << 63;

/// Where the bytes up to `end` of the target come from: the literals or the base, from `source` on.
pub const Segment = struct {
    end: u64,
    source: u64,

    pub fn isLiteral(self: Segment) bool {
        return self.source & literal_bit != 0;
    }

    pub fn position(self: Segment) u64 {
        return self.source & ~literal_bit;
    }
};

const Segments = std.ArrayList(Segment);

/// Adds a piece; one that goes on where the last ended becomes part of it.
fn append(list: *Segments, size: u64, source: u64) error{OutOfMemory}!void {
    if (size == 0) return;
    const start = if (list.items.len == 0) 0 else list.items[list.items.len - 1].end;
    if (list.items.len > 0) {
        const last = &list.items[list.items.len - 1];
        const last_start = if (list.items.len == 1) 0 else list.items[list.items.len - 2].end;
        const goes_on = last.source + (last.end - last_start) == source;
        if (goes_on and (last.source ^ source) & literal_bit == 0) {
            last.end += size;
            return;
        }
    }
    try list.append(allocator, .{ .end = start + size, .source = source });
}

pub const Program = struct {
    /// All deltas one after the other; literals stay where they are in them.
    literals: std.ArrayList(u8) = .empty,
    segments: Segments = .empty,
    spare: Segments = .empty,
    older: Segments = .empty,
    segments_max: usize,
    depth: u32 = 0,
    target_size: u64 = 0,
    source_size: u64 = 0,

    pub fn deinit(self: *Program) void {
        self.literals.deinit(allocator);
        self.segments.deinit(allocator);
        self.spare.deinit(allocator);
        self.older.deinit(allocator);
    }

    pub fn memoryUsed(self: *const Program) u64 {
        const rows = self.segments.capacity + self.spare.capacity + self.older.capacity;
        return self.literals.capacity + rows * @sizeOf(Segment);
    }

    /// Whether the target is made of literals alone.
    pub fn isSelfContained(self: *const Program) bool {
        for (self.segments.items) |segment| if (!segment.isLiteral()) return false;
        return true;
    }

    /// Takes the next older delta.
    pub fn push(self: *Program, delta: []const u8) Error!void {
        const head = try deltas.sizes(delta);
        if (self.depth > 0 and head.target != self.source_size) return error.DeltaCorrupt;
        const start = self.literals.items.len;
        try self.literals.appendSlice(allocator, delta);
        self.older.clearRetainingCapacity();
        try self.parse(delta, head, start, &self.older);
        if (self.depth == 0) {
            std.mem.swap(Segments, &self.segments, &self.older);
            self.target_size = head.target;
        } else {
            try self.compose();
        }
        self.source_size = head.source;
        self.depth += 1;
    }

    fn parse(self: *Program, delta: []const u8, head: deltas.Sizes, start: usize, list: *Segments) Error!void {
        var operations: deltas.Operations = .{ .delta = delta, .at = head.header };
        var made: u64 = 0;
        while (try operations.next()) |operation| {
            switch (operation) {
                .copy => |copy| {
                    if (copy.offset > head.source or copy.size > head.source - copy.offset) return error.DeltaCorrupt;
                    made += copy.size;
                    try append(list, copy.size, copy.offset);
                },
                .literal => |literal| {
                    made += literal.size;
                    try append(list, literal.size, (start + literal.start) | literal_bit);
                },
            }
            if (made > head.target) return error.DeltaCorrupt;
            if (list.items.len > self.segments_max) return error.LimitExceeded;
        }
        if (made != head.target) return error.DeltaCorrupt;
    }

    /// Replaces every copy by what the older delta makes of its range.
    fn compose(self: *Program) Error!void {
        const under = self.older.items;
        self.spare.clearRetainingCapacity();
        var start: u64 = 0;
        var hint: usize = 0;
        for (self.segments.items) |segment| {
            const size = segment.end - start;
            start = segment.end;
            if (segment.isLiteral()) {
                try append(&self.spare, size, segment.source);
                continue;
            }
            var at = segment.source;
            const end = at + size;
            hint = find(under, at, hint);
            while (at < end) : (hint += 1) {
                const piece = under[hint];
                const piece_start = if (hint == 0) 0 else under[hint - 1].end;
                const until = @min(piece.end, end);
                try append(&self.spare, until - at, piece.source + (at - piece_start));
                at = until;
            }
            hint -= 1;
            if (self.spare.items.len > self.segments_max) return error.LimitExceeded;
        }
        std.mem.swap(Segments, &self.segments, &self.spare);
    }

    /// Joins literals that stand side by side in the target.
    pub fn coalesce(self: *Program) error{OutOfMemory}!void {
        var joined: std.ArrayList(u8) = .empty;
        errdefer joined.deinit(allocator);
        self.spare.clearRetainingCapacity();
        var start: u64 = 0;
        for (self.segments.items) |segment| {
            const size = segment.end - start;
            start = segment.end;
            if (segment.isLiteral()) {
                const source = joined.items.len | literal_bit;
                try joined.appendSlice(allocator, self.literals.items[@intCast(segment.position())..][0..@intCast(size)]);
                try append(&self.spare, size, source);
            } else try append(&self.spare, size, segment.source);
        }
        std.mem.swap(Segments, &self.segments, &self.spare);
        self.literals.deinit(allocator);
        self.literals = joined;
    }

    /// Makes the bytes from `from` on, as many as fit; the base has the size that the oldest delta tells.
    pub fn produce(self: *const Program, base: []const u8, from: u64, target: []u8) usize {
        const list = self.segments.items;
        if (from >= self.target_size) return 0;
        var index = find(list, from, 0);
        var done: usize = 0;
        while (done < target.len and index < list.len) : (index += 1) {
            const segment = list[index];
            const start = if (index == 0) 0 else list[index - 1].end;
            const skip = from + done - start;
            const size: usize = @intCast(@min(segment.end - start - skip, target.len - done));
            const pool = if (segment.isLiteral()) self.literals.items else base;
            @memcpy(target[done..][0..size], pool[@intCast(segment.position() + skip)..][0..size]);
            done += size;
        }
        return done;
    }
};

/// The first segment that ends after `at`, looked for from `hint` on, where it mostly is.
pub fn find(list: []const Segment, at: u64, hint: usize) usize {
    var low: usize = 0;
    var high = list.len;
    if (hint < list.len) {
        if (list[hint].end > at) {
            if (hint == 0 or list[hint - 1].end <= at) return hint;
            high = hint;
        } else {
            low = hint + 1;
            var leap: usize = 1;
            while (low + leap < list.len and list[low + leap].end <= at) : (leap *= 2) low += leap;
            high = @min(list.len, low + leap + 1);
        }
    }
    while (low < high) {
        const middle = low + (high - low) / 2;
        if (list[middle].end <= at) low = middle + 1 else high = middle;
    }
    return low;
}

test "a composed chain makes what replaying makes" {
    var random: std.Random.DefaultPrng = .init(11);
    const r = random.random();
    const gpa = std.testing.allocator;
    for (0..300) |_| {
        var base: [300]u8 = undefined;
        r.bytes(&base);
        var program: Program = .{ .segments_max = 1 << 20 };
        defer program.deinit();
        const depth = r.intRangeAtMost(usize, 1, 6);
        var chain: [6][]u8 = undefined;
        var content = try gpa.dupe(u8, &base);
        defer gpa.free(content);
        for (0..depth) |level| {
            var delta: std.ArrayList(u8) = .empty;
            const pieces = r.intRangeAtMost(usize, 1, 9);
            var body: std.ArrayList(u8) = .empty;
            defer body.deinit(gpa);
            var size: usize = 0;
            for (0..pieces) |_| {
                if (r.boolean()) {
                    const offset = r.uintLessThan(usize, content.len);
                    const length = r.intRangeAtMost(usize, 1, @min(content.len - offset, 200));
                    try body.appendSlice(gpa, &.{ 0x93, @truncate(offset), @truncate(offset >> 8), @intCast(length) });
                    size += length;
                } else {
                    const length = r.intRangeAtMost(usize, 1, 20);
                    try body.append(gpa, @intCast(length));
                    for (0..length) |_| try body.append(gpa, r.int(u8));
                    size += length;
                }
            }
            for ([_]usize{ content.len, size }) |value| {
                try delta.appendSlice(gpa, &.{ @intCast(value & 127 | 128), @intCast(value >> 7 & 127) });
            }
            try delta.appendSlice(gpa, body.items);
            chain[level] = try delta.toOwnedSlice(gpa);
            const next = try gpa.alloc(u8, size);
            try deltas.apply(content, chain[level], next);
            gpa.free(content);
            content = next;
        }
        defer for (chain[0..depth]) |delta| gpa.free(delta);
        var level = depth;
        while (level > 0) {
            level -= 1;
            try program.push(chain[level]);
        }
        const made = try gpa.alloc(u8, content.len);
        defer gpa.free(made);
        try std.testing.expectEqual(content.len, program.produce(&base, 0, made));
        try std.testing.expectEqualSlices(u8, content, made);
        try program.coalesce();
        @memset(made, 0);
        var at: usize = 0;
        while (at < made.len) at += program.produce(&base, at, made[at..@min(at + 7, made.len)]);
        try std.testing.expectEqualSlices(u8, content, made);
    }
}
