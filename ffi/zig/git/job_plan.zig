//! Which entries the wanted objects need: each entry is a node, and nodes form trees by their delta bases.

const std = @import("std");
const entries = @import("entry.zig");
const indexes = @import("index.zig");
const readers = @import("reader.zig");
const stores = @import("store.zig");
const sweeps = @import("plan_sweep.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;
const Result = @import("../core/result.zig").Result;
const Value = @import("value.zig").Value;
const Record = @import("job_output.zig").Record;
const resultOf = @import("reader.zig").resultOf;

/// No node, item or pack.
pub const none = std.math.maxInt(u32);

pub const Flags = packed struct(u32) {
    /// Hash every object and compare with its id.
    verify: bool = false,
    /// Give the hash of each object instead of its bytes; deltas may name bases that only their hash tells.
    digest: bool = false,
    /// The objects come from outside: SHA-1 looks for collision attacks.
    outside: bool = false,
    /// Sizes of all objects are wanted before any is made.
    facts: bool = false,
    unused: u28 = 0,
};

pub const Item = struct {
    place: indexes.Place = .{ .pack = none, .offset = 0 },
    state: enum { unknown, placed, asked, planned, failed } = .unknown,
    result: Result = .ok,
    node: u32 = none,
    /// The next item that wants the same node.
    next: u32 = none,
    /// The size of the object, where facts are wanted and it is a delta.
    size: u64 = 0,
};

/// Items that are looked up between the fetch of one and its turn.
const fetched_ahead = 16;

/// Depths of nodes that are not known yet, and of those whose bases are being gone through.
const depth_open = none;
const depth_entered = none - 1;

pub const Node = struct {
    offset: u64,
    /// Inflated size of what is stored.
    size: u64,
    value: ?*Value = null,
    pack: u32,
    base: u32 = none,
    first_child: u32 = none,
    next_sibling: u32 = none,
    child_count: u32 = 0,
    /// Children that have not been made yet.
    pending: u32 = 0,
    depth: u32 = depth_open,
    first_item: u32 = none,
    fault: Result = .ok,
    /// Bytes of the header before the zlib stream.
    header: u8,
    /// The type of the object, as far as it is known, and of the entry as it is stored.
    kind: entries.Kind,
    stored: entries.Kind,
    /// Whether the node was not made itself but is made on the way to its child.
    passed: bool = false,

    pub fn place(self: *const Node) indexes.Place {
        return .{ .pack = self.pack, .offset = self.offset };
    }

    /// Where its zlib stream starts.
    pub fn data(self: *const Node) u64 {
        return self.offset + self.header;
    }

    fn isRoot(self: *const Node) bool {
        return self.base == none;
    }
};

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
/// An id, zeros after the bytes of the shorter hash.
pub const Id = [indexes.hash_size_max]u8;

/// The nodes of all wanted objects.
pub const Plan = struct {
    store: *stores.Store,
    flags: Flags,
    ids: []u8,
    items: []Item,
    reader: readers.Reader,
    nodes: std.ArrayList(Node) = .empty,
    sweep: sweeps.Sweep,
    /// Items by their ids, so that an index is gone through once.
    order: []u32 = &.{},
    stage: enum { looking_up, sweeping, settled, planted } = .looking_up,
    /// All nodes, once a delta has named its base by an id: only then one may be asked for where the sweep has been.
    by_place: std.HashMapUnmanaged(indexes.Place, u32, PlaceContext, std.hash_map.default_max_load_percentage) = .empty,
    has_places: bool = false,
    by_base_id: std.AutoHashMapUnmanaged(Id, Waiting) = .empty,
    path: std.ArrayList(u32) = .empty,
    roots: []u32 = &.{},
    next_root: std.atomic.Value(u32) = .init(0),

    pub fn init(store: *stores.Store, count: usize, ids: []const u8, flags: Flags) error{OutOfMemory}!Plan {
        const own_ids = try allocator.dupe(u8, ids);
        errdefer allocator.free(own_ids);
        const items = try allocator.alloc(Item, count);
        errdefer allocator.free(items);
        @memset(items, .{});
        return .{
            .store = store,
            .flags = flags,
            .ids = own_ids,
            .items = items,
            .reader = try .init(store),
            .sweep = .init(count),
        };
    }

    pub fn deinit(self: *Plan) void {
        for (self.nodes.items) |*node| if (node.value) |value| value.release();
        self.nodes.deinit(allocator);
        self.sweep.deinit();
        allocator.free(self.order);
        self.by_place.deinit(allocator);
        self.by_base_id.deinit(allocator);
        self.path.deinit(allocator);
        allocator.free(self.roots);
        allocator.free(self.items);
        allocator.free(self.ids);
        self.reader.deinit();
    }

    /// The id of an item; null where objects are wanted by their places.
    pub fn idOf(self: *const Plan, item: usize) ?[]const u8 {
        if (self.ids.len == 0) return null;
        return self.ids[item * self.store.hash_size ..][0..self.store.hash_size];
    }

    /// Finds every object and the chain of its bases. Bytes that are missing are asked for; the call is then repeated.
    pub fn make(self: *Plan) error{ OutOfMemory, NeedsBytes }!void {
        // Pages are not held between calls.
        defer self.reader.rest();
        if (self.stage == .looking_up) {
            try self.lookUp();
            self.stage = .sweeping;
        }
        if (self.stage == .sweeping) {
            try self.meetAll();
            try self.settleAll();
            self.stage = .settled;
        }
    }

    /// Finds the places of all items, and asks for what is there.
    fn lookUp(self: *Plan) error{ OutOfMemory, NeedsBytes }!void {
        if (self.order.len < self.items.len) self.order = try self.itemsById();
        var waiting = false;
        for (self.order, 0..) |number, at| {
            self.fetchAhead(at + fetched_ahead);
            const item = &self.items[number];
            self.lookUpItem(item, number) catch |failure| switch (failure) {
                error.NeedsBytes => {
                    if (self.store.pages.isAskedForMuch()) return error.NeedsBytes;
                    waiting = true;
                },
                error.OutOfMemory => return error.OutOfMemory,
                else => {
                    item.state = .failed;
                    item.result = resultOf(failure);
                },
            };
        }
        if (waiting) return error.NeedsBytes;
    }

    /// Items and ids lie in the order of the caller, which is any: what comes soon is brought near meanwhile.
    fn fetchAhead(self: *const Plan, at: usize) void {
        if (at >= self.order.len) return;
        const number = self.order[at];
        @prefetch(&self.items[number], .{ .rw = .write });
        if (self.idOf(number)) |id| @prefetch(id.ptr, .{});
    }

    /// The numbers of all items in the order of their ids, or in their own where they have none.
    fn itemsById(self: *Plan) error{OutOfMemory}![]u32 {
        const order = try allocator.alloc(u32, self.items.len);
        errdefer allocator.free(order);
        for (order, 0..) |*number, i| number.* = @intCast(i);
        if (self.ids.len == 0 or self.items.len == 0 or self.items[0].state != .unknown) return order;
        const Key = struct { id: u64, item: u32 };
        const keys = try allocator.alloc(Key, self.items.len);
        defer allocator.free(keys);
        for (keys, 0..) |*key, i| {
            key.* = .{ .id = std.mem.readInt(u64, self.idOf(i).?[0..8], .big), .item = @intCast(i) };
        }
        std.sort.pdq(Key, keys, {}, struct {
            fn less(_: void, left: Key, right: Key) bool {
                return left.id < right.id;
            }
        }.less);
        for (order, keys) |*number, key| number.* = key.item;
        return order;
    }

    fn lookUpItem(self: *Plan, item: *Item, number: u32) readers.Error!void {
        if (item.state == .unknown) {
            item.place = try self.store.find(&self.reader.index_cursor, self.idOf(number).?, null) orelse {
                item.state = .failed;
                item.result = .not_found;
                return;
            };
            item.state = .placed;
        }
        if (item.state != .placed) return;
        const asker: sweeps.Asker = .{ .number = @intCast(number), .is_item = true };
        try self.sweep.ask(self.store, item.place.pack, .{ .offset = item.place.offset, .asker = asker });
        item.state = .asked;
    }

    /// Meets requests for entries until none is left, in as many sweeps as that takes.
    fn meetAll(self: *Plan) error{ OutOfMemory, NeedsBytes }!void {
        // Objects that are wanted by their ids stand on three others each, in most histories; places are those of a pack.
        try self.nodes.ensureTotalCapacity(allocator, if (self.ids.len > 0) self.items.len * 4 else self.items.len);
        while (self.sweep.open > 0) {
            var stalled: usize = 0;
            var last: u32 = none;
            try self.sweep.begin();
            while (try self.sweep.next()) |request| {
                const place: indexes.Place = .{ .pack = self.sweep.packNumber(), .offset = request.offset };
                self.meet(request.asker, place, &last) catch |failure| switch (failure) {
                    error.NeedsBytes => {
                        try self.sweep.putBack(request);
                        stalled += 1;
                        if (self.store.pages.isAskedForMuch()) return error.NeedsBytes;
                    },
                    error.OutOfMemory => return error.OutOfMemory,
                    else => self.refuse(request.asker, resultOf(failure)),
                };
            }
            if (stalled > 0 and self.sweep.open == stalled) return error.NeedsBytes;
        }
    }

    /// Gives an asker the node of an entry, which is `last` where it was asked for just before.
    fn meet(self: *Plan, asker: sweeps.Asker, place: indexes.Place, last: *u32) readers.Error!void {
        const number = try self.nodeAt(place, last.*);
        last.* = number;
        if (!asker.is_item) {
            self.nodes.items[asker.number].base = number;
            return;
        }
        const node = &self.nodes.items[number];
        const item = &self.items[asker.number];
        if (self.flags.facts and node.fault == .ok and !entries.isFull(node.stored)) {
            const pack = self.store.packAt(place.pack) orelse return error.OutOfRange;
            item.size = (try self.reader.deltaSizes(pack, node.data(), node.size)).target;
        }
        item.node = number;
        item.next = node.first_item;
        node.first_item = asker.number;
        item.state = .planned;
    }

    fn refuse(self: *Plan, asker: sweeps.Asker, result: Result) void {
        if (asker.is_item) {
            self.items[asker.number].state = .failed;
            self.items[asker.number].result = result;
        } else if (self.nodes.items[asker.number].fault == .ok) self.nodes.items[asker.number].fault = result;
    }

    fn nodeAt(self: *Plan, place: indexes.Place, last: u32) readers.Error!u32 {
        if (last != none and std.meta.eql(self.nodes.items[last].place(), place)) return last;
        if (self.has_places) if (self.by_place.get(place)) |known| return known;
        const pack = self.store.packAt(place.pack) orelse return error.OutOfRange;
        const entry = try self.reader.entry(pack, place.offset);
        const number: u32 = @intCast(self.nodes.items.len);
        try self.nodes.append(allocator, .{
            .offset = place.offset,
            .pack = place.pack,
            .size = entry.size,
            .header = @intCast(entry.data - place.offset),
            .kind = entry.kind,
            .stored = entry.kind,
        });
        if (self.has_places) try self.by_place.put(allocator, place, number);
        const node = &self.nodes.items[number];
        if (entry.data > pack.end or !readers.isPlausible(entry.size, pack.end - entry.data)) node.fault = .corrupt;
        if (node.fault != .ok) return number;
        self.askForBase(number, &entry) catch |failure| switch (failure) {
            error.NeedsBytes, error.OutOfMemory => {
                // The node is found out about again when the request for it is repeated.
                _ = self.nodes.pop();
                if (self.has_places) _ = self.by_place.remove(place);
                return failure;
            },
            else => self.nodes.items[number].fault = resultOf(failure),
        };
        return number;
    }

    /// Asks for the entry that a delta stands on.
    fn askForBase(self: *Plan, number: u32, entry: *const entries.Entry) readers.Error!void {
        const pack = self.nodes.items[number].pack;
        const asker: sweeps.Asker = .{ .number = @intCast(number), .is_item = false };
        switch (entry.kind) {
            .ofs_delta => try self.sweep.ask(self.store, pack, .{ .offset = entry.base_offset, .asker = asker }),
            .ref_delta => {
                const place = try self.placeOfBase(number, entry) orelse return;
                try self.keepPlaces();
                if (self.by_place.get(place)) |known| {
                    self.nodes.items[number].base = known;
                } else try self.sweep.ask(self.store, place.pack, .{ .offset = place.offset, .asker = asker });
            },
            else => {},
        }
    }

    /// Where a base is that a delta names by its id; null where it is in no pack.
    fn placeOfBase(self: *Plan, number: u32, entry: *const entries.Entry) readers.Error!?indexes.Place {
        const node = &self.nodes.items[number];
        const wanted = entry.base_id[0..self.store.hash_size];
        const cursor = &self.reader.index_cursor;
        if (try self.store.find(cursor, wanted, node.pack)) |place| return place;
        if (try self.store.find(cursor, wanted, null)) |place| return place;
        if (self.flags.digest) {
            const found = try self.by_base_id.getOrPut(allocator, entry.base_id);
            if (!found.found_existing) found.value_ptr.* = .{ .first = none };
            node.next_sibling = found.value_ptr.first;
            found.value_ptr.first = number;
        }
        node.fault = .base_missing;
        return null;
    }

    fn keepPlaces(self: *Plan) error{OutOfMemory}!void {
        if (self.has_places) return;
        try self.by_place.ensureTotalCapacity(allocator, @intCast(self.nodes.items.len));
        for (self.nodes.items, 0..) |*node, i| self.by_place.putAssumeCapacity(node.place(), @intCast(i));
        self.has_places = true;
    }

    /// Finds out the depth and the type of a node by its bases, and makes it a child of its base.
    fn settle(self: *Plan, first: u32) error{OutOfMemory}!void {
        self.path.clearRetainingCapacity();
        var number = first;
        while (self.nodes.items[number].depth == depth_open) {
            const node = &self.nodes.items[number];
            node.depth = depth_entered;
            try self.path.append(allocator, number);
            if (node.base == none) break;
            number = node.base;
        } else if (self.nodes.items[number].depth == depth_entered) {
            // The chain leads back to itself.
            self.nodes.items[number].fault = .chain_too_long;
            self.nodes.items[number].base = none;
        }
        while (self.path.pop()) |at| {
            const node = &self.nodes.items[at];
            if (node.base == none) {
                node.depth = 0;
                continue;
            }
            const base = &self.nodes.items[node.base];
            // The link that closes a circle is settled before what stands on it.
            node.depth = if (base.depth == depth_entered) 0 else base.depth + 1;
            node.kind = base.kind;
            node.next_sibling = base.first_child;
            base.first_child = at;
            base.child_count += 1;
        }
    }

    fn settleAll(self: *Plan) error{OutOfMemory}!void {
        // Bases were mostly found after their deltas, so this goes from bases to deltas.
        var at = self.nodes.items.len;
        while (at > 0) {
            at -= 1;
            try self.settle(@intCast(at));
        }
    }

    /// Takes up the roots in the order of their packs, before the first object is made.
    pub fn plant(self: *Plan) error{OutOfMemory}!void {
        if (self.stage != .settled) return;
        var roots: std.ArrayList(u32) = .empty;
        errdefer roots.deinit(allocator);
        for (self.nodes.items, 0..) |*node, i| {
            node.pending = node.child_count;
            if (node.isRoot() and !self.awaitsBase(node)) try roots.append(allocator, @intCast(i));
        }
        std.sort.pdq(u32, roots.items, self, rootLess);
        self.roots = try roots.toOwnedSlice(allocator);
        self.stage = .planted;
    }

    fn awaitsBase(self: *const Plan, node: *const Node) bool {
        return self.flags.digest and node.fault == .base_missing;
    }

    fn rootLess(self: *Plan, left: u32, right: u32) bool {
        const a = self.nodes.items[left].place();
        const b = self.nodes.items[right].place();
        return if (a.pack != b.pack) a.pack < b.pack else a.offset < b.offset;
    }

    /// The next tree for a thread; null when all are taken.
    pub fn takeRoot(self: *Plan) ?u32 {
        const at = self.next_root.fetchAdd(1, .monotonic);
        return if (at < self.roots.len) self.roots[at] else null;
    }

    /// How many trees nobody has taken yet.
    pub fn rootsLeft(self: *const Plan) usize {
        return self.roots.len - @min(self.roots.len, self.next_root.load(.monotonic));
    }

    /// A record of an item with its place and a result.
    pub fn recordOf(self: *const Plan, item: u32, result: Result) Record {
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
    pub fn infos(self: *Plan, records: []Record) error{ OutOfMemory, NeedsBytes }!void {
        var waiting = false;
        defer self.reader.rest();
        for (self.items, 0..) |*item, i| {
            records[i] = self.recordOf(@intCast(i), item.result);
            if (item.state != .planned) continue;
            const node = &self.nodes.items[item.node];
            const size = self.sizeOf(item, node) catch |failure| switch (failure) {
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

    fn sizeOf(self: *Plan, item: *const Item, node: *const Node) readers.Error!u64 {
        if (entries.isFull(node.stored)) return node.size;
        if (self.flags.facts) return item.size;
        if (node.fault != .ok and node.fault != .value_too_large) return 0;
        const pack = self.store.packAt(node.pack) orelse return error.OutOfRange;
        return (try self.reader.deltaSizes(pack, node.data(), node.size)).target;
    }
};
