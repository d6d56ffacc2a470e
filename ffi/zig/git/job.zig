//! Reading many objects at once. The entries that all wanted objects need form trees by their delta bases; each tree is
//! walked from its root so that every entry is inflated once, trees go to threads, and results fill an arena of the host
//! in whatever order they come. A job stops when the arena is full or bytes are missing, and goes on where it was.

const std = @import("std");
const allocator = @import("../core/c_allocator.zig").c_allocator;
const deltas = @import("delta.zig");
const entries = @import("entry.zig");
const files = @import("files.zig");
const hashes = @import("hash.zig");
const indexes = @import("index.zig");
const readers = @import("reader.zig");
const Result = @import("../core/result.zig").Result;
const slab = @import("../core/slab.zig");
const stores = @import("store.zig");
const Value = @import("value.zig").Value;

pub const none = std.math.maxInt(u32);
/// Jobs of up to so many items leave their delta bases to the cache; larger ones use each base up themselves.
const cached_items_max = 512;
/// Values that one thread keeps for objects that follow.
const held_max = 64 << 20;

pub const Flags = packed struct(u32) {
    /// Hash every object and compare with its id.
    verify: bool = false,
    /// Give the hash of each object instead of its bytes; deltas may name bases that only their hash tells.
    digest: bool = false,
    /// The objects come from outside: SHA-1 looks for collision attacks.
    outside: bool = false,
    unused: u29 = 0,
};

pub const Record = extern struct {
    item: u32,
    result: i32,
    kind: u32,
    depth: u32,
    size_low: u32,
    size_high: u32,
    start: u32,
    pack: u32,
    offset_low: u32,
    offset_high: u32,
};
pub const record_length = @sizeOf(Record) / 4;

const Item = struct {
    place: indexes.Place = .{ .pack = none, .offset = 0 },
    state: enum { unknown, placed, planned, failed } = .unknown,
    result: Result = .ok,
    node: u32 = none,
    /// The next item that wants the same node.
    next: u32 = none,
};

const Node = struct {
    key: indexes.Place,
    /// Inflated size of what is stored, and where its zlib stream starts.
    size: u64,
    data: u64,
    /// Of deltas that tell it by distance.
    base_offset: u64,
    base: u32 = none,
    first_child: u32 = none,
    next_sibling: u32 = none,
    child_count: u32 = 0,
    /// Children that have not been made yet.
    pending: u32 = 0,
    depth: u32 = none,
    /// The type of the object, as far as it is known, and of the entry as it is stored.
    kind: entries.Kind,
    stored: entries.Kind,
    first_item: u32 = none,
    /// The last walk along a chain that came by.
    walk: u32 = 0,
    /// Whether the node was not made itself but is made on the way to its child.
    passed: bool = false,
    fault: Result = .ok,
    value: ?*Value = null,

    fn isRoot(self: *const Node) bool {
        return self.base == none;
    }
};

fn resultOf(failure: readers.Error) Result {
    return switch (failure) {
        error.NeedsBytes => .needs_bytes,
        error.OutOfMemory => .out_of_memory,
        error.ReadFailed => .read_failed,
        error.Truncated => .truncated,
        error.OutOfRange, error.Corrupt => .corrupt,
        error.DeltaCorrupt => .delta_corrupt,
    };
}

const PlaceContext = struct {
    /// Offsets are spread by a multiplication whose high bits the table takes its buckets from as well.
    pub fn hash(_: PlaceContext, place: indexes.Place) u64 {
        const product = (place.offset ^ @as(u64, place.pack) << 44) *% 0x9e37_79b9_7f4a_7c15;
        return product ^ product >> 32;
    }

    pub fn eql(_: PlaceContext, left: indexes.Place, right: indexes.Place) bool {
        return left.offset == right.offset and left.pack == right.pack;
    }
};

/// Nodes that wait for an object with this id.
const Waiting = struct { first: u32, claimed: std.atomic.Value(bool) = .init(false) };
const Id = [indexes.hash_size_max]u8;

