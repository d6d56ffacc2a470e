//! One thread of a job: walks trees from their roots, makes each object once and writes it to the output.

const std = @import("std");
const entries = @import("entry.zig");
const hashes = @import("hash.zig");
const plans = @import("job_plan.zig");
const readers = @import("reader.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;
const Output = @import("job_output.zig").Output;
const Result = @import("../core/result.zig").Result;
const Value = @import("value.zig").Value;
const Id = @import("job_plan.zig").Id;
const Node = @import("job_plan.zig").Node;
const none = @import("job_plan.zig").none;
const resultOf = @import("reader.zig").resultOf;

/// Jobs of up to so many items leave their delta bases to the cache; larger ones use each base up themselves.
const cached_items_max = 512;
/// Values that one thread keeps for objects that follow.
const held_max = 16 << 20;
/// Bytes of one stream that are asked for ahead.
const ahead_max = 64 << 10;

/// What one thread has under way; it outlives calls that stop in the middle of a tree.
pub const Worker = struct {
    plan: *plans.Plan,
    output: *Output,
    reader: ?readers.Reader = null,
    stack: std.ArrayList(u32) = .empty,
    chain: std.ArrayList(u32) = .empty,
    /// Nodes whose bytes are asked for ahead.
    ahead: std.ArrayList(u32) = .empty,
    /// The first tree that nothing was asked for ahead.
    asked_root: u32 = 0,
    /// Nodes that hold values, oldest first, and how much they hold.
    holders: std.ArrayList(u32) = .empty,
    held: usize = 0,
    /// The node whose items are being told, and the next of them.
    telling: u32 = none,
    tell_item: u32 = none,
    tell_value: ?*Value = null,
    digest: Id = @splat(0),

    pub fn deinit(self: *Worker) void {
        if (self.tell_value) |value| value.release();
        if (self.reader) |*reader| reader.deinit();
        self.stack.deinit(allocator);
        self.chain.deinit(allocator);
        self.ahead.deinit(allocator);
        self.holders.deinit(allocator);
    }

    pub fn isIdle(self: *const Worker) bool {
        return self.telling == none and self.stack.items.len == 0;
    }

    pub fn run(self: *Worker) void {
        if (self.reader == null) self.reader = readers.Reader.init(self.plan.store) catch return self.failAll();
        defer {
            // Pages are not held between calls.
            self.reader.?.rest();
        }
        while (true) {
            if (self.telling != none) {
                if (!self.tell()) return;
                self.finish(self.telling) catch return self.failAll();
                self.telling = none;
            }
            const number = self.stack.pop() orelse self.plan.takeRoot() orelse return;
            self.visit(number) catch |failure| switch (failure) {
                error.NeedsBytes => {
                    self.output.waiting.store(true, .monotonic);
                    self.stack.append(allocator, number) catch self.failAll();
                    self.askAhead() catch self.failAll();
                    return;
                },
                else => return self.failAll(),
            };
        }
    }

    /// Asks the host for what the next trees need, each of them once, so that it is not called for every page.
    fn askAhead(self: *Worker) error{OutOfMemory}!void {
        const plan = self.plan;
        const pages = &plan.store.pages;
        const next = plan.next_root.load(.monotonic);
        // What was asked for before is used up first: there is no room for all.
        if (next < self.asked_root) return;
        self.asked_root = next;
        self.ahead.clearRetainingCapacity();
        while (!pages.isAskedForMuch()) {
            const number = self.ahead.pop() orelse blk: {
                if (self.asked_root >= plan.roots.len) return;
                defer self.asked_root += 1;
                break :blk plan.roots[self.asked_root];
            };
            const this = self.node(number);
            var child = this.first_child;
            while (child != none) : (child = self.node(child).next_sibling) try self.ahead.append(allocator, child);
            const pack = plan.store.packAt(this.pack) orelse continue;
            if (pack.file.isNative() or this.data() >= pack.end) continue;
            const length = @min(readers.storedMax(this.size), ahead_max, pack.end - this.data());
            pages.needRange(pack.file, this.data(), length) catch |failure| switch (failure) {
                error.OutOfMemory => return error.OutOfMemory,
                else => return,
            };
        }
    }

    /// The system has no memory: the whole job fails.
    fn failAll(self: *Worker) void {
        self.output.exhausted.store(true, .monotonic);
    }

    fn node(self: *Worker, number: u32) *Node {
        return &self.plan.nodes.items[number];
    }

    fn visit(self: *Worker, number: u32) error{ NeedsBytes, OutOfMemory }!void {
        const this = self.node(number);
        if (this.base != none) {
            const base = self.node(this.base);
            this.kind = base.kind;
            if (this.fault == .ok) this.fault = base.fault;
        }
        // A link that nobody else stands on is made on the way to its child.
        this.passed = this.fault == .ok and this.first_item == none and this.child_count == 1 and !self.plan.flags.digest;
        var value: ?*Value = null;
        if (this.fault == .ok and !this.passed) {
            value = self.make(number) catch |failure| switch (failure) {
                error.NeedsBytes, error.OutOfMemory => |passed| return passed,
                else => blk: {
                    if (this.fault == .ok) this.fault = resultOf(failure);
                    break :blk null;
                },
            };
        }
        errdefer if (value) |made| made.release();
        if (value) |made| try self.check(this, made);
        if (this.child_count > 0) {
            if (value) |made| {
                this.value = made.retain();
                self.held += made.size;
                try self.holders.append(allocator, number);
                if (self.held > held_max) self.letGo(number);
            }
        }
        self.tell_value = value;
        self.telling = number;
        self.tell_item = this.first_item;
    }

    /// Hashes an object where that is asked for.
    fn check(self: *Worker, this: *Node, value: *Value) error{OutOfMemory}!void {
        const plan = self.plan;
        if (!plan.flags.verify and !plan.flags.digest) return;
        var hash = hashes.Hash.init(plan.store.hash_size, if (plan.flags.outside) .outside else .own).?;
        hash.beginObject(hashes.typeName(@intFromEnum(this.kind)).?, value.size);
        hash.update(value.bytes());
        self.digest = @splat(0);
        hash.final(&self.digest) catch {
            this.fault = .sha1_collision;
        };
        if (!plan.flags.digest) return;
        // Deltas that named this object by its id are its children from now on.
        const waiting = plan.by_base_id.getPtr(self.digest) orelse return;
        if (waiting.claimed.swap(true, .acq_rel)) return;
        var child = waiting.first;
        while (child != none) {
            const node_of_child = self.node(child);
            const following = node_of_child.next_sibling;
            node_of_child.base = @intCast(this - plan.nodes.items.ptr);
            node_of_child.fault = .ok;
            node_of_child.depth = this.depth + 1;
            node_of_child.next_sibling = this.first_child;
            this.first_child = child;
            this.child_count += 1;
            this.pending += 1;
            child = following;
        }
    }

    /// Lets the oldest values go when too much is held; they are made again if they are needed.
    fn letGo(self: *Worker, keep: u32) void {
        var kept: usize = 0;
        for (self.holders.items) |number| {
            const holder = self.node(number);
            const value = holder.value orelse continue;
            if (self.held > held_max / 2 and number != keep) {
                self.held -= value.size;
                value.release();
                holder.value = null;
            } else {
                self.holders.items[kept] = number;
                kept += 1;
            }
        }
        self.holders.shrinkRetainingCapacity(kept);
    }

    /// The object of a node, from the nearest link of its chain that is at hand.
    fn make(self: *Worker, number: u32) readers.Error!?*Value {
        const plan = self.plan;
        const reader = &self.reader.?;
        const caches = plan.items.len <= cached_items_max;
        self.chain.clearRetainingCapacity();
        var at = number;
        var value: *Value = while (true) {
            const link = self.node(at);
            if (link.fault != .ok) {
                self.node(number).fault = link.fault;
                return null;
            }
            if (link.value) |held| break held.retain();
            if (caches) if (plan.store.cache.get(.{ .pack = link.pack, .offset = link.offset })) |cached| break cached;
            if (link.base == none) break try self.makeFull(link) orelse {
                self.node(number).fault = link.fault;
                return null;
            };
            try self.chain.append(allocator, at);
            at = link.base;
        };
        while (self.chain.pop()) |following| {
            errdefer value.release();
            const link = self.node(following);
            const pack = plan.store.packAt(link.pack) orelse return error.OutOfRange;
            if (caches) plan.store.cache.put(.{ .pack = self.node(at).pack, .offset = self.node(at).offset }, value);
            const made = reader.applied(value, pack, link.data(), link.size) catch |failure| {
                if (failure != error.NeedsBytes and failure != error.OutOfMemory) link.fault = resultOf(failure);
                return failure;
            };
            value.release();
            value = made orelse {
                link.fault = .value_too_large;
                self.node(number).fault = .value_too_large;
                return null;
            };
            at = following;
        }
        return value;
    }

    fn makeFull(self: *Worker, link: *Node) readers.Error!?*Value {
        if (!entries.isFull(link.stored)) return error.Corrupt;
        if (link.size > readers.whole_size_max) {
            link.fault = .value_too_large;
            return null;
        }
        const pack = self.plan.store.packAt(link.pack) orelse return error.OutOfRange;
        const value = try Value.create(@intCast(link.size));
        errdefer value.release();
        self.reader.?.inflate(pack, link.data(), value.bytes()) catch |failure| {
            if (failure != error.NeedsBytes and failure != error.OutOfMemory) link.fault = resultOf(failure);
            return failure;
        };
        return value;
    }

    /// Writes the items of the current node; false when there is no room.
    fn tell(self: *Worker) bool {
        const plan = self.plan;
        const this = self.node(self.telling);
        while (self.tell_item != none) {
            const index = self.tell_item;
            var record = plan.recordOf(index, this.fault);
            record.kind = @intFromEnum(this.kind);
            record.depth = if (this.depth == none) 0 else this.depth;
            if (self.output.isFull()) return false;
            if (self.tell_value) |value| {
                const digest = self.digest[0..plan.store.hash_size];
                if (plan.flags.verify and !plan.flags.digest) {
                    if (plan.idOf(index)) |id| if (!std.mem.eql(u8, id, digest)) {
                        record.result = Result.checksum_mismatch.code();
                    };
                }
                const bytes: []const u8 = if (plan.flags.digest) digest else value.bytes();
                const room = self.output.room(bytes.len) orelse return false;
                @memcpy(room, bytes);
                record.start = if (bytes.len == 0) 0 else @intCast(room.ptr - self.output.arena.ptr);
                record.size_low = @truncate(value.size);
                record.size_high = @truncate(@as(u64, value.size) >> 32);
            } else if (entries.isFull(this.stored)) {
                record.size_low = @truncate(this.size);
                record.size_high = @truncate(this.size >> 32);
            }
            if (!self.output.record(record)) return false;
            self.tell_item = plan.items[index].next;
        }
        return true;
    }

    /// All items of a node are told: its children follow, and its base may go.
    fn finish(self: *Worker, number: u32) error{OutOfMemory}!void {
        const this = self.node(number);
        if (self.tell_value) |value| value.release();
        self.tell_value = null;
        var child = this.first_child;
        while (child != none) : (child = self.node(child).next_sibling) try self.stack.append(allocator, child);
        if (this.passed) return;
        var above = this.base;
        while (above != none) {
            const base = self.node(above);
            base.pending -= 1;
            if (base.pending > 0) return;
            if (base.value) |value| {
                self.held -= value.size;
                value.release();
                base.value = null;
            }
            if (!base.passed) return;
            above = base.base;
        }
    }
};
