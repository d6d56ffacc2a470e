//! Hashing of blocks in memory, for hosts.

const std = @import("std");
const hashing = @import("hash.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const slab = @import("../core/slab.zig");
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Digests of all blocks of `block_size` bytes of the source, the last one shorter, one after the other; `produced` is
/// their size. On `threads` threads where the target has them.
fn hashBlocks(
    input: []const u8,
    block_size: u32,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    threads: u32,
    output: []u8,
    step: *Step,
) Result {
    const spec = hashing.Spec.init(id, seed_low, seed_high) orelse return .invalid_argument;
    if (block_size == 0) return .invalid_argument;
    const size = hashing.digestSize(spec.id);
    const count = std.math.divCeil(usize, input.len, block_size) catch unreachable;
    if (output.len < count * size) return .output_too_small;
    var job: Job = .{ .queue = .{ .count = @intCast(count) }, .input = input, .output = output, .block_size = block_size, .spec = spec };
    slab.runThreads(*Job, &job, Job.work, @min(threads, count));
    step.produced = @intCast(count * size);
    return .ok;
}

const Job = struct {
    queue: slab.Queue,
    input: []const u8,
    output: []u8,
    block_size: u32,
    spec: hashing.Spec,

    fn work(self: *Job) void {
        const size = hashing.digestSize(self.spec.id);
        while (self.queue.take()) |index| {
            const start = @as(usize, index) * self.block_size;
            const end = @min(self.input.len, start + self.block_size);
            self.spec.hash(self.input[start..end], self.output[index * size ..][0..size]);
        }
    }
};

/// A hash of bytes that come in pieces; null for a hash that is not known, or when there is no memory.
fn new(id: u32, seed_low: u32, seed_high: u32) ?*hashing.Hasher {
    const spec = hashing.Spec.init(id, seed_low, seed_high) orelse return null;
    const self = memory_module.createContext(hashing.Hasher) orelse return null;
    self.* = .init(spec.id, spec.seed);
    return self;
}

/// Frees a hash; null is fine.
fn free(self: ?*hashing.Hasher) void {
    memory_module.destroyContext(self orelse return);
}

/// Takes the next bytes in; they are not needed after the call.
fn update(self: *hashing.Hasher, source: []const u8) Result {
    self.update(source);
    return .ok;
}

/// Writes the digest; the hash can only be freed after it.
fn final(self: *hashing.Hasher, output: []u8, step: *Step) Result {
    const size = hashing.digestSize(self.*);
    if (output.len < size) return .output_too_small;
    self.final(output);
    step.produced = size;
    return .ok;
}

pub const exports = .{
    .{ "sluice_pdiffcopy_hash_blocks", hashBlocks, .off_loop },
    .{ "sluice_pdiffcopy_hash_new", new },
    .{ "sluice_pdiffcopy_hash_free", free },
    .{ "sluice_pdiffcopy_hash_update", update },
    .{ "sluice_pdiffcopy_hash_final", final },
};

test "blocks are hashed apart, the last one short" {
    var step: Step = .{};
    var digests: [60]u8 = undefined;
    const input = "0123456789";
    try std.testing.expectEqual(.ok, hashBlocks(input, 4, 5, 0, 0, 2, &digests, &step));
    try std.testing.expectEqual(60, step.produced);
    var expected: [20]u8 = undefined;
    std.crypto.hash.Sha1.hash("89", &expected, .{});
    try std.testing.expectEqualSlices(u8, &expected, digests[40..60]);
    try std.testing.expectEqual(.output_too_small, hashBlocks(input, 1, 5, 0, 0, 2, &digests, &step));
    try std.testing.expectEqual(.invalid_argument, hashBlocks(input, 0, 5, 0, 0, 2, &digests, &step));
    try std.testing.expectEqual(.invalid_argument, hashBlocks(input, 4, 99, 0, 0, 2, &digests, &step));
}

test "a hash of pieces" {
    var step: Step = .{};
    const self = new(3, 0, 0).?;
    defer free(self);
    try std.testing.expectEqual(.ok, update(self, "bc"));
    var digest: [32]u8 = undefined;
    try std.testing.expectEqual(.ok, final(self, &digest, &step));
    var expected: [32]u8 = undefined;
    std.crypto.hash.Blake3.hash("bc", &expected, .{});
    try std.testing.expectEqualSlices(u8, &expected, &digest);
}
