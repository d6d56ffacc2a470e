//! The heap of libc with a count of blocks, and a fault that tests plant. One object of a library has it; all others, and
//! the vendored C, call it by the names that are exported here.
//!
//! Where libc is glibc, what a burst of contexts took goes back to the system when they are closed: glibc alone keeps it,
//! in pieces, and each further burst takes more.

const std = @import("std");
const builtin = @import("builtin");

extern fn malloc(size: usize) ?*anyopaque;
extern fn calloc(count: usize, size: usize) ?*anyopaque;
extern fn free(block: ?*anyopaque) void;

/// Blocks that are taken and not given back; leak tests expect it back where it was.
var live_blocks: std.atomic.Value(u32) = .init(0);
/// Allocations from now to the one that fails; 0 where none is to fail.
var until_failure: std.atomic.Value(u32) = .init(0);

const is_glibc = builtin.target.isGnuLibC();
extern fn malloc_usable_size(block: ?*anyopaque) usize;
extern fn malloc_trim(keep: usize) c_int;

/// Less than this is not worth asking the system to take it back.
const trim_min = 256 << 20;
/// Bytes of all blocks that are taken, where libc tells their sizes.
var live_bytes: std.atomic.Value(usize) = .init(0);
/// The most of them since memory was last given back to the system.
var peak_bytes: std.atomic.Value(usize) = .init(0);

fn noteTaken(block: *anyopaque) void {
    const size = malloc_usable_size(block);
    const live = live_bytes.fetchAdd(size, .monotonic) + size;
    if (live > peak_bytes.load(.monotonic)) _ = peak_bytes.fetchMax(live, .monotonic);
}

/// Notes that a block is about to be freed; whether so much is free then that the system should have it back.
fn noteGiven(block: *anyopaque) bool {
    const size = malloc_usable_size(block);
    const live = live_bytes.fetchSub(size, .monotonic) - size;
    const peak = peak_bytes.load(.monotonic);
    if (live > peak / 2 or peak - live < trim_min) return false;
    return peak_bytes.cmpxchgStrong(peak, live, .monotonic, .monotonic) == null;
}

/// Whether this allocation is the one that a test wants to fail.
fn isFailing() bool {
    if (until_failure.load(.monotonic) == 0) return false;
    var left = until_failure.load(.monotonic);
    while (left > 0) left = until_failure.cmpxchgWeak(left, left - 1, .monotonic, .monotonic) orelse return left == 1;
    return false;
}

fn counted(block: ?*anyopaque) ?*anyopaque {
    if (block) |taken| {
        _ = live_blocks.fetchAdd(1, .monotonic);
        if (is_glibc) noteTaken(taken);
    }
    return block;
}

fn take(size: usize) callconv(.c) ?*anyopaque {
    return if (isFailing()) null else counted(malloc(size));
}

/// As `take`, filled with zeros; large blocks come zeroed from the system.
fn takeZeroed(count: usize, size: usize) callconv(.c) ?*anyopaque {
    return if (isFailing()) null else counted(calloc(count, size));
}

fn give(block: ?*anyopaque) callconv(.c) void {
    if (block == null) return;
    _ = live_blocks.fetchSub(1, .monotonic);
    const has_excess = is_glibc and noteGiven(block.?);
    free(block);
    if (has_excess) _ = malloc_trim(0);
}

/// For tests: makes the `count`-th allocation from now fail, 0 for none. Returns what was left of the count before: 0
/// when the failure has happened.
pub fn failAllocation(count: u32) u32 {
    return until_failure.swap(count, .monotonic);
}

/// For tests: how many blocks are taken and not given back.
pub fn liveBlocks() u32 {
    return live_blocks.load(.monotonic);
}

/// The names that heap.zig declares, and that the vendored C is built with.
pub fn exportAll() void {
    @export(&take, .{ .name = "sluice_heap_malloc", .visibility = .hidden });
    @export(&takeZeroed, .{ .name = "sluice_heap_calloc", .visibility = .hidden });
    @export(&give, .{ .name = "sluice_heap_free", .visibility = .hidden });
}

comptime {
    if (@import("builtin").is_test) exportAll();
}

test "the planted failure comes once, at its count" {
    const before = liveBlocks();
    _ = failAllocation(2);
    const first = take(10).?;
    try std.testing.expect(takeZeroed(1, 10) == null);
    const third = take(10).?;
    try std.testing.expectEqual(0, failAllocation(0));
    try std.testing.expectEqual(before + 2, liveBlocks());
    give(first);
    give(third);
    give(null);
    try std.testing.expectEqual(before, liveBlocks());
}
