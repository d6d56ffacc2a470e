//! The packs and indexes of a database as one thing to look up and read from, with the pages and delta bases they share.

const std = @import("std");
const files = @import("files.zig");
const indexes = @import("index.zig");
const values = @import("value.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;

pub const Pack = struct {
    file: *files.File,
    /// Where the entries end: the trailing checksum follows.
    end: u64,
    /// Whether a multi-pack index whose packs are all there has everything that is in it.
    is_covered: bool = false,
};

/// Lists have room for so many from the start: jobs on other threads read them while a host adds to them.
const capacity = 16384;

/// Adds an element that other threads may look for at once; only then does the list show it.
fn publish(list: anytype, element: anytype) files.Error!u32 {
    if (list.capacity == 0) try list.ensureTotalCapacityPrecise(allocator, capacity);
    const count = list.items.len;
    if (count == list.capacity) return error.OutOfRange;
    list.allocatedSlice()[count] = element;
    @atomicStore(usize, &list.items.len, count + 1, .release);
    return @intCast(count);
}

pub const Store = struct {
    hash_size: u32,
    pages: files.Pages,
    cache: values.BaseCache,
    /// By file id; null once closed. Ids are not given out again.
    files: std.ArrayList(?*files.File) = .empty,
    /// By pack number.
    packs: std.ArrayList(?Pack) = .empty,
    /// Searched in order.
    indexes: std.ArrayList(*indexes.Index) = .empty,
    /// Jobs and object streams at work: they hold pointers to files, packs and indexes.
    users: std.atomic.Value(u32) = .init(0),
    /// The index that had the last hit is asked first.
    last_hit: std.atomic.Value(u32) = .init(0),

    pub fn deinit(self: *Store) void {
        for (self.indexes.items) |index| destroyIndex(index);
        self.indexes.deinit(allocator);
        self.cache.deinit();
        for (self.files.items) |slot| if (slot) |file| self.pages.close(file);
        self.files.deinit(allocator);
        self.packs.deinit(allocator);
        self.pages.deinit();
    }

    pub fn addFile(self: *Store, path: ?[:0]const u8, size: u64) files.Error!u32 {
        const id: u32 = @intCast(self.files.items.len);
        const file = if (path) |name| try self.pages.open(id, name) else try self.pages.create(id, size, null);
        errdefer self.pages.close(file);
        return publish(&self.files, file);
    }

    pub fn fileAt(self: *const Store, id: u32) ?*files.File {
        return if (id < self.files.items.len) self.files.items[id] else null;
    }

    pub fn packAt(self: *const Store, number: u32) ?Pack {
        return if (number < self.packs.items.len) self.packs.items[number] else null;
    }

    pub fn addPack(self: *Store, file: *files.File) files.Error!u32 {
        if (file.size < 12 + self.hash_size) return error.OutOfRange;
        return publish(&self.packs, Pack{ .file = file, .end = file.size - self.hash_size });
    }

    pub fn addIndex(self: *Store, file: *files.File, layout: indexes.Layout, packs: []const u32) files.Error!u32 {
        if (layout.is_multi == 0 and packs.len != 1) return error.OutOfRange;
        const index = try allocator.create(indexes.Index);
        errdefer allocator.destroy(index);
        index.* = .{
            .file = file,
            .hash_size = self.hash_size,
            .count = 0,
            .fanout = undefined,
            .layout = layout,
            .packs = try allocator.dupe(u32, packs),
        };
        errdefer allocator.free(index.packs);
        var cursor: files.Cursor = .{};
        defer cursor.deinit();
        try index.readFanout(&cursor);
        _ = try publish(&self.indexes, index);
        self.cover();
        return index.count;
    }

    /// Finds out which packs need no search of their own after a multi-pack index was asked.
    fn cover(self: *Store) void {
        for (self.packs.items) |*slot| if (slot.*) |*pack| @atomicStore(bool, &pack.is_covered, false, .monotonic);
        for (self.indexes.items) |index| {
            if (index.layout.is_multi == 0) continue;
            const is_whole = for (index.packs) |number| {
                if (self.packAt(number) == null) break false;
            } else true;
            if (!is_whole) continue;
            for (index.packs) |number| @atomicStore(bool, &self.packs.items[number].?.is_covered, true, .monotonic);
        }
    }

    fn isCovered(self: *const Store, index: *const indexes.Index) bool {
        if (index.layout.is_multi != 0 or index.packs[0] >= self.packs.items.len) return false;
        const slot = &self.packs.items[index.packs[0]];
        return if (slot.*) |*pack| @atomicLoad(bool, &pack.is_covered, .monotonic) else false;
    }

    /// Closes a file with the pack and the index that stand on it. No job may be under way.
    pub fn removeFile(self: *Store, id: u32) void {
        const file = self.fileAt(id) orelse return;
        for (self.packs.items, 0..) |*slot, number| {
            const pack = slot.* orelse continue;
            if (pack.file != file) continue;
            self.cache.forget(@intCast(number));
            slot.* = null;
        }
        var at: usize = 0;
        while (at < self.indexes.items.len) {
            const index = self.indexes.items[at];
            if (index.file == file) {
                destroyIndex(self.indexes.orderedRemove(at));
            } else at += 1;
        }
        self.cover();
        self.pages.close(file);
        self.files.items[id] = null;
    }

    /// The place of an id in the first index that has it, in `only` where that is a pack number. Multi-pack indexes are
    /// asked first; one that can't be used costs a search of all packs.
    pub fn find(self: *Store, cursor: *files.Cursor, id: []const u8, only: ?u32) files.Error!?indexes.Place {
        if (only) |pack| {
            for (self.indexes.items) |index| {
                if (index.layout.is_multi != 0 or index.packs[0] != pack) continue;
                if (try index.find(cursor, id)) |place| return place;
            }
            return null;
        }
        var is_trusted = true;
        for (self.indexes.items) |index| {
            if (index.layout.is_multi == 0) continue;
            const place = index.find(cursor, id) catch |failure| switch (failure) {
                error.NeedsBytes, error.OutOfMemory => return failure,
                else => {
                    is_trusted = false;
                    continue;
                },
            } orelse continue;
            const pack = self.packAt(place.pack) orelse continue;
            if (place.offset < pack.end) return place;
            is_trusted = false;
        }
        const first = self.last_hit.load(.monotonic);
        var failed: ?files.Error = null;
        if (first < self.indexes.items.len) {
            if (try self.findUnlessFailed(first, cursor, id, is_trusted, &failed)) |place| return place;
        }
        for (0..self.indexes.items.len) |i| {
            if (i == first) continue;
            const place = try self.findUnlessFailed(i, cursor, id, is_trusted, &failed) orelse continue;
            self.last_hit.store(@intCast(i), .monotonic);
            return place;
        }
        // An index that can't be read may have the id: nobody knows that it is missing.
        return failed orelse null;
    }

    /// An index that can't be read does not hide what the others have.
    fn findUnlessFailed(self: *const Store, at: usize, cursor: *files.Cursor, id: []const u8, skip_covered: bool, failed: *?files.Error) files.Error!?indexes.Place {
        return self.findIn(self.indexes.items[at], cursor, id, skip_covered) catch |failure| switch (failure) {
            error.NeedsBytes, error.OutOfMemory => failure,
            else => {
                failed.* = failed.* orelse failure;
                return null;
            },
        };
    }

    fn findIn(self: *const Store, index: *const indexes.Index, cursor: *files.Cursor, id: []const u8, skip_covered: bool) files.Error!?indexes.Place {
        if (index.layout.is_multi != 0 or (skip_covered and self.isCovered(index))) return null;
        const place = try index.find(cursor, id) orelse return null;
        return if (self.packAt(place.pack) != null) place else null;
    }
};

fn destroyIndex(index: *indexes.Index) void {
    allocator.free(index.packs);
    allocator.destroy(index);
}
