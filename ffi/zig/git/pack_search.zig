//! Choosing what each object of a pack is stored as: objects come sorted so that similar ones follow each other, each is
//! tried against the last ones in a window, and the smallest delta within the depth wins over the object itself.

const std = @import("std");
const c = @import("libdeflate_c");
const encoder = @import("delta_encoder.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;

/// Smaller objects gain nothing, larger ones take too much memory.
const delta_size_min = 50;
const delta_size_max = 512 << 20;

const Candidate = struct {
    number: u32,
    kind: u32,
    depth: u32,
    bytes: []u8,
    index: ?encoder.Index,

    fn destroy(self: *Candidate) void {
        if (self.index) |*index| index.destroy();
        allocator.free(self.bytes);
    }

    fn memoryUsed(self: *const Candidate) usize {
        return self.bytes.len + (if (self.index) |*index| index.memoryUsed() else 0);
    }
};

pub const Choice = struct {
    /// The number of the base; null for a full object.
    base: ?u32,
    depth: u32,
    /// Inflated size of what is stored.
    size: usize,
    /// Bytes of the zlib stream.
    stored: usize,
};

pub const Search = struct {
    window_max: u32,
    depth_max: u32,
    hash_size: u32,
    memory_max: usize,
    compressor: *c.libdeflate_compressor,
    /// The nearest first.
    window: std.ArrayList(Candidate) = .empty,
    next_number: u32 = 0,
    best: []u8 = &.{},
    trial: []u8 = &.{},

    pub fn deinit(self: *Search) void {
        for (self.window.items) |*candidate| candidate.destroy();
        self.window.deinit(allocator);
        allocator.free(self.best);
        allocator.free(self.trial);
        c.libdeflate_free_compressor(self.compressor);
    }

    fn reserve(self: *Search, size: usize) error{OutOfMemory}!void {
        if (self.best.len >= size) return;
        allocator.free(self.best);
        self.best = &.{};
        allocator.free(self.trial);
        self.trial = &.{};
        self.best = try allocator.alloc(u8, size);
        self.trial = try allocator.alloc(u8, size);
    }

    /// Chooses for the next object and writes its zlib stream.
    pub fn push(self: *Search, kind: u32, object: []const u8, output: []u8) error{ OutOfMemory, OutputTooSmall }!Choice {
        const number = self.next_number;
        self.next_number += 1;
        const eligible = self.window_max > 0 and self.depth_max > 0 and
            object.len >= delta_size_min and object.len <= delta_size_max;
        var best: ?usize = null;
        var best_size: usize = 0;
        var best_depth: u32 = 0;
        if (eligible and object.len / 2 > self.hash_size) {
            try self.reserve(object.len / 2);
            for (self.window.items, 0..) |*candidate, i| {
                if (candidate.kind != kind or candidate.depth >= self.depth_max) continue;
                const allowed: u64 = if (best == null) object.len / 2 - self.hash_size else best_size;
                const reference = if (best == null) 1 else best_depth;
                // Less for deltas on long chains, so that short ones are preferred.
                const limit: usize = @intCast(allowed * (self.depth_max - candidate.depth) / (self.depth_max - reference + 1));
                if (limit == 0) continue;
                const growth = object.len -| candidate.bytes.len;
                if (growth >= limit or object.len < candidate.bytes.len / 32) continue;
                if (candidate.index == null) candidate.index = try encoder.Index.create(candidate.bytes);
                const size = encoder.encode(&candidate.index.?, candidate.bytes, object, self.trial[0..@min(limit, self.trial.len)]) orelse continue;
                if (best != null and size == best_size and candidate.depth + 1 >= best_depth) continue;
                best = i;
                best_size = size;
                best_depth = candidate.depth + 1;
                std.mem.swap([]u8, &self.best, &self.trial);
            }
        }
        const content = if (best == null) object else self.best[0..best_size];
        const stored = c.libdeflate_zlib_compress(self.compressor, content.ptr, content.len, output.ptr, output.len);
        if (stored == 0) return error.OutputTooSmall;
        const base = if (best) |i| self.window.items[i].number else null;
        if (best) |i| {
            // A good base is likely to be good for what follows.
            const chosen = self.window.orderedRemove(i);
            self.window.insertAssumeCapacity(0, chosen);
        }
        if (eligible) try self.remember(.{
            .number = number,
            .kind = kind,
            .depth = best_depth,
            .bytes = try allocator.dupe(u8, object),
            .index = null,
        });
        return .{ .base = base, .depth = best_depth, .size = content.len, .stored = stored };
    }

    fn remember(self: *Search, candidate: Candidate) error{OutOfMemory}!void {
        self.window.insert(allocator, 0, candidate) catch |failure| {
            var lost = candidate;
            lost.destroy();
            return failure;
        };
        var used: usize = 0;
        var keep: usize = 0;
        for (self.window.items) |*held| {
            used += held.memoryUsed();
            if (keep >= self.window_max or (keep > 0 and used > self.memory_max)) break;
            keep += 1;
        }
        while (self.window.items.len > keep) {
            var dropped = self.window.pop().?;
            dropped.destroy();
        }
    }
};

test "versions of one text become deltas, and the window stays within its memory" {
    const gpa = std.testing.allocator;
    var search: Search = .{
        .window_max = 10,
        .depth_max = 3,
        .hash_size = 20,
        .memory_max = 30_000,
        .compressor = c.libdeflate_alloc_compressor(6).?,
    };
    defer search.deinit();
    var random: std.Random.DefaultPrng = .init(8);
    const text = try gpa.alloc(u8, 5000);
    defer gpa.free(text);
    random.random().bytes(text);
    const output = try gpa.alloc(u8, 6000);
    defer gpa.free(output);
    var depth_seen: u32 = 0;
    for (0..20) |i| {
        text[i * 100] +%= 1;
        const choice = try search.push(3, text, output);
        try std.testing.expect((choice.base == null) == (i == 0));
        depth_seen = @max(depth_seen, choice.depth);
        var used: usize = 0;
        for (search.window.items) |*held| used += held.memoryUsed();
        try std.testing.expect(used <= 30_000 + 12_000);
    }
    try std.testing.expect(depth_seen >= 1 and depth_seen <= 3);
}
