//! Ranges of files as hosts give them, and what threads share that work on the blocks of one.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const slab = @import("../core/slab.zig");
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// A position in a file; null for what is none.
pub fn position(value: f64) ?u64 {
    const max: f64 = @floatFromInt(@as(u64, 1) << 53);
    return if (value >= 0 and value <= max) @intFromFloat(value) else null;
}

/// What lies between two positions; null where they are none, or the wrong way round.
pub fn between(start: f64, end: f64) ?files.Range {
    const range: files.Range = .{ .start = position(start) orelse return null, .end = position(end) orelse return null };
    return if (range.start <= range.end) range else null;
}

/// How many blocks that is; null where one call can't take so many.
pub fn blockCount(range: files.Range, block_size: u32) ?u32 {
    const count = std.math.divCeil(u64, range.end - range.start, block_size) catch return null;
    return if (count <= std.math.maxInt(u32) / 2) @intCast(count) else null;
}

/// The first failure of several threads.
pub const FirstFailure = struct {
    errno: std.atomic.Value(u32) = .init(0),
    is_there: std.atomic.Value(bool) = .init(false),

    /// Keeps the first, and has all threads end.
    pub fn note(self: *FirstFailure, queue: *slab.Queue, errno: files.Errno) void {
        if (!self.is_there.swap(true, .monotonic)) self.errno.store(errno, .monotonic);
        queue.failed.store(true, .monotonic);
    }

    /// The result of the job, when all threads have ended.
    pub fn result(self: *const FirstFailure, step: *Step) Result {
        return step.systemCall(if (self.is_there.load(.monotonic)) self.errno.load(.monotonic) else null);
    }
};
