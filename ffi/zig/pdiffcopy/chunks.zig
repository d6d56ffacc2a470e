//! Content-defined chunks: boundaries follow the content, so that an insertion moves chunks instead of changing them.
//! A gear hash decides, with a harder condition before the wanted size and an easier one after it (FastCDC's
//! normalization), between a least and a greatest size.

const std = @import("std");
const hashing = @import("hash.zig");
const result = @import("../core/result.zig");
const slab = @import("../core/slab.zig");
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

const gear_count = 256;

/// Sizes of chunks, and the conditions that follow from them.
const Rules = struct {
    min: u32,
    wanted: u32,
    max: u32,
    hard: u64,
    easy: u64,

    /// Null for sizes that make no sense.
    fn init(min: u32, wanted: u32, max: u32) ?Rules {
        if (min < 64 or wanted < min or max < wanted or !std.math.isPowerOfTwo(wanted)) return null;
        const bits: u6 = @intCast(std.math.log2_int(u32, wanted));
        return .{ .min = min, .wanted = wanted, .max = max, .hard = highBits(bits + 2), .easy = highBits(bits - 2) };
    }

    /// The gear hash has its best bits at the top.
    fn highBits(count: u6) u64 {
        return ~(@as(u64, std.math.maxInt(u64)) >> count);
    }
};

/// The size of the chunk at the front of `bytes`; all of them when no boundary comes.
fn chunkSize(bytes: []const u8, rules: Rules, gears: *const [gear_count]u64) usize {
    const end = @min(bytes.len, rules.max);
    if (end <= rules.min) return end;
    var hash: u64 = 0;
    // The hash forgets a byte after 64 more: what is before that counts for nothing.
    for (bytes[rules.min - 64 .. rules.min]) |byte| hash = (hash << 1) +% gears[byte];
    var at: usize = rules.min;
    const middle = @min(end, rules.wanted);
    while (at < middle) : (at += 1) {
        hash = (hash << 1) +% gears[bytes[at]];
        if (hash & rules.hard == 0) return at + 1;
    }
    while (at < end) : (at += 1) {
        hash = (hash << 1) +% gears[bytes[at]];
        if (hash & rules.easy == 0) return at + 1;
    }
    return end;
}

/// Cuts the source into chunks and writes where each ends into `ends`, until no chunk is certain or `ends` is full. The
/// last bytes are a chunk only when `last` says that nothing follows. `produced` is how many chunks, `consumed` where
/// the last one ends. `gears` are 256 numbers of 64 bits, in halves.
fn cut(
    input: []const u8,
    min: u32,
    wanted: u32,
    max: u32,
    last: u32,
    gears: []const u32,
    ends: []u32,
    step: *Step,
) Result {
    const rules = Rules.init(min, wanted, max) orelse return .invalid_argument;
    if (gears.len != 2 * gear_count) return .invalid_argument;
    var table: [gear_count]u64 = undefined;
    for (&table, 0..) |*gear, i| gear.* = gears[2 * i] | @as(u64, gears[2 * i + 1]) << 32;
    var at: usize = 0;
    var count: u32 = 0;
    while (at < input.len and count < ends.len) {
        const rest = input[at..];
        if (rest.len < max and last == 0) break;
        at += chunkSize(rest, rules, &table);
        ends[count] = @intCast(at);
        count += 1;
    }
    step.produced = count;
    step.consumed = @intCast(at);
    return .ok;
}

/// Digests of items of many sizes: item `i` lies at `[offsets[i], offsets[i + 1])`.
fn hashItems(
    input: []const u8,
    offsets: []const u32,
    id: u32,
    threads: u32,
    output: []u8,
    step: *Step,
) Result {
    const items = slab.SourceSlab.init(input, offsets) orelse return .invalid_argument;
    const spec = hashing.Spec.init(id, 0, 0) orelse return .invalid_argument;
    const size = hashing.digestSize(spec.id);
    if (output.len < @as(usize, items.count()) * size) return .output_too_small;
    var job: Job = .{ .queue = .{ .count = items.count() }, .items = items, .output = output, .spec = spec };
    slab.runThreads(*Job, &job, Job.work, @min(threads, items.count()));
    step.produced = items.count() * size;
    return .ok;
}

const Job = struct {
    queue: slab.Queue,
    items: slab.SourceSlab,
    output: []u8,
    spec: hashing.Spec,

    fn work(self: *Job) void {
        const size = hashing.digestSize(self.spec.id);
        while (self.queue.take()) |index| self.spec.hash(self.items.item(index), self.output[index * size ..][0..size]);
    }
};

pub const exports = .{
    .{ "sluice_pdiffcopy_chunks_cut", cut, .off_loop },
    .{ "sluice_pdiffcopy_chunks_hash", hashItems, .off_loop },
};

test "chunks keep to their sizes and move with their content" {
    var random: std.Random.DefaultPrng = .init(1);
    var gears: [2 * gear_count]u32 = undefined;
    random.fill(std.mem.sliceAsBytes(&gears));
    var bytes: [40_000]u8 = undefined;
    random.fill(&bytes);
    var ends: [1000]u32 = undefined;
    var step: Step = .{};
    try std.testing.expectEqual(.ok, cut(bytes[100..], 64, 256, 1024, 1, &gears, &ends, &step));
    try std.testing.expectEqual(39_900, step.consumed);
    const count = step.produced;
    var start: u32 = 0;
    for (ends[0 .. count - 1]) |end| {
        try std.testing.expect(end - start >= 64 and end - start <= 1024);
        start = end;
    }
    var moved: [1000]u32 = undefined;
    try std.testing.expectEqual(.ok, cut(&bytes, 64, 256, 1024, 1, &gears, &moved, &step));
    var shared: usize = 0;
    for (ends[0..count]) |end| {
        if (std.mem.findScalar(u32, moved[0..step.produced], end + 100) != null) shared += 1;
    }
    try std.testing.expect(shared * 10 > count * 9);
    try std.testing.expectEqual(.invalid_argument, cut(bytes[0..10], 64, 100, 1024, 1, &gears, &ends, &step));
    try std.testing.expectEqual(.invalid_argument, cut(bytes[0..10], 64, 256, 100, 1, &gears, &ends, &step));
}
