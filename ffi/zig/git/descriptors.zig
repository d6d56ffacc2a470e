//! Descriptors of files that are read by position: a file is opened when it is read and stays open until others need the
//! descriptor. All stores of the process share the limit, which leaves most of the system's to everyone else.

const std = @import("std");
const builtin = @import("builtin");
const SpinLock = @import("../core/spin_lock.zig").SpinLock;

/// Whether files can be opened by path here; elsewhere a host provides the bytes.
pub const has_paths = !builtin.cpu.arch.isWasm() and builtin.os.tag != .windows;

pub const Error = error{ ReadFailed, Truncated };

/// The last bytes of a file, by which it is known again: those of packs and indexes are a checksum.
const mark_size_max = 32;
const limit_max = 512;
const limit_min = 8;

/// Whether the file that has the path now is the one that was opened first.
const Identity = struct {
    size: u64,
    mark: [mark_size_max]u8,

    fn of(descriptor: i32) Error!Identity {
        const end = std.c.lseek(descriptor, 0, std.c.SEEK.END);
        if (end < 0) return error.ReadFailed;
        var self: Identity = .{ .size = @intCast(end), .mark = @splat(0) };
        const length: usize = @intCast(@min(self.size, mark_size_max));
        try readAll(descriptor, self.size - length, self.mark[0..length]);
        return self;
    }

    fn eql(self: *const Identity, other: *const Identity) bool {
        return self.size == other.size and std.mem.eql(u8, &self.mark, &other.mark);
    }
};

/// A file by its path, which is owned by whoever owns this.
pub const Handle = struct {
    path: [:0]const u8,
    identity: Identity = undefined,
    /// Below zero while it is not open.
    descriptor: i32 = -1,
    /// Reads under way; the descriptor stays open meanwhile.
    users: u32 = 0,
    newer: ?*Handle = null,
    older: ?*Handle = null,

    /// Opens the file for the first time; returns its size, or an error with the system's number in `errno`.
    pub fn open(self: *Handle, errno: *u32) Error!u64 {
        if (!has_paths) return error.ReadFailed;
        self.descriptor = try openPath(self.path, errno);
        self.identity = Identity.of(self.descriptor) catch |failure| {
            _ = std.c.close(self.descriptor);
            return failure;
        };
        lock.lock();
        link(self);
        lock.unlock();
        return self.identity.size;
    }

    pub fn close(self: *Handle) void {
        if (!has_paths) return;
        lock.lock();
        const descriptor = self.descriptor;
        if (descriptor >= 0) unlink(self);
        lock.unlock();
        if (descriptor >= 0) _ = std.c.close(descriptor);
    }

    pub fn read(self: *Handle, offset: u64, target: []u8) Error!void {
        if (!has_paths) return error.ReadFailed;
        const descriptor = try self.acquire();
        defer self.release();
        try readAll(descriptor, offset, target);
    }

    fn acquire(self: *Handle) Error!i32 {
        lock.lock();
        if (self.descriptor >= 0) {
            defer lock.unlock();
            self.users += 1;
            unlink(self);
            link(self);
            return self.descriptor;
        }
        lock.unlock();
        var errno: u32 = 0;
        const descriptor = try openPath(self.path, &errno);
        const identity = Identity.of(descriptor) catch |failure| {
            _ = std.c.close(descriptor);
            return failure;
        };
        if (!identity.eql(&self.identity)) {
            _ = std.c.close(descriptor);
            return error.ReadFailed;
        }
        lock.lock();
        const is_first = self.descriptor < 0;
        if (is_first) {
            self.descriptor = descriptor;
            link(self);
        }
        self.users += 1;
        const chosen = self.descriptor;
        lock.unlock();
        if (!is_first) _ = std.c.close(descriptor);
        return chosen;
    }

    fn release(self: *Handle) void {
        lock.lock();
        defer lock.unlock();
        self.users -= 1;
    }
};

var lock: SpinLock = .{};
var newest: ?*Handle = null;
var oldest: ?*Handle = null;
var open_count: u32 = 0;
var limit: u32 = 0;

/// Puts an open file first; the lock is held.
fn link(handle: *Handle) void {
    handle.older = newest;
    handle.newer = null;
    if (newest) |other| other.newer = handle else oldest = handle;
    newest = handle;
    open_count += 1;
}

