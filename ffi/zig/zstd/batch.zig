//! What the threads of a batch share in either direction: the values, the room for what becomes of them, and the first
//! failure.

const common = @import("common.zig");
const slab = @import("../core/slab.zig");
const Memory = @import("../core/memory.zig").Memory;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

pub const Batch = struct {
    queue: slab.Queue,
    sources: slab.SourceSlab,
    slots: slab.TargetSlab,
    /// Pairs of the library's parameter numbers and values.
    pairs: []const i32,
    /// The first failure: its result, the library's number, the item.
    result: Result = .ok,
    errno: u32 = 0,
    index: u32 = 0,

    /// Null where the offsets make no items, or there is not a slot for each value.
    pub fn init(
        input: []const u8,
        offsets: []const u32,
        output: []u8,
        slot_offsets: []const u32,
        pairs: []const i32,
    ) ?Batch {
        const sources = slab.SourceSlab.init(input, offsets) orelse return null;
        const slots = slab.TargetSlab.init(output, slot_offsets) orelse return null;
        if (slots.count() != sources.count()) return null;
        return .{ .queue = .{ .count = sources.count() }, .sources = sources, .slots = slots, .pairs = pairs };
    }

    /// Gives the context of a thread the parameters, which another context took already.
    pub fn configure(self: *const Batch, comptime Parameter: type, comptime set: anytype, context: anytype) void {
        var i: usize = 0;
        while (i + 1 < self.pairs.len) : (i += 2) {
            const name = common.parameter(Parameter, self.pairs[i]) orelse continue;
            _ = set(context, name, self.pairs[i + 1]);
        }
    }

    /// Runs `work(job)` on at most `threads` threads; on failure `value_low` is an item that failed.
    pub fn run(
        self: *Batch,
        comptime Job: type,
        job: *Job,
        comptime work: fn (*Job) void,
        threads: u32,
        step: *Step,
    ) Result {
        slab.runThreads(*Job, job, work, @min(threads, self.sources.count()));
        if (self.result != .ok) {
            step.detail = self.errno;
            step.value_low = self.index;
        }
        return self.result;
    }

    /// Stops all threads; the first failure is kept.
    pub fn fail(self: *Batch, failed: Result, errno: u32, index: u32) void {
        if (self.queue.failed.swap(true, .acq_rel)) return;
        self.result = failed;
        self.errno = errno;
        self.index = index;
    }

    /// As `fail`, for a failed size_t of the library.
    pub fn failSize(self: *Batch, size: usize, memory: *const Memory, index: u32) void {
        var step: Step = .{};
        const failed = common.failure(size, memory, &step);
        self.fail(failed, step.detail, index);
    }
};
