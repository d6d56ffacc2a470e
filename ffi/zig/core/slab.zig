//! Many values in one buffer: item `i` lies at `[offsets[i], offsets[i + 1])`. One call handles them all, on several
//! threads where the target has threads.

const std = @import("std");
const builtin = @import("builtin");

/// Threads per call are never more than this, whatever a host asks for.
const thread_count_max = 64;

/// Items of a slab: `count + 1` offsets that never go back and end inside the bytes.
pub fn Slab(comptime Bytes: type) type {
    return struct {
        const Self = @This();

        bytes: Bytes,
        offsets: []const u32,

        /// Null where the offsets make no items of these bytes.
        pub fn init(bytes: Bytes, offsets: []const u32) ?Self {
            if (offsets.len == 0) return null;
            for (offsets[0 .. offsets.len - 1], offsets[1..]) |start, end| if (start > end) return null;
            if (offsets[offsets.len - 1] > bytes.len) return null;
            return .{ .bytes = bytes, .offsets = offsets };
        }

        pub fn count(self: Self) u32 {
            return @intCast(self.offsets.len - 1);
        }

        pub fn item(self: Self, index: usize) Bytes {
            return self.bytes[self.offsets[index]..self.offsets[index + 1]];
        }
    };
}

pub const SourceSlab = Slab([]const u8);
pub const TargetSlab = Slab([]u8);

/// Hands out item numbers to the threads of a call and stops all of them at the first failure.
pub const Queue = struct {
    next: std.atomic.Value(u32) = .init(0),
    failed: std.atomic.Value(bool) = .init(false),
    count: u32,

    pub fn take(self: *Queue) ?u32 {
        if (self.failed.load(.monotonic)) return null;
        const index = self.next.fetchAdd(1, .monotonic);
        return if (index < self.count) index else null;
    }
};

/// Runs `work(context)` on `threads` threads, the calling one among them. Fewer run when the system has no more.
pub fn runThreads(comptime Context: type, context: Context, comptime work: fn (Context) void, threads: u32) void {
    if (builtin.single_threaded) return work(context);
    var spawned: [thread_count_max]std.Thread = undefined;
    var count: usize = 0;
    while (count + 1 < @min(threads, thread_count_max)) : (count += 1) {
        spawned[count] = std.Thread.spawn(.{}, work, .{context}) catch break;
    }
    work(context);
    for (spawned[0..count]) |thread| thread.join();
}

test "a slab is refused when its offsets go back or past the end" {
    const bytes = "abcdef";
    const good = [_]u32{ 0, 2, 2, 6 };
    const slab = SourceSlab.init(bytes, &good).?;
    try std.testing.expectEqual(3, slab.count());
    try std.testing.expectEqualStrings("cdef", slab.item(2));
    const back = [_]u32{ 0, 3, 2 };
    try std.testing.expect(SourceSlab.init(bytes, &back) == null);
    const past = [_]u32{ 0, 7 };
    try std.testing.expect(SourceSlab.init(bytes, &past) == null);
    try std.testing.expect(SourceSlab.init(bytes, &.{}) == null);
}

test "every item is handed out once over all threads" {
    const Counter = struct {
        queue: Queue,
        seen: [100]std.atomic.Value(u32) = @splat(.init(0)),

        fn work(self: *@This()) void {
            while (self.queue.take()) |index| _ = self.seen[index].fetchAdd(1, .monotonic);
        }
    };
    var counter: Counter = .{ .queue = .{ .count = 100 } };
    runThreads(*Counter, &counter, Counter.work, 4);
    for (&counter.seen) |*seen| try std.testing.expectEqual(1, seen.load(.monotonic));
}