pub const Job = struct {
    store: *stores.Store,
    flags: Flags,
    ids: []u8,
    items: []Item,
    nodes: std.ArrayList(Node) = .empty,
    by_place: std.HashMapUnmanaged(indexes.Place, u32, PlaceContext, std.hash_map.default_max_load_percentage) = .empty,
    by_base_id: std.AutoHashMapUnmanaged(Id, Waiting) = .empty,
    path: std.ArrayList(u32) = .empty,
    /// How many walks along chains have started.
    walks: u32 = 0,
    planned: usize = 0,
    roots: []u32 = &.{},
    next_root: std.atomic.Value(u32) = .init(0),
    /// Items without a node are told first.
    next_orphan: u32 = 0,
    reader: readers.Reader,
    workers: []Worker = &.{},
    next_worker: std.atomic.Value(u32) = .init(0),
    output: Output = undefined,

    /// What the threads fill during one call.
    const Output = struct {
        arena: []u8,
        arena_used: std.atomic.Value(usize) = .init(0),
        records: []Record,
        record_count: std.atomic.Value(u32) = .init(0),
        /// The least room that an object needs which did not fit.
        wanted: std.atomic.Value(usize) = .init(0),
        waiting: std.atomic.Value(bool) = .init(false),
        /// The system had no memory for some object.
        exhausted: std.atomic.Value(bool) = .init(false),

        fn room(self: *Output, size: usize) ?[]u8 {
            var used = self.arena_used.load(.monotonic);
            while (true) {
                if (size > self.arena.len - used) {
                    _ = self.wanted.fetchMax(size, .monotonic);
                    return null;
                }
                used = self.arena_used.cmpxchgWeak(used, used + size, .monotonic, .monotonic) orelse
                    return self.arena[used..][0..size];
            }
        }

        fn isFull(self: *Output) bool {
            return self.record_count.load(.monotonic) >= self.records.len;
        }

        fn record(self: *Output, value: Record) bool {
            const at = self.record_count.fetchAdd(1, .monotonic);
            if (at >= self.records.len) return false;
            self.records[at] = value;
            return true;
        }
    };

    pub fn create(store: *stores.Store, count: usize, ids: []const u8, flags: Flags, threads: u32) error{OutOfMemory}!*Job {
        const self = try allocator.create(Job);
        errdefer allocator.destroy(self);
        self.* = .{
            .store = store,
            .flags = flags,
            .ids = try allocator.dupe(u8, ids),
            .items = &.{},
            .reader = undefined,
        };
        errdefer allocator.free(self.ids);
        self.items = try allocator.alloc(Item, count);
        errdefer allocator.free(self.items);
        @memset(self.items, .{});
        self.workers = try allocator.alloc(Worker, @max(1, @min(threads, 64)));
        errdefer allocator.free(self.workers);
        self.reader = try .init(store);
        for (self.workers) |*worker| worker.* = .{ .job = self };
        _ = store.users.fetchAdd(1, .acquire);
        return self;
    }

    pub fn destroy(self: *Job) void {
        for (self.workers) |*worker| worker.deinit();
        allocator.free(self.workers);
        for (self.nodes.items) |*node| if (node.value) |value| value.release();
        self.nodes.deinit(allocator);
        self.by_place.deinit(allocator);
        self.by_base_id.deinit(allocator);
        self.path.deinit(allocator);
        allocator.free(self.roots);
        allocator.free(self.items);
        allocator.free(self.ids);
        self.reader.deinit();
        _ = self.store.users.fetchSub(1, .release);
        allocator.destroy(self);
    }

    fn idOf(self: *const Job, item: usize) ?[]const u8 {
        if (self.ids.len == 0) return null;
        return self.ids[item * self.store.hash_size ..][0..self.store.hash_size];
    }

    /// Finds every object and the chain of its bases. Bytes that are missing are asked for; the call is then repeated.
    pub fn plan(self: *Job) error{ OutOfMemory, NeedsBytes }!void {
        var waiting = false;
        try self.nodes.ensureTotalCapacity(allocator, self.items.len);
        try self.by_place.ensureTotalCapacity(allocator, @intCast(self.items.len));
        for (self.items[self.planned..], self.planned..) |*item, i| {
            self.planItem(item, @intCast(i)) catch |failure| switch (failure) {
                error.NeedsBytes => waiting = true,
                error.OutOfMemory => return error.OutOfMemory,
                else => {
                    item.state = .failed;
                    item.result = resultOf(failure);
                },
            };
            if (!waiting) self.planned = i + 1;
        }
        if (waiting) return error.NeedsBytes;
        try self.plant();
    }

    fn planItem(self: *Job, item: *Item, index: u32) readers.Error!void {
        if (item.state == .unknown) {
            const id = self.idOf(index).?;
            item.place = try self.store.find(&self.reader.index_cursor, id, null) orelse {
                item.state = .failed;
                item.result = .not_found;
                return;
            };
            item.state = .placed;
        }
        if (item.state != .placed) return;
        if (self.store.packAt(item.place.pack) == null) return error.OutOfRange;
        const node = try self.planNode(item.place);
        item.node = node;
        item.next = self.nodes.items[node].first_item;
        self.nodes.items[node].first_item = index;
        item.state = .planned;
    }

    fn nodeAt(self: *Job, place: indexes.Place) readers.Error!u32 {
        const found = try self.by_place.getOrPut(allocator, place);
        if (found.found_existing) return found.value_ptr.*;
        errdefer _ = self.by_place.remove(place);
        const pack = self.store.packAt(place.pack) orelse return error.OutOfRange;
        const entry = try self.reader.entry(pack, place.offset);
        const number: u32 = @intCast(self.nodes.items.len);
        try self.nodes.append(allocator, .{
            .key = place,
            .size = entry.size,
            .data = entry.data,
            .base_offset = entry.base_offset,
            .kind = entry.kind,
            .stored = entry.kind,
        });
        if (entry.data > pack.end or !readers.isPlausible(entry.size, pack.end - entry.data)) self.nodes.items[number].fault = .corrupt;
        found.value_ptr.* = number;
        return number;
    }

    /// The node of an entry with its whole chain known.
    fn planNode(self: *Job, place: indexes.Place) readers.Error!u32 {
        self.path.clearRetainingCapacity();
        self.walks +%= 1;
        const first = try self.nodeAt(place);
        var number = first;
        while (self.nodes.items[number].depth == none) {
            try self.path.append(allocator, number);
            const node = &self.nodes.items[number];
            if (node.walk == self.walks) {
                // The chain leads back to itself.
                node.fault = .chain_too_long;
                node.base = none;
                break;
            }
            node.walk = self.walks;
            if (node.fault != .ok) break;
            if (node.base == none) {
                const base = self.baseOf(node) catch |failure| switch (failure) {
                    error.NeedsBytes, error.OutOfMemory => return failure,
                    else => {
                        self.nodes.items[number].fault = resultOf(failure);
                        break;
                    },
                } orelse break;
                self.nodes.items[number].base = base;
            }
            number = self.nodes.items[number].base;
        }
        var at = self.path.items.len;
        while (at > 0) {
            at -= 1;
            const node = &self.nodes.items[self.path.items[at]];
            if (node.depth != none) continue;
            if (node.base == none or self.nodes.items[node.base].depth == none) {
                node.base = none;
                node.depth = 0;
                continue;
            }
            const base = &self.nodes.items[node.base];
            node.depth = base.depth + 1;
            node.kind = base.kind;
            node.next_sibling = base.first_child;
            base.first_child = self.path.items[at];
            base.child_count += 1;
        }
        return first;
    }

    /// The node of the base; null where there is none, or where it is found out by its hash.
    fn baseOf(self: *Job, node: *Node) readers.Error!?u32 {
        const key = node.key;
        const number: u32 = @intCast(node - self.nodes.items.ptr);
        switch (node.stored) {
            .ofs_delta => return try self.nodeAt(.{ .pack = key.pack, .offset = node.base_offset }),
            .ref_delta => {
                const pack = self.store.packAt(key.pack) orelse return error.OutOfRange;
                const id = (try self.reader.entry(pack, key.offset)).base_id;
                const wanted = id[0..self.store.hash_size];
                const cursor = &self.reader.index_cursor;
                const place = try self.store.find(cursor, wanted, key.pack) orelse
                    try self.store.find(cursor, wanted, null);
                if (place) |known| return try self.nodeAt(known);
                if (!self.flags.digest) {
                    node.fault = .base_missing;
                    return null;
                }
                const found = try self.by_base_id.getOrPut(allocator, id);
                if (!found.found_existing) found.value_ptr.* = .{ .first = none };
                self.nodes.items[number].next_sibling = found.value_ptr.first;
                found.value_ptr.first = number;
                self.nodes.items[number].fault = .base_missing;
                return null;
            },
            else => return null,
        }
    }

    /// The roots in the order of their packs.
    fn plant(self: *Job) error{OutOfMemory}!void {
        var roots: std.ArrayList(u32) = .empty;
        errdefer roots.deinit(allocator);
        for (self.nodes.items, 0..) |*node, i| {
            node.pending = node.child_count;
            if (node.isRoot() and !self.awaitsBase(node)) try roots.append(allocator, @intCast(i));
        }
        std.sort.pdq(u32, roots.items, self, rootLess);
        self.roots = try roots.toOwnedSlice(allocator);
    }

    fn awaitsBase(self: *const Job, node: *const Node) bool {
        return self.flags.digest and node.fault == .base_missing;
    }

    fn rootLess(self: *Job, left: u32, right: u32) bool {
        const a = self.nodes.items[left].key;
        const b = self.nodes.items[right].key;
        return if (a.pack != b.pack) a.pack < b.pack else a.offset < b.offset;
    }

    fn recordOf(self: *const Job, item: u32, result: Result) Record {
        const place = self.items[item].place;
        return .{
            .item = item,
            .result = result.code(),
            .kind = 0,
            .depth = 0,
            .size_low = 0,
            .size_high = 0,
            .start = 0,
            .pack = place.pack,
            .offset_low = @truncate(place.offset),
            .offset_high = @truncate(place.offset >> 32),
        };
    }

    /// Type, size and depth of every item, in their order, without making any object.
    pub fn infos(self: *Job, records: []Record) error{ OutOfMemory, NeedsBytes }!void {
        var waiting = false;
        for (self.items, 0..) |*item, i| {
            records[i] = self.recordOf(@intCast(i), item.result);
            if (item.state != .planned) continue;
            const node = &self.nodes.items[item.node];
            const size = self.sizeOf(node) catch |failure| switch (failure) {
                error.NeedsBytes => {
                    waiting = true;
                    continue;
                },
                error.OutOfMemory => return error.OutOfMemory,
                else => {
                    records[i].result = resultOf(failure).code();
                    continue;
                },
            };
            records[i].result = node.fault.code();
            records[i].kind = @intFromEnum(node.kind);
            records[i].depth = node.depth;
            records[i].size_low = @truncate(size);
            records[i].size_high = @truncate(size >> 32);
        }
        if (waiting) return error.NeedsBytes;
    }

    fn sizeOf(self: *Job, node: *const Node) readers.Error!u64 {
        if (entries.isFull(node.stored)) return node.size;
        if (node.fault != .ok and node.fault != .value_too_large) return 0;
        const pack = self.store.packAt(node.key.pack) orelse return error.OutOfRange;
        return (try self.reader.deltaSizes(pack, node.data, node.size)).target;
    }

    pub const Progress = struct { result: Result, arena_used: usize, record_count: usize, wanted: usize };

    /// Makes objects until all are done, the arena or the records are full, or bytes are missing.
    pub fn next(self: *Job, arena: []u8, records: []Record) Progress {
        self.output = .{ .arena = arena, .records = records };
        const output = &self.output;
        while (self.next_orphan < self.items.len) : (self.next_orphan += 1) {
            const item = &self.items[self.next_orphan];
            if (item.state == .planned) continue;
            if (!output.record(self.recordOf(self.next_orphan, item.result))) break;
        }
        if (!output.isFull()) {
            self.next_worker = .init(0);
            const left: u32 = @intCast(self.roots.len - @min(self.roots.len, self.next_root.load(.monotonic)));
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
        var done = self.next_orphan == self.items.len and self.next_root.load(.monotonic) >= self.roots.len;
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

const Worker = struct {
    job: *Job,
    reader: ?readers.Reader = null,
    stack: std.ArrayList(u32) = .empty,
    chain: std.ArrayList(u32) = .empty,
    /// Nodes that hold values, oldest first, and how much they hold.
    holders: std.ArrayList(u32) = .empty,
    held: usize = 0,
    /// The node whose items are being told, and the next of them.
    telling: u32 = none,
    tell_item: u32 = none,
    tell_value: ?*Value = null,
    digest: Id = @splat(0),

    fn deinit(self: *Worker) void {
        if (self.tell_value) |value| value.release();
        if (self.reader) |*reader| reader.deinit();
        self.stack.deinit(allocator);
        self.chain.deinit(allocator);
        self.holders.deinit(allocator);
    }

    fn isIdle(self: *const Worker) bool {
        return self.telling == none and self.stack.items.len == 0;
    }

    fn run(self: *Worker) void {
        if (self.reader == null) self.reader = readers.Reader.init(self.job.store) catch return self.failAll();
        defer {
            // Pages are not held between calls.
            self.reader.?.cursor.deinit();
        }
        while (true) {
            if (self.telling != none) {
                if (!self.tell()) return;
                self.finish(self.telling) catch return self.failAll();
                self.telling = none;
            }
            const number = self.stack.pop() orelse self.takeRoot() orelse return;
            self.visit(number) catch |failure| switch (failure) {
                error.NeedsBytes => {
                    self.job.output.waiting.store(true, .monotonic);
                    self.stack.append(allocator, number) catch self.failAll();
                    return;
                },
                else => return self.failAll(),
            };
        }
    }

    fn takeRoot(self: *Worker) ?u32 {
        const at = self.job.next_root.fetchAdd(1, .monotonic);
        return if (at < self.job.roots.len) self.job.roots[at] else null;
    }

    /// The system has no memory: the whole job fails.
    fn failAll(self: *Worker) void {
        self.job.output.exhausted.store(true, .monotonic);
    }

    fn node(self: *Worker, number: u32) *Node {
        return &self.job.nodes.items[number];
    }

    fn visit(self: *Worker, number: u32) error{ NeedsBytes, OutOfMemory }!void {
        const this = self.node(number);
        if (this.base != none) {
            const base = self.node(this.base);
            this.kind = base.kind;
            if (this.fault == .ok) this.fault = base.fault;
        }
        // A link that nobody else stands on is made on the way to its child.
        this.passed = this.fault == .ok and this.first_item == none and this.child_count == 1 and !self.job.flags.digest;
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
        const job = self.job;
        if (!job.flags.verify and !job.flags.digest) return;
        var hash = hashes.Hash.init(job.store.hash_size, if (job.flags.outside) .outside else .own).?;
        hash.beginObject(hashes.typeName(@intFromEnum(this.kind)).?, value.size);
        hash.update(value.bytes());
        self.digest = @splat(0);
        hash.final(&self.digest) catch {
            this.fault = .sha1_collision;
        };
        if (!job.flags.digest) return;
        // Deltas that named this object by its id are its children from now on.
        const waiting = job.by_base_id.getPtr(self.digest) orelse return;
        if (waiting.claimed.swap(true, .acq_rel)) return;
        var child = waiting.first;
        while (child != none) {
            const node_of_child = self.node(child);
            const following = node_of_child.next_sibling;
            node_of_child.base = @intCast(this - job.nodes.items.ptr);
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
        const job = self.job;
        const reader = &self.reader.?;
        const caches = job.items.len <= cached_items_max;
        self.chain.clearRetainingCapacity();
        var at = number;
        var value: *Value = while (true) {
            const link = self.node(at);
            if (link.fault != .ok) {
                self.node(number).fault = link.fault;
                return null;
            }
            if (link.value) |held| break held.retain();
            if (caches) if (job.store.cache.get(.{ .pack = link.key.pack, .offset = link.key.offset })) |cached| break cached;
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
            const pack = job.store.packAt(link.key.pack) orelse return error.OutOfRange;
            if (caches) job.store.cache.put(.{ .pack = self.node(at).key.pack, .offset = self.node(at).key.offset }, value);
            const made = reader.applied(value, pack, link.data, link.size) catch |failure| {
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
        const pack = self.job.store.packAt(link.key.pack) orelse return error.OutOfRange;
        const value = try Value.create(@intCast(link.size));
        errdefer value.release();
        self.reader.?.inflate(pack, link.data, value.bytes()) catch |failure| {
            if (failure != error.NeedsBytes and failure != error.OutOfMemory) link.fault = resultOf(failure);
            return failure;
        };
        return value;
    }

    /// Writes the items of the current node; false when there is no room.
    fn tell(self: *Worker) bool {
        const job = self.job;
        const this = self.node(self.telling);
        while (self.tell_item != none) {
            const index = self.tell_item;
            var record = job.recordOf(index, this.fault);
            record.kind = @intFromEnum(this.kind);
            record.depth = if (this.depth == none) 0 else this.depth;
            if (job.output.isFull()) return false;
            if (self.tell_value) |value| {
                const digest = self.digest[0..job.store.hash_size];
                if (job.flags.verify and !job.flags.digest) {
                    if (job.idOf(index)) |id| if (!std.mem.eql(u8, id, digest)) {
                        record.result = Result.checksum_mismatch.code();
                    };
                }
                const bytes: []const u8 = if (job.flags.digest) digest else value.bytes();
                const room = job.output.room(bytes.len) orelse return false;
                @memcpy(room, bytes);
                record.start = if (bytes.len == 0) 0 else @intCast(room.ptr - job.output.arena.ptr);
                record.size_low = @truncate(value.size);
                record.size_high = @truncate(@as(u64, value.size) >> 32);
            } else if (entries.isFull(this.stored)) {
                record.size_low = @truncate(this.size);
                record.size_high = @truncate(this.size >> 32);
            }
            if (!job.output.record(record)) return false;
            self.tell_item = job.items[index].next;
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
