//! Searching for moved blocks in memory, for hosts.

const std = @import("std");
const hashing = @import("hash.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const rolling = @import("rolling.zig");
const Index = @import("rolling.zig").Index;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Signs all whole blocks of the source: a weak sum of 4 bytes and a digest for each.
fn sign(input: []const u8, block_size: u32, id: u32, seed_low: u32, seed_high: u32, output: []u8, step: *Step) Result {
    const spec = hashing.Spec.init(id, seed_low, seed_high) orelse return .invalid_argument;
    if (block_size == 0) return .invalid_argument;
    const entry_size = rolling.weak_size + hashing.digestSize(spec.id);
    const count = input.len / block_size;
    if (output.len < count * entry_size) return .output_too_small;
    for (0..count) |number| {
        rolling.sign(input[number * block_size ..][0..block_size], spec, output[number * entry_size ..][0..entry_size]);
    }
    step.produced = @intCast(count * entry_size);
    return .ok;
}

/// An index of signed blocks; null for numbers that make no sense, or when there is no memory. Blocks from `own_first` on
/// are those of the file that the new content is written to. `tail_size` is that of block `tail_block`, where that is the
/// last of the old file and shorter than the others; else 0.
fn new(
    entries: []const u8,
    block_size: u32,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    own_first: u32,
    tail_block: u32,
    tail_size: u32,
) ?*Index {
    const spec = hashing.Spec.init(id, seed_low, seed_high) orelse return null;
    const self = memory_module.createContext(Index) orelse return null;
    self.* = Index.init(entries, block_size, spec, own_first, .{ .block = tail_block, .size = tail_size }) orelse {
        memory_module.destroyContext(self);
        return null;
    };
    return self;
}

/// Frees an index; null is fine.
fn free(self: ?*Index) void {
    const index = self orelse return;
    index.deinit();
    memory_module.destroyContext(index);
}

/// Searches bytes that lie at `base` and writes frames for `consumed` of them, `produced` bytes: all of them where `last`
/// says that nothing follows. `hint` is the block that is expected next. `output_too_small` unless the target has room for
/// whatever comes of the source.
fn search(
    self: *const Index,
    input: []const u8,
    base: f64,
    last: u32,
    expected: u32,
    output: []u8,
    step: *Step,
) Result {
    if (!(base >= 0 and base <= 1 << 53)) return .invalid_argument;
    if (output.len < rolling.Writer.roomFor(self, input.len)) return .output_too_small;
    const position: u64 = @intFromFloat(base);
    var writer: rolling.Writer = .init(self, output);
    var going: rolling.Search = .init(self, expected);
    const consumed = going.scan(input, position, last != 0, &writer);
    writer.end(position + consumed);
    step.consumed = @intCast(consumed);
    step.produced = @intCast(writer.produced);
    step.hint = going.expected;
    return .ok;
}

pub const exports = .{
    .{ "sluice_pdiffcopy_rolling_sign", sign, .off_loop },
    .{ "sluice_pdiffcopy_rolling_index_new", new },
    .{ "sluice_pdiffcopy_rolling_index_free", free },
    .{ "sluice_pdiffcopy_rolling_search", search, .off_loop },
};

test "what is signed is found" {
    var bytes: [1000]u8 = undefined;
    for (&bytes, 0..) |*byte, i| byte.* = @truncate(i * i / 3);
    var entries: [200]u8 = undefined;
    var step: Step = .{};
    try std.testing.expectEqual(.ok, sign(&bytes, 100, 1, 0, 0, &entries, &step));
    try std.testing.expectEqual(200, step.produced);
    try std.testing.expectEqual(.output_too_small, sign(&bytes, 100, 1, 0, 0, entries[0..199], &step));
    try std.testing.expect(new(entries[0..199], 100, 1, 0, 0, rolling.none, 0, 0) == null);
    try std.testing.expect(new(&entries, 100, 1, 0, 0, rolling.none, 10, 5) == null);
    try std.testing.expect(new(&entries, 100, 1, 0, 0, rolling.none, 9, 100) == null);
    const index = new(&entries, 100, 1, 0, 0, rolling.none, 0, 0).?;
    defer free(index);
    var target: [4000]u8 = undefined;
    try std.testing.expectEqual(.ok, search(index, bytes[50..], 50, 0, rolling.none, &target, &step));
    try std.testing.expectEqual(950, step.consumed);
    try std.testing.expectEqual(10, step.hint);
    try std.testing.expectEqual(16 + 50 + 32 + 32, step.produced);
    try std.testing.expectEqual(.output_too_small, search(index, &bytes, 0, 0, 0, target[0..900], &step));
}
