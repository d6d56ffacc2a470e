//! Reading many objects at once. The entries that all wanted objects need form trees by their delta bases; each tree is
//! walked from its root so that every entry is inflated once, trees go to threads, and results fill an arena of the host
//! in whatever order they come. A job stops when the arena is full or bytes are missing, and goes on where it was.

const std = @import("std");
const outputs = @import("job_output.zig");
const plans = @import("job_plan.zig");
const slab = @import("../core/slab.zig");
const stores = @import("store.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;
const Result = @import("../core/result.zig").Result;
const Worker = @import("job_worker.zig").Worker;
const Record = @import("job_output.zig").Record;

pub const Job = struct {
    plan: plans.Plan,
    output: outputs.Output = undefined,
    workers: []Worker,
    next_worker: std.atomic.Value(u32) = .init(0),
    /// Items without a node are told first.
    next_orphan: u32 = 0,

    pub fn create(store: *stores.Store, count: usize, ids: []const u8, flags: plans.Flags, threads: u32) error{OutOfMemory}!*Job {
        const self = try allocator.create(Job);
        errdefer allocator.destroy(self);
        const workers = try allocator.alloc(Worker, @max(1, @min(threads, 64)));
        errdefer allocator.free(workers);
        self.* = .{ .plan = try .init(store, count, ids, flags), .workers = workers };
        for (workers) |*worker| worker.* = .{ .plan = &self.plan, .output = &self.output };
        _ = store.users.fetchAdd(1, .acquire);
        return self;
    }

    pub fn destroy(self: *Job) void {
        const store = self.plan.store;
        for (self.workers) |*worker| worker.deinit();
        allocator.free(self.workers);
        self.plan.deinit();
        _ = store.users.fetchSub(1, .release);
        allocator.destroy(self);
    }

    pub const Progress = struct { result: Result, arena_used: usize, record_count: usize, wanted: usize };

    /// Makes objects until all are done, the arena or the records are full, or bytes are missing.
    pub fn next(self: *Job, arena: []u8, records: []Record) Progress {
        self.output = .{ .arena = arena, .records = records };
        const output = &self.output;
        self.plan.plant() catch return .{ .result = .out_of_memory, .arena_used = 0, .record_count = 0, .wanted = 0 };
        while (self.next_orphan < self.plan.items.len) : (self.next_orphan += 1) {
            const item = &self.plan.items[self.next_orphan];
            if (item.state == .planned) continue;
            if (!output.record(self.plan.recordOf(self.next_orphan, item.result))) break;
        }
        if (!output.isFull()) {
            self.next_worker = .init(0);
            const left: u32 = @intCast(self.plan.rootsLeft());
            // Threads that hold unfinished trees have to come back.
            var busy: u32 = 0;
            for (self.workers, 1..) |*worker, number| {
                if (!worker.isIdle()) busy = @intCast(number);
            }
            const threads = @max(busy, @min(self.workers.len, left / 8 + 1));
            slab.runThreads(*Job, self, work, @intCast(threads));
            // A system short of threads leaves trees behind that this one takes up.
            for (self.workers) |*worker| if (!worker.isIdle()) worker.run();
        }
        const count = @min(output.record_count.load(.monotonic), records.len);
        var done = self.next_orphan == self.plan.items.len and self.plan.rootsLeft() == 0;
        for (self.workers) |*worker| {
            if (!worker.isIdle()) done = false;
        }
        const result: Result = if (output.exhausted.load(.monotonic))
            .out_of_memory
        else if (done)
            .ok
        else if (output.waiting.load(.monotonic))
            .needs_bytes
        else
            .output_pending;
        return .{
            .result = result,
            .arena_used = output.arena_used.load(.monotonic),
            .record_count = count,
            .wanted = output.wanted.load(.monotonic),
        };
    }

    fn work(self: *Job) void {
        const number = self.next_worker.fetchAdd(1, .monotonic);
        if (number < self.workers.len) self.workers[number].run();
    }
};