fn unlink(handle: *Handle) void {
    if (handle.newer) |other| other.older = handle.older else newest = handle.older;
    if (handle.older) |other| other.newer = handle.newer else oldest = handle.newer;
    open_count -= 1;
}

/// Closes the file that was not read for the longest time; returns false where all are being read.
fn closeOldest() bool {
    lock.lock();
    var candidate = oldest;
    while (candidate) |handle| : (candidate = handle.newer) {
        if (handle.users > 0) continue;
        unlink(handle);
        const descriptor = handle.descriptor;
        handle.descriptor = -1;
        lock.unlock();
        _ = std.c.close(descriptor);
        return true;
    }
    lock.unlock();
    return false;
}

/// A quarter of what the system allows the process.
fn limitOf() u32 {
    const known = @atomicLoad(u32, &limit, .monotonic);
    if (known > 0) return known;
    var allowed: std.c.rlimit = undefined;
    const quarter: u64 = if (std.c.getrlimit(.NOFILE, &allowed) == 0) @intCast(allowed.cur / 4) else limit_min;
    const value: u32 = @intCast(std.math.clamp(quarter, limit_min, limit_max));
    @atomicStore(u32, &limit, value, .monotonic);
    return value;
}

/// Opens a file without waiting for the other end of a FIFO. Closes others where there are too many.
fn openPath(path: [:0]const u8, errno: *u32) Error!i32 {
    if (!has_paths) return error.ReadFailed;
    while (@atomicLoad(u32, &open_count, .monotonic) >= limitOf()) if (!closeOldest()) break;
    while (true) {
        const descriptor = std.c.open(path, .{ .ACCMODE = .RDONLY, .CLOEXEC = true, .NONBLOCK = true });
        if (descriptor >= 0) return descriptor;
        const failure = std.c.errno(descriptor);
        errno.* = @intFromEnum(failure);
        switch (failure) {
            .INTR => continue,
            .MFILE, .NFILE => if (!closeOldest()) return error.ReadFailed,
            else => return error.ReadFailed,
        }
    }
}

fn readAll(descriptor: i32, offset: u64, target: []u8) Error!void {
    var done: usize = 0;
    while (done < target.len) {
        const count = std.c.pread(descriptor, target.ptr + done, target.len - done, @intCast(offset + done));
        if (count < 0) {
            if (std.c.errno(count) == .INTR) continue;
            return error.ReadFailed;
        }
        if (count == 0) return error.Truncated;
        done += @intCast(count);
    }
}

test "more files than the limit are read through few descriptors, and a file that was replaced is refused" {
    if (!has_paths) return error.SkipZigTest;
    limit = limit_min;
    defer limit = 0;
    var folder = std.testing.tmpDir(.{});
    defer folder.cleanup();
    var paths: [3 * limit_min][64:0]u8 = undefined;
    var handles: [3 * limit_min]Handle = undefined;
    var errno: u32 = 0;
    for (&handles, &paths, 0..) |*handle, *buffer, i| {
        const path = try std.fmt.bufPrintZ(buffer, ".zig-cache/tmp/{s}/{d:0>3}", .{ folder.sub_path, i });
        try writeFile(path, path);
        handle.* = .{ .path = path };
        try std.testing.expectEqual(path.len, try handle.open(&errno));
        try std.testing.expect(open_count <= limit_min);
    }
    defer for (&handles) |*handle| handle.close();
    for (0..2) |_| {
        for (&handles) |*handle| {
            var target: [3]u8 = undefined;
            try handle.read(handle.path.len - 3, &target);
            try std.testing.expectEqualStrings(handle.path[handle.path.len - 3 ..], &target);
            try std.testing.expect(open_count <= limit_min);
        }
    }
    try std.testing.expectEqual(-1, handles[0].descriptor);
    try writeFile(handles[0].path, "another content");
    var target: [3]u8 = undefined;
    try std.testing.expectError(error.ReadFailed, handles[0].read(0, &target));
}

fn writeFile(path: [:0]const u8, content: []const u8) !void {
    const descriptor = std.c.open(path, .{ .ACCMODE = .WRONLY, .CREAT = true, .TRUNC = true }, @as(std.c.mode_t, 0o600));
    if (descriptor < 0) return error.ReadFailed;
    defer _ = std.c.close(descriptor);
    if (std.c.pwrite(descriptor, content.ptr, content.len, 0) != content.len) return error.ReadFailed;
}
