//! The order in which a plan looks at entries. A base mostly lies before its deltas, so packs are gone through from their
//! ends to their starts: every entry is looked at once, and every piece of a file is read once.

const std = @import("std");
const stores = @import("store.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;

/// No request.
const none = std.math.maxInt(u32);
const stretches_max = 4096;
const stretch_bits_min = 12;

/// Who wants the entry at an offset: an item of the job, or a node whose base it is.
pub const Asker = packed struct(u32) { number: u31, is_item: bool };
pub const Request = struct { offset: u64, asker: Asker };

/// Requests of one stretch, one after the other: they came from all over the memory, and are taken up together.
const Shelf = struct { requests: [shelf_size]Request, count: u32, next: u32 };
const shelf_size = 7;

/// The open requests of one pack, in lists by the stretch of the pack that their offsets are in.
const PackRequests = struct {
    number: u32,
    end: u64,
    shift: u6,
    heads: []u32,
};

/// Open requests, given from the greatest offset of each pack down.
pub const Sweep = struct {
    /// As many stretches as objects are wanted are enough.
    stretches: u32,
    shelves: std.ArrayList(Shelf) = .empty,
    free_shelf: u32 = none,
    packs: std.ArrayList(PackRequests) = .empty,
    /// The requests that the stretch had when it was taken up, the greatest offset last.
    ready: std.ArrayList(Request) = .empty,
    /// Those that came since, as a heap with the greatest offset first.
    heap: std.ArrayList(Request) = .empty,
    open: usize = 0,
    /// Where the sweep stands: that stretch of that pack, and those below it, are to come.
    pack: usize = 0,
    stretch: usize = 0,
    is_inside: bool = false,

    pub fn init(items: usize) Sweep {
        return .{ .stretches = @intCast(std.math.clamp(items, 1, stretches_max)) };
    }

    pub fn deinit(self: *Sweep) void {
        self.shelves.deinit(allocator);
        for (self.packs.items) |*pack| allocator.free(pack.heads);
        self.packs.deinit(allocator);
        self.ready.deinit(allocator);
        self.heap.deinit(allocator);
    }

    fn packOf(self: *Sweep, store: *const stores.Store, number: u32) error{ OutOfMemory, OutOfRange }!usize {
        if (self.pack < self.packs.items.len and self.packs.items[self.pack].number == number) return self.pack;
        for (self.packs.items, 0..) |*pack, at| if (pack.number == number) return at;
        const pack = store.packAt(number) orelse return error.OutOfRange;
        var shift: u6 = stretch_bits_min;
        while (pack.end >> shift >= self.stretches) shift += 1;
        const heads = try allocator.alloc(u32, @intCast((pack.end >> shift) + 1));
        errdefer allocator.free(heads);
        @memset(heads, none);
        try self.packs.append(allocator, .{ .number = number, .end = pack.end, .shift = shift, .heads = heads });
        return self.packs.items.len - 1;
    }

    /// Asks for the entry at an offset of a pack.
    pub fn ask(self: *Sweep, store: *const stores.Store, number: u32, request: Request) error{ OutOfMemory, OutOfRange }!void {
        const at = try self.packOf(store, number);
        if (request.offset >= self.packs.items[at].end) return error.OutOfRange;
        try self.add(at, request);
        self.open += 1;
    }

    fn add(self: *Sweep, at: usize, request: Request) error{OutOfMemory}!void {
        const pack = &self.packs.items[at];
        const stretch: usize = @intCast(request.offset >> pack.shift);
        if (self.is_inside and at == self.pack and stretch == self.stretch) return self.push(request);
        try self.shelve(pack, stretch, request);
    }

    fn shelve(self: *Sweep, pack: *PackRequests, stretch: usize, request: Request) error{OutOfMemory}!void {
        const head = pack.heads[stretch];
        if (head == none or self.shelves.items[head].count == shelf_size) {
            const fresh = try self.takeShelf();
            self.shelves.items[fresh].count = 0;
            self.shelves.items[fresh].next = head;
            pack.heads[stretch] = fresh;
        }
        const shelf = &self.shelves.items[pack.heads[stretch]];
        shelf.requests[shelf.count] = request;
        shelf.count += 1;
    }

    fn takeShelf(self: *Sweep) error{OutOfMemory}!u32 {
        const at = self.free_shelf;
        if (at != none) {
            self.free_shelf = self.shelves.items[at].next;
            return at;
        }
        _ = try self.shelves.addOne(allocator);
        return @intCast(self.shelves.items.len - 1);
    }

    /// Puts a request back that could not be met: the next sweep gives it again.
    pub fn putBack(self: *Sweep, request: Request) error{OutOfMemory}!void {
        try self.shelve(&self.packs.items[self.pack], self.stretch, request);
        self.open += 1;
    }

    /// Starts at the end of the first pack.
    pub fn begin(self: *Sweep) error{OutOfMemory}!void {
        for ([_]*std.ArrayList(Request){ &self.heap, &self.ready }) |left| {
            while (left.pop()) |request| try self.shelve(&self.packs.items[self.pack], self.stretch, request);
        }
        self.is_inside = false;
        self.pack = 0;
        if (self.packs.items.len > 0) self.stretch = self.packs.items[0].heads.len;
    }

    /// The number of the pack that the last request is for.
    pub fn packNumber(self: *const Sweep) u32 {
        return self.packs.items[self.pack].number;
    }

    /// The next request; null at the end of the sweep, whether or not others were added where it has been.
    pub fn next(self: *Sweep) error{OutOfMemory}!?Request {
        while (self.heap.items.len == 0 and self.ready.items.len == 0) if (!try self.enter()) return null;
        self.open -= 1;
        const ready = self.ready.items;
        if (self.heap.items.len > 0 and (ready.len == 0 or self.heap.items[0].offset > ready[ready.len - 1].offset)) {
            return self.pop();
        }
        return self.ready.pop();
    }

    /// Takes up the requests of the next stretch; false where none is left.
    fn enter(self: *Sweep) error{OutOfMemory}!bool {
        self.is_inside = false;
        while (self.pack < self.packs.items.len) {
            const pack = &self.packs.items[self.pack];
            while (self.stretch > 0) {
                self.stretch -= 1;
                if (pack.heads[self.stretch] != none) {
                    try self.load(pack);
                    return true;
                }
            }
            self.pack += 1;
            if (self.pack < self.packs.items.len) self.stretch = self.packs.items[self.pack].heads.len;
        }
        return false;
    }

    fn load(self: *Sweep, pack: *PackRequests) error{OutOfMemory}!void {
        var at = pack.heads[self.stretch];
        while (at != none) {
            const shelf = &self.shelves.items[at];
            try self.ready.appendSlice(allocator, shelf.requests[0..shelf.count]);
            const following = shelf.next;
            shelf.next = self.free_shelf;
            self.free_shelf = at;
            pack.heads[self.stretch] = following;
            at = following;
        }
        sort(self.ready.items);
        self.is_inside = true;
    }

    /// By offsets. A stretch has few requests, mostly, so that short code is as good as any.
    fn sort(requests: []Request) void {
        var gap: usize = 1;
        while (gap < requests.len / 3) gap = 3 * gap + 1;
        while (gap > 0) : (gap /= 3) {
            for (gap..requests.len) |i| {
                const request = requests[i];
                var at = i;
                while (at >= gap and requests[at - gap].offset > request.offset) : (at -= gap) {
                    requests[at] = requests[at - gap];
                }
                requests[at] = request;
            }
        }
    }

    fn push(self: *Sweep, request: Request) error{OutOfMemory}!void {
        try self.heap.append(allocator, request);
        const heap = self.heap.items;
        var at = heap.len - 1;
        while (at > 0) {
            const above = (at - 1) / 2;
            if (heap[above].offset >= request.offset) break;
            heap[at] = heap[above];
            at = above;
        }
        heap[at] = request;
    }

    fn pop(self: *Sweep) Request {
        const top = self.heap.items[0];
        const last = self.heap.pop().?;
        const heap = self.heap.items;
        if (heap.len == 0) return top;
        var at: usize = 0;
        while (true) {
            var below = 2 * at + 1;
            if (below >= heap.len) break;
            if (below + 1 < heap.len and heap[below + 1].offset > heap[below].offset) below += 1;
            if (heap[below].offset <= last.offset) break;
            heap[at] = heap[below];
            at = below;
        }
        heap[at] = last;
        return top;
    }
};

test "requests come from the greatest offset down, with those that are added on the way" {
    var store: stores.Store = .{ .hash_size = 20, .pages = .init(0), .cache = .{ .budget = 0 } };
    defer store.deinit();
    const file = try store.addFile(null, 1 << 20);
    const number = try store.addPack(store.fileAt(file).?);
    var sweep: Sweep = .init(100);
    defer sweep.deinit();
    var random: std.Random.DefaultPrng = .init(3);
    for (0..500) |i| {
        const offset = random.random().uintLessThan(u64, (1 << 20) - 20);
        try sweep.ask(&store, number, .{ .offset = offset, .asker = .{ .number = @intCast(i), .is_item = true } });
    }
    try std.testing.expectError(error.OutOfRange, sweep.ask(&store, number, .{ .offset = 1 << 20, .asker = .{ .number = 0, .is_item = true } }));
    try sweep.begin();
    var before: u64 = 1 << 20;
    var given: usize = 0;
    while (try sweep.next()) |request| : (given += 1) {
        try std.testing.expect(request.offset <= before);
        before = request.offset;
        if (given < 1000) try sweep.ask(&store, number, .{ .offset = request.offset / 2, .asker = request.asker });
        if (given == 700) try sweep.putBack(request);
    }
    try std.testing.expectEqual(1500, given);
    try std.testing.expectEqual(1, sweep.open);
    try sweep.begin();
    try std.testing.expect(try sweep.next() != null);
    try std.testing.expectEqual(null, try sweep.next());
}
