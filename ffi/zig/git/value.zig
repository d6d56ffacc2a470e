//! Resolved objects in memory: shared without copying by those who use one and by the cache of delta bases.

const std = @import("std");
const delta = @import("delta.zig");
const SpinLock = @import("../core/spin_lock.zig").SpinLock;
const allocator = @import("../core/c_allocator.zig").c_allocator;

/// The bytes of one object, counted by reference.
pub const Value = struct {
    refs: std.atomic.Value(u32),
    block: []u8,
    size: usize,

    pub fn create(size: usize) error{OutOfMemory}!*Value {
        const value = try allocator.create(Value);
        errdefer allocator.destroy(value);
        value.* = .{ .refs = .init(1), .block = try allocator.alloc(u8, size + delta.slack), .size = size };
        return value;
    }

    pub fn bytes(self: *const Value) []u8 {
        return self.block[0..self.size];
    }

    pub fn retain(self: *Value) *Value {
        _ = self.refs.fetchAdd(1, .monotonic);
        return self;
    }

    pub fn release(self: *Value) void {
        if (self.refs.fetchSub(1, .acq_rel) > 1) return;
        allocator.free(self.block);
        allocator.destroy(self);
    }
};

pub const Key = struct { pack: u32, offset: u64 };

const Entry = struct {
    key: Key,
    value: *Value,
    newer: ?*Entry,
    older: ?*Entry,
};

/// The most recently used delta bases, up to a budget of bytes.
pub const BaseCache = struct {
    lock: SpinLock = .{},
    map: std.AutoHashMapUnmanaged(Key, *Entry) = .empty,
    newest: ?*Entry = null,
    oldest: ?*Entry = null,
    used: u64 = 0,
    budget: u64,
    hits: u64 = 0,
    misses: u64 = 0,

    pub fn deinit(self: *BaseCache) void {
        while (self.oldest) |entry| self.remove(entry);
        self.map.deinit(allocator);
    }

    /// The value, retained for the caller.
    pub fn get(self: *BaseCache, key: Key) ?*Value {
        self.lock.lock();
        defer self.lock.unlock();
        const entry = self.map.get(key) orelse {
            self.misses += 1;
            return null;
        };
        self.hits += 1;
        self.unlink(entry);
        self.linkNewest(entry);
        return entry.value.retain();
    }

    /// Keeps a value, unless it is more than a quarter of the budget.
    pub fn put(self: *BaseCache, key: Key, value: *Value) void {
        const weight = value.size + @sizeOf(Entry);
        if (weight > self.budget / 4) return;
        self.lock.lock();
        defer self.lock.unlock();
        const found = self.map.getOrPut(allocator, key) catch return;
        if (found.found_existing) return;
        const entry = allocator.create(Entry) catch {
            _ = self.map.remove(key);
            return;
        };
        entry.* = .{ .key = key, .value = value.retain(), .newer = null, .older = null };
        found.value_ptr.* = entry;
        self.linkNewest(entry);
        self.used += weight;
        while (self.used > self.budget) self.remove(self.oldest.?);
    }

    /// Drops everything of one pack.
    pub fn forget(self: *BaseCache, pack: u32) void {
        self.lock.lock();
        defer self.lock.unlock();
        var next = self.oldest;
        while (next) |entry| {
            next = entry.newer;
            if (entry.key.pack == pack) self.remove(entry);
        }
    }

    fn remove(self: *BaseCache, entry: *Entry) void {
        _ = self.map.remove(entry.key);
        self.unlink(entry);
        self.used -= entry.value.size + @sizeOf(Entry);
        entry.value.release();
        allocator.destroy(entry);
    }

    fn unlink(self: *BaseCache, entry: *Entry) void {
        if (entry.newer) |newer| newer.older = entry.older else self.newest = entry.older;
        if (entry.older) |older| older.newer = entry.newer else self.oldest = entry.newer;
    }

    fn linkNewest(self: *BaseCache, entry: *Entry) void {
        entry.newer = null;
        entry.older = self.newest;
        if (self.newest) |newest| newest.newer = entry else self.oldest = entry;
        self.newest = entry;
    }
};

test "the cache lets the longest unused go and frees everything" {
    var cache: BaseCache = .{ .budget = 4000 };
    for (0..20) |i| {
        const value = try Value.create(500);
        cache.put(.{ .pack = 1, .offset = i }, value);
        value.release();
        if (cache.get(.{ .pack = 1, .offset = 0 })) |kept| kept.release();
    }
    try std.testing.expect(cache.used <= 4000);
    const first = cache.get(.{ .pack = 1, .offset = 0 }).?;
    try std.testing.expect(cache.get(.{ .pack = 1, .offset = 3 }) == null);
    cache.forget(1);
    try std.testing.expectEqual(0, cache.used);
    first.release();
    cache.deinit();
}
