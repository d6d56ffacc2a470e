//! Files read by position in pages: natively from the file system, else as a host provides them. Pages are shared by
//! all threads and kept up to a budget. Nothing is mapped: a file that is cut short while it is open gives an error,
//! where touching a map after its end would end the process.

const std = @import("std");
const descriptors = @import("descriptors.zig");
const Window = @import("window.zig").Window;
const SpinLock = @import("../core/spin_lock.zig").SpinLock;
const allocator = @import("../core/c_allocator.zig").c_allocator;

pub const page_size = 16 << 10;
/// A file larger than this is refused: its table of pages alone would be 2 GiB.
const file_size_max = 1 << 42;
/// Pages that a host is asked for at once.
const needs_max = 1024;

pub const has_paths = descriptors.has_paths;

pub const Error = error{ NeedsBytes, OutOfMemory, ReadFailed, Truncated, OutOfRange };

pub const Page = struct {
    file: *File,
    number: u32,
    length: u32,
    pins: std.atomic.Value(u32),
    /// Touched since the hand of the clock last passed.
    touched: bool,
    bytes: [page_size]u8,

    fn unpin(self: *Page) void {
        _ = self.pins.fetchSub(1, .release);
    }
};

pub const Need = struct { file: *File, page: u32 };

pub const File = struct {
    pages: *Pages,
    id: u32,
    size: u64,
    /// Null where a host provides the bytes.
    handle: ?*descriptors.Handle,
    table: []?*Page,
    /// Pages that are on the list of those that a host has to provide.
    asked: std.DynamicBitSetUnmanaged,

    fn pageLength(self: *const File, number: u32) u32 {
        return @intCast(@min(page_size, self.size - @as(u64, number) * page_size));
    }

    pub fn isNative(self: *const File) bool {
        return self.handle != null;
    }

    /// Whether jobs read the file past the pages, where it would push out everything else.
    fn isLarge(self: *const File) bool {
        return self.isNative() and self.table.len > self.pages.budget / 2;
    }

    /// Reads past the pages, for large pieces of native files.
    pub fn readDirect(self: *File, offset: u64, target: []u8) Error!void {
        if (offset > self.size or target.len > self.size - offset) return error.OutOfRange;
        try self.handle.?.read(offset, target);
    }
};

