//! Which entries the wanted objects need: each entry is a node, and nodes form trees by their delta bases.

const std = @import("std");
const entries = @import("entry.zig");
const indexes = @import("index.zig");
const readers = @import("reader.zig");
const stores = @import("store.zig");
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
    unused: u29 = 0,
};

pub const Item = struct {
    place: indexes.Place = .{ .pack = none, .offset = 0 },
    state: enum { unknown, placed, planned, failed } = .unknown,
    result: Result = .ok,
    node: u32 = none,
    /// The next item that wants the same node.
    next: u32 = none,
};

pub const Node = struct {
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
    by_place: std.HashMapUnmanaged(indexes.Place, u32, PlaceContext, std.hash_map.default_max_load_percentage) = .empty,
    by_base_id: std.AutoHashMapUnmanaged(Id, Waiting) = .empty,
    path: std.ArrayList(u32) = .empty,
    /// How many walks along chains have started.
    walks: u32 = 0,
    planned: usize = 0,
    roots: []u32 = &.{},
    next_root: std.atomic.Value(u32) = .init(0),

    pub fn init(store: *stores.Store, count: usize, ids: []const u8, flags: Flags) error{OutOfMemory}!Plan {
        const own_ids = try allocator.dupe(u8, ids);
        errdefer allocator.free(own_ids);
        const items = try allocator.alloc(Item, count);
        errdefer allocator.free(items);
        @memset(items, .{});
        return .{ .store = store, .flags = flags, .ids = own_ids, .items = items, .reader = try .init(store) };
    }

    pub fn deinit(self: *Plan) void {
        for (self.nodes.items) |*node| if (node.value) |value| value.release();
        self.nodes.deinit(allocator);
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

    fn planItem(self: *Plan, item: *Item, index: u32) readers.Error!void {
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

    fn nodeAt(self: *Plan, place: indexes.Place) readers.Error!u32 {
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
    fn planNode(self: *Plan, place: indexes.Place) readers.Error!u32 {
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
    fn baseOf(self: *Plan, node: *Node) readers.Error!?u32 {
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
    fn plant(self: *Plan) error{OutOfMemory}!void {
        var roots: std.ArrayList(u32) = .empty;
        errdefer roots.deinit(allocator);
        for (self.nodes.items, 0..) |*node, i| {
            node.pending = node.child_count;
            if (node.isRoot() and !self.awaitsBase(node)) try roots.append(allocator, @intCast(i));
        }
        std.sort.pdq(u32, roots.items, self, rootLess);
        self.roots = try roots.toOwnedSlice(allocator);
    }

    fn awaitsBase(self: *const Plan, node: *const Node) bool {
        return self.flags.digest and node.fault == .base_missing;
    }

    fn rootLess(self: *Plan, left: u32, right: u32) bool {
        const a = self.nodes.items[left].key;
        const b = self.nodes.items[right].key;
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

    fn sizeOf(self: *Plan, node: *const Node) readers.Error!u64 {
        if (entries.isFull(node.stored)) return node.size;
        if (node.fault != .ok and node.fault != .value_too_large) return 0;
        const pack = self.store.packAt(node.key.pack) orelse return error.OutOfRange;
        return (try self.reader.deltaSizes(pack, node.data, node.size)).target;
    }
};
