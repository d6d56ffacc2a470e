//! Reading the base of a composed program front to back with little memory: which copies can be served from a window that
//! slides over the base, and which ranges must be kept from a first pass ("pinned") because they come out of order.

const std = @import("std");
const programs = @import("delta_program.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;

pub const Range = struct { start: u64, end: u64, at: u64 };

pub const Plan = struct {
    /// By segment: whether it is served from the pinned ranges.
    pinned: []bool,
    /// Sorted, not touching; `at` is where the range starts among the kept bytes.
    ranges: []Range,
    kept_size: u64,

    pub fn deinit(self: *Plan) void {
        allocator.free(self.pinned);
        allocator.free(self.ranges);
    }

    /// Where a pinned position lies among the kept bytes.
    pub fn locate(self: *const Plan, position: u64) u64 {
        const range = self.ranges[self.firstEndingBehind(position)];
        return range.at + (position - range.start);
    }

    pub fn firstEndingBehind(self: *const Plan, position: u64) usize {
        var low: usize = 0;
        var high = self.ranges.len;
        while (low < high) {
            const middle = low + (high - low) / 2;
            if (self.ranges[middle].end <= position) low = middle + 1 else high = middle;
        }
        return low;
    }
};

/// How far the chosen run may step back each time: so little that many steps in a row stay within the window.
const step_back_share = 64;

/// Memory that making a plan takes, per segment.
pub const bytes_per_segment = 64;

const Best = struct { weight: u64 = 0, segment: u32 = std.math.maxInt(u32) };

/// Chooses the heaviest run of copies whose positions rise, looking back over at most `window` bytes; the rest is pinned.
pub fn makePlan(segments: []const programs.Segment, window: u64) error{OutOfMemory}!Plan {
    const pinned = try allocator.alloc(bool, segments.len);
    errdefer allocator.free(pinned);
    try choose(segments, window / step_back_share, pinned);
    // What counts is whether the window really holds it when its turn comes.
    var reached: u64 = 0;
    var start: u64 = 0;
    var count: usize = 0;
    for (segments, pinned) |segment, *pin| {
        const size = segment.end - start;
        start = segment.end;
        if (segment.isLiteral()) {
            pin.* = false;
            continue;
        }
        const is_held = segment.source + window >= reached;
        // What was passed a short while ago need not be part of the run.
        pin.* = if (pin.*) !(is_held and segment.source + size <= reached) else !is_held;
        if (pin.*) count += 1 else reached = @max(reached, segment.source + size);
    }
    var ranges = try allocator.alloc(Range, count);
    errdefer allocator.free(ranges);
    var filled: usize = 0;
    start = 0;
    for (segments, pinned) |segment, pin| {
        const size = segment.end - start;
        start = segment.end;
        if (!pin) continue;
        ranges[filled] = .{ .start = segment.source, .end = segment.source + size, .at = 0 };
        filled += 1;
    }
    std.sort.pdq(Range, ranges, {}, rangeLess);
    var merged: usize = 0;
    for (ranges) |range| {
        if (merged > 0 and range.start <= ranges[merged - 1].end) {
            ranges[merged - 1].end = @max(ranges[merged - 1].end, range.end);
        } else {
            ranges[merged] = range;
            merged += 1;
        }
    }
    var kept: u64 = 0;
    for (ranges[0..merged]) |*range| {
        range.at = kept;
        kept += range.end - range.start;
    }
    const owned = try allocator.dupe(Range, ranges[0..merged]);
    allocator.free(ranges);
    ranges = owned;
    return .{ .pinned = pinned, .ranges = owned, .kept_size = kept };
}

fn rangeLess(_: void, left: Range, right: Range) bool {
    return left.start < right.start;
}

/// Marks every copy outside the heaviest run.
fn choose(segments: []const programs.Segment, window: u64, pinned: []bool) error{OutOfMemory}!void {
    @memset(pinned, true);
    const ends = try allocator.alloc(u64, segments.len);
    defer allocator.free(ends);
    var count: usize = 0;
    var start: u64 = 0;
    for (segments) |segment| {
        const size = segment.end - start;
        start = segment.end;
        if (segment.isLiteral()) continue;
        ends[count] = segment.source + size;
        count += 1;
    }
    std.sort.pdq(u64, ends[0..count], {}, std.sort.asc(u64));
    // A Fenwick tree of the best run by where it ends.
    const tree = try allocator.alloc(Best, count + 1);
    defer allocator.free(tree);
    @memset(tree, .{});
    const before = try allocator.alloc(u32, segments.len);
    defer allocator.free(before);
    var heaviest: Best = .{};
    start = 0;
    for (segments, 0..) |segment, i| {
        const size = segment.end - start;
        start = segment.end;
        if (segment.isLiteral()) continue;
        var best: Best = .{};
        var at = countUpTo(ends[0..count], segment.source +| window);
        while (at > 0) : (at &= at - 1) {
            if (tree[at].weight > best.weight) best = tree[at];
        }
        before[i] = best.segment;
        const mine: Best = .{ .weight = best.weight + size, .segment = @intCast(i) };
        if (mine.weight > heaviest.weight) heaviest = mine;
        at = countUpTo(ends[0..count], segment.source + size - 1) + 1;
        while (at <= count) : (at += at & (~at + 1)) {
            if (mine.weight > tree[at].weight) tree[at] = mine;
        }
    }
    var at = heaviest.segment;
    while (at != std.math.maxInt(u32)) : (at = before[at]) pinned[at] = false;
}

/// How many of the sorted values are at most `value`.
fn countUpTo(sorted: []const u64, value: u64) usize {
    var low: usize = 0;
    var high = sorted.len;
    while (low < high) {
        const middle = low + (high - low) / 2;
        if (sorted[middle] <= value) low = middle + 1 else high = middle;
    }
    return low;
}

test "what comes in order is not pinned, what jumps back is" {
    const segments = [_]programs.Segment{
        .{ .end = 1000, .source = 0 },
        .{ .end = 1100, .source = 90_000 },
        .{ .end = 3100, .source = 1000 },
        .{ .end = 3200, .source = 2900 },
        .{ .end = 9000, .source = 5000 },
    };
    var plan = try makePlan(&segments, 100);
    defer plan.deinit();
    try std.testing.expectEqualSlices(bool, &.{ false, true, false, false, false }, plan.pinned);
    try std.testing.expectEqual(100, plan.kept_size);
    try std.testing.expectEqual(7, plan.locate(90_007));
}

test "a long run in order is not pinned for the sake of small pieces that lead away and back in steps" {
    const gpa = std.testing.allocator;
    var random: std.Random.DefaultPrng = .init(3);
    const segments = try gpa.alloc(programs.Segment, 40_000);
    defer gpa.free(segments);
    var end: u64 = 0;
    var far: u64 = 0;
    for (segments, 0..) |*segment, i| {
        const in_order = i % 20 == 0;
        const size: u64 = if (in_order) 60_000 else 12;
        end += size;
        segment.* = .{ .end = end, .source = if (in_order) i / 20 * 60_228 else random.random().uintLessThan(u64, 120_000_000) };
        if (!in_order) far += size;
    }
    var plan = try makePlan(segments, 1 << 20);
    defer plan.deinit();
    try std.testing.expect(plan.kept_size <= far);
}