pub const Pages = struct {
    lock: SpinLock = .{},
    ring: std.ArrayList(*Page) = .empty,
    hand: usize = 0,
    budget: usize,
    needs: std.ArrayList(Need) = .empty,
    /// Why the last `open` failed: the system's error number.
    errno: u32 = 0,

    pub fn init(budget_bytes: f64) Pages {
        const wanted = @max(budget_bytes, 1 << 20) / page_size;
        return .{ .budget = if (wanted < 1 << 30) @intFromFloat(wanted) else 1 << 30 };
    }

    pub fn deinit(self: *Pages) void {
        for (self.ring.items) |page| allocator.destroy(page);
        self.ring.deinit(allocator);
        self.needs.deinit(allocator);
    }

    /// Opens a regular file by its path; never waits for the other end of a FIFO.
    pub fn open(self: *Pages, id: u32, path: [:0]const u8) Error!*File {
        if (!has_paths) return error.ReadFailed;
        const handle = try allocator.create(descriptors.Handle);
        errdefer allocator.destroy(handle);
        handle.* = .{ .path = try allocator.dupeZ(u8, path) };
        errdefer allocator.free(handle.path);
        self.errno = 0;
        const size = try handle.open(&self.errno);
        errdefer handle.close();
        return self.create(id, size, handle);
    }

    /// A file of this size, whose bytes a host provides where there is no handle.
    pub fn create(self: *Pages, id: u32, size: u64, handle: ?*descriptors.Handle) Error!*File {
        if (size > file_size_max) return error.OutOfRange;
        const file = try allocator.create(File);
        errdefer allocator.destroy(file);
        const table = try allocator.alloc(?*Page, @intCast((size + page_size - 1) / page_size));
        errdefer allocator.free(table);
        @memset(table, null);
        const asked: std.DynamicBitSetUnmanaged = try .initEmpty(allocator, if (handle == null) table.len else 0);
        file.* = .{ .pages = self, .id = id, .size = size, .handle = handle, .table = table, .asked = asked };
        return file;
    }

    /// Closes a file that no cursor stands in.
    pub fn close(self: *Pages, file: *File) void {
        var kept: usize = 0;
        for (self.ring.items) |page| {
            if (page.file == file) {
                allocator.destroy(page);
            } else {
                self.ring.items[kept] = page;
                kept += 1;
            }
        }
        self.ring.shrinkRetainingCapacity(kept);
        self.hand = 0;
        var left: usize = 0;
        for (self.needs.items) |need| if (need.file != file) {
            self.needs.items[left] = need;
            left += 1;
        };
        self.needs.shrinkRetainingCapacity(left);
        if (file.handle) |handle| {
            handle.close();
            allocator.free(handle.path);
            allocator.destroy(handle);
        }
        allocator.free(file.table);
        file.asked.deinit(allocator);
        allocator.destroy(file);
    }

    /// A page that is not in use, taken out of its file, when the budget is used up; the lock is held.
    fn takeVictim(self: *Pages) ?*Page {
        if (self.ring.items.len < self.budget) return null;
        var steps = self.ring.items.len * 2;
        while (steps > 0) : (steps -= 1) {
            if (self.hand >= self.ring.items.len) self.hand = 0;
            const page = self.ring.items[self.hand];
            if (page.pins.load(.acquire) == 0 and !page.touched) {
                page.file.table[page.number] = null;
                _ = self.ring.swapRemove(self.hand);
                return page;
            }
            page.touched = false;
            self.hand += 1;
        }
        return null;
    }

    fn blankPage(self: *Pages) Error!*Page {
        self.lock.lock();
        const victim = self.takeVictim();
        self.lock.unlock();
        return victim orelse try allocator.create(Page);
    }

    /// Puts a filled page in its place unless another thread was first; returns the one that stands there, pinned.
    fn insert(self: *Pages, page: *Page, pins: u32) Error!*Page {
        self.lock.lock();
        defer self.lock.unlock();
        const slot = &page.file.table[page.number];
        if (slot.*) |existing| {
            allocator.destroy(page);
            _ = existing.pins.fetchAdd(pins, .monotonic);
            return existing;
        }
        page.pins = .init(pins);
        page.touched = true;
        self.ring.append(allocator, page) catch |failure| {
            allocator.destroy(page);
            return failure;
        };
        slot.* = page;
        return page;
    }

    fn pin(self: *Pages, file: *File, number: u32) Error!*Page {
        self.lock.lock();
        if (file.table[number]) |page| {
            _ = page.pins.fetchAdd(1, .monotonic);
            page.touched = true;
            self.lock.unlock();
            return page;
        }
        self.lock.unlock();
        if (!file.isNative()) {
            try self.addNeed(file, number);
            return error.NeedsBytes;
        }
        const page = try self.blankPage();
        page.file = file;
        page.number = number;
        page.length = file.pageLength(number);
        file.handle.?.read(@as(u64, number) * page_size, page.bytes[0..page.length]) catch |failure| {
            allocator.destroy(page);
            return failure;
        };
        return self.insert(page, 1);
    }

    fn addNeed(self: *Pages, file: *File, number: u32) Error!void {
        self.lock.lock();
        defer self.lock.unlock();
        if (file.asked.isSet(number) or self.needs.items.len >= needs_max) return;
        try self.needs.append(allocator, .{ .file = file, .page = number });
        file.asked.set(number);
    }

    /// Whether the host is asked for as much as it gives at once.
    pub fn isAskedForMuch(self: *Pages) bool {
        self.lock.lock();
        defer self.lock.unlock();
        return self.needs.items.len >= needs_max;
    }

    /// Takes the bytes of one page from the host.
    pub fn provide(self: *Pages, file: *File, number: u32, bytes: []const u8) Error!void {
        if (number >= file.table.len or bytes.len != file.pageLength(number)) return error.OutOfRange;
        const page = try self.blankPage();
        page.file = file;
        page.number = number;
        page.length = @intCast(bytes.len);
        @memcpy(page.bytes[0..bytes.len], bytes);
        _ = try self.insert(page, 0);
    }

    /// Says which pages of a range a host has to provide, all at once.
    pub fn needRange(self: *Pages, file: *File, offset: u64, length: u64) Error!void {
        var number: u32 = @intCast(offset / page_size);
        const last: u32 = @intCast((offset + length - 1) / page_size);
        while (number <= last) : (number += 1) {
            self.lock.lock();
            const present = file.table[number] != null;
            self.lock.unlock();
            if (!present) try self.addNeed(file, number);
        }
    }
};

/// Where one thread reads: it holds the page it stands in. With a window, large files are read through that.
pub const Cursor = struct {
    page: ?*Page = null,
    window: ?*Window = null,

    /// Lets the page go.
    pub fn deinit(self: *Cursor) void {
        if (self.page) |page| page.unpin();
        self.page = null;
    }

    fn enter(self: *Cursor, file: *File, number: u32) Error!*Page {
        if (self.page) |page| {
            if (page.file == file and page.number == number) return page;
            page.unpin();
            self.page = null;
        }
        const page = try file.pages.pin(file, number);
        self.page = page;
        return page;
    }

    /// The bytes from `offset` on that are at hand; at least one. Valid until the cursor moves.
    pub fn rest(self: *Cursor, file: *File, offset: u64) Error![]const u8 {
        return self.ahead(file, offset, 1);
    }

    /// As `rest`; where there is a window for the file, so many bytes if it has them.
    pub fn ahead(self: *Cursor, file: *File, offset: u64, wanted: usize) Error![]const u8 {
        if (self.window) |window| if (file.isLarge()) return window.rest(file, offset, wanted);
        if (offset >= file.size) return error.OutOfRange;
        const page = try self.enter(file, @intCast(offset / page_size));
        return page.bytes[@intCast(offset % page_size)..page.length];
    }

    /// Copies exactly these bytes.
    pub fn read(self: *Cursor, file: *File, offset: u64, target: []u8) Error!void {
        if (target.len == 0) return;
        if (offset > file.size or target.len > file.size - offset) return error.OutOfRange;
        if (!file.isNative()) file.pages.needRange(file, offset, target.len) catch |failure| return failure;
        var done: usize = 0;
        while (done < target.len) {
            const part = try self.ahead(file, offset + done, target.len - done);
            const count = @min(part.len, target.len - done);
            @memcpy(target[done..][0..count], part[0..count]);
            done += count;
        }
    }

    /// These bytes in one piece: in place where they lie in one page, else copied into `scratch`.
    pub fn span(self: *Cursor, file: *File, offset: u64, length: usize, scratch: []u8) Error![]const u8 {
        const part = try self.ahead(file, offset, length);
        if (part.len >= length) return part[0..length];
        try self.read(file, offset, scratch[0..length]);
        return scratch[0..length];
    }
};

test "provided pages serve reads, and missing ones are asked for" {
    var pages: Pages = .init(1 << 20);
    defer pages.deinit();
    const size = page_size + 100;
    const file = try pages.create(7, size, null);
    defer pages.close(file);
    var cursor: Cursor = .{};
    defer cursor.deinit();
    var target: [40]u8 = undefined;
    try std.testing.expectError(error.NeedsBytes, cursor.read(file, page_size - 20, &target));
    try std.testing.expectEqual(2, pages.needs.items.len);
    var content: [size]u8 = undefined;
    for (&content, 0..) |*byte, i| byte.* = @truncate(i * 7);
    try pages.provide(file, 0, content[0..page_size]);
    try pages.provide(file, 1, content[page_size..]);
    try std.testing.expectError(error.OutOfRange, pages.provide(file, 2, content[0..1]));
    try cursor.read(file, page_size - 20, &target);
    try std.testing.expectEqualSlices(u8, content[page_size - 20 ..][0..40], &target);
    try std.testing.expectError(error.OutOfRange, cursor.read(file, size - 39, &target));
}

test "pages beyond the budget make room for others" {
    var pages: Pages = .init(0); // the least there is: 1 MiB
    defer pages.deinit();
    const least = (1 << 20) / page_size;
    const file = try pages.create(1, 3 * least * page_size, null);
    defer pages.close(file);
    const content: [page_size]u8 = @splat(9);
    for (0..3 * least) |i| try pages.provide(file, @intCast(i), &content);
    try std.testing.expect(pages.ring.items.len <= least);
}
