//! Files by position, without a cursor: the few system calls that block copies stand on. Linux only; elsewhere the host
//! uses its own files.

const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;

/// Whether this target has these files.
pub const is_supported = builtin.os.tag == .linux and !builtin.cpu.arch.isWasm();

/// The number of the system call that failed is kept by the caller; this is what it was.
pub const Errno = u32;

/// What a call gives: a number, or why there is none.
pub const Outcome = union(enum) {
    value: u64,
    failed: Errno,
};

const eintr: Errno = 4;
const enxio: Errno = 6;
pub const enomem: Errno = 12;
/// What a range that is asked for beyond the end of a file is reported as.
pub const etruncated: Errno = 0;

fn outcome(code: usize) Outcome {
    const signed: isize = @bitCast(code);
    if (signed < 0 and signed > -4096) return .{ .failed = @intCast(-signed) };
    return .{ .value = code };
}

/// How a file is opened: bits of one number.
pub const OpenFlags = packed struct(u32) {
    write: bool = false,
    create: bool = false,
    exclusive: bool = false,
    no_follow: bool = false,
    directory: bool = false,
    /// The path may not lead out of the directory it starts at, by no link and no "..".
    beneath: bool = false,
    rest: u26 = 0,
};

const OpenHow = extern struct { flags: u64, mode: u64, resolve: u64 };
const resolve_beneath_no_magic_links = 0x08 | 0x02;

pub const Range = struct { start: u64, end: u64 };

/// An open file or directory.
pub const File = struct {
    descriptor: i32,

    /// Opens a path, from a directory or from the current one.
    pub fn open(directory: ?*const File, path: [*:0]const u8, flags: OpenFlags, mode: u32) Outcome {
        const options: linux.O = .{
            .ACCMODE = if (flags.write) .RDWR else .RDONLY,
            .CLOEXEC = true,
            .CREAT = flags.create,
            .EXCL = flags.exclusive,
            .NOFOLLOW = flags.no_follow,
            .DIRECTORY = flags.directory,
            .NONBLOCK = true, // a pipe that was put in a file's place must not hang
        };
        const base: i32 = if (directory) |file| file.descriptor else linux.AT.FDCWD;
        if (!flags.beneath) return outcome(linux.openat(base, path, options, mode));
        const how: OpenHow = .{
            .flags = @as(u32, @bitCast(options)),
            .mode = if (flags.create) mode else 0,
            .resolve = resolve_beneath_no_magic_links,
        };
        while (true) {
            const result = outcome(linux.syscall4(
                .openat2,
                @bitCast(@as(isize, base)),
                @intFromPtr(path),
                @intFromPtr(&how),
                @sizeOf(OpenHow),
            ));
            if (result == .failed) switch (@as(linux.E, @enumFromInt(result.failed))) {
                // The kernel asks to try again when something was renamed meanwhile.
                .AGAIN => continue,
                // Linux before 5.6, and sandboxes that do not know the call.
                .NOSYS => return openStepwise(base, std.mem.span(path), options, mode),
                else => {},
            };
            return result;
        }
    }

    /// What `beneath` asks for, one name after the other: no link is followed at all, not even one that stays inside.
    fn openStepwise(base: i32, path: []const u8, options: linux.O, mode: u32) Outcome {
        const leads_out: Outcome = .{ .failed = @intFromEnum(linux.E.XDEV) };
        if (std.mem.startsWith(u8, path, "/")) return leads_out;
        var directory = base;
        defer if (directory != base) {
            _ = linux.close(directory);
        };
        var names = std.mem.tokenizeScalar(u8, path, '/');
        var name = names.next() orelse ".";
        while (true) {
            if (std.mem.eql(u8, name, "..")) return leads_out;
            var terminated: [256:0]u8 = undefined;
            if (name.len >= terminated.len) return .{ .failed = @intFromEnum(linux.E.NAMETOOLONG) };
            @memcpy(terminated[0..name.len], name);
            terminated[name.len] = 0;
            const following = names.next();
            var step: linux.O = if (following == null) options else .{ .DIRECTORY = true, .CLOEXEC = true };
            step.NOFOLLOW = true;
            const opened = outcome(linux.openat(directory, &terminated, step, mode));
            if (following == null or opened == .failed) return opened;
            if (directory != base) _ = linux.close(directory);
            directory = @intCast(opened.value);
            name = following.?;
        }
    }

    pub fn close(self: *const File) void {
        _ = linux.close(self.descriptor);
    }

    /// Reads until the buffer is full or the file ends.
    pub fn read(self: *const File, offset: u64, buffer: []u8) Outcome {
        var done: usize = 0;
        while (done < buffer.len) {
            switch (outcome(linux.pread(self.descriptor, buffer.ptr + done, buffer.len - done, @intCast(offset + done)))) {
                .value => |count| if (count == 0) break else {
                    done += @intCast(count);
                },
                .failed => |errno| if (errno != eintr) return .{ .failed = errno },
            }
        }
        return .{ .value = done };
    }

    /// Reads all of the buffer; null when that worked, `etruncated` where the file ends before.
    pub fn readAll(self: *const File, offset: u64, buffer: []u8) ?Errno {
        return switch (self.read(offset, buffer)) {
            .value => |count| if (count < buffer.len) etruncated else null,
            .failed => |errno| errno,
        };
    }

    /// Writes everything; null when that worked.
    pub fn write(self: *const File, offset: u64, bytes: []const u8) ?Errno {
        var done: usize = 0;
        while (done < bytes.len) {
            switch (outcome(linux.pwrite(self.descriptor, bytes.ptr + done, bytes.len - done, @intCast(offset + done)))) {
                .value => |count| done += @intCast(count),
                .failed => |errno| if (errno != eintr) return errno,
            }
        }
        return null;
    }

    /// Writes everything but pages of zeros where the file has a hole or ends; long runs of zeros become holes again.
    pub fn writeSparse(self: *const File, offset: u64, bytes: []const u8) ?Errno {
        const page = 4096;
        const hole_min = 16 * page;
        var at: usize = 0;
        while (at < bytes.len) {
            const is_zero = allZero(bytes[at..@min(bytes.len, at + page)]);
            var end = @min(bytes.len, at + page);
            while (end < bytes.len) {
                const next = @min(bytes.len, end + page);
                if (allZero(bytes[end..next]) != is_zero) break;
                end = next;
            }
            const run = bytes[at..end];
            const start = offset + at;
            const is_hole = is_zero and self.nextData(start, start + run.len) == null;
            if (!is_hole) {
                const punch = is_zero and run.len >= hole_min;
                const errno = if (punch) self.zero(start, start + run.len, true) else self.write(start, run);
                if (errno) |number| return number;
            }
            at = end;
        }
        return null;
    }

    pub fn status(self: *const File) union(enum) { value: linux.Statx, failed: Errno } {
        var found: linux.Statx = undefined;
        const at_empty_path = 0x1000;
        return switch (outcome(linux.statx(self.descriptor, "", at_empty_path, @bitCast(@as(u32, 0x7ff)), &found))) {
            .value => .{ .value = self.withDeviceSize(found) },
            .failed => |errno| .{ .failed = errno },
        };
    }

    /// Block devices have no size of their own in their status; their end has.
    fn withDeviceSize(self: *const File, found: linux.Statx) linux.Statx {
        const type_mask = 0o170000;
        const block_device = 0o060000;
        var sized = found;
        if (found.mode & type_mask == block_device) switch (outcome(linux.lseek(self.descriptor, 0, linux.SEEK.END))) {
            .value => |end| {
                sized.size = end;
                sized.blocks = end / 512;
            },
            .failed => {},
        };
        return sized;
    }

    /// The first data at or after `offset`, up to `end`; null when all of that is a hole. Without an answer of the file
    /// system everything is data.
    pub fn nextData(self: *const File, offset: u64, end: u64) ?Range {
        const seek_data = 3;
        const seek_hole = 4;
        const start = switch (outcome(linux.lseek(self.descriptor, @intCast(offset), seek_data))) {
            .value => |position| position,
            .failed => |errno| if (errno == enxio) return null else return .{ .start = offset, .end = end },
        };
        if (start >= end) return null;
        const stop = switch (outcome(linux.lseek(self.descriptor, @intCast(start), seek_hole))) {
            .value => |position| position,
            .failed => end,
        };
        return .{ .start = start, .end = @min(end, stop) };
    }

    /// Makes a range zero, as a hole where `punch` allows and the file system can. Holes stay untouched.
    pub fn zero(self: *const File, start: u64, end: u64, punch: bool) ?Errno {
        const zeros: [65536]u8 = comptime @splat(0);
        var at = start;
        while (self.nextData(at, end)) |data| : (at = data.end) {
            const punch_hole_keep_size = 0x03;
            const punched = punch and outcome(linux.fallocate(
                self.descriptor,
                punch_hole_keep_size,
                @intCast(data.start),
                @intCast(data.end - data.start),
            )) == .value;
            var offset = data.start;
            while (!punched and offset < data.end) {
                const count: usize = @intCast(@min(zeros.len, data.end - offset));
                if (self.write(offset, zeros[0..count])) |errno| return errno;
                offset += count;
            }
            if (data.end >= end) break;
        }
        return null;
    }

    pub fn resize(self: *const File, size: u64) ?Errno {
        return failure(linux.ftruncate(self.descriptor, @intCast(size)));
    }

    pub fn sync(self: *const File, data_only: bool) ?Errno {
        return failure(if (data_only) linux.fdatasync(self.descriptor) else linux.fsync(self.descriptor));
    }

    /// Asks the system to forget what it holds of the file, so that it is read from the disk again.
    pub fn dropCache(self: *const File) ?Errno {
        const dont_need = 4;
        return failure(linux.fadvise(self.descriptor, 0, 0, dont_need));
    }

    /// Takes the file's lock for this open file, without waiting.
    pub fn lock(self: *const File) ?Errno {
        const exclusive_no_wait = 2 | 4;
        return failure(linux.flock(self.descriptor, exclusive_no_wait));
    }

    /// Makes `target` share the blocks of this file, where the file system can.
    pub fn cloneTo(self: *const File, target: *const File) ?Errno {
        const ficlone = 0x40049409;
        return failure(linux.ioctl(target.descriptor, ficlone, @intCast(self.descriptor)));
    }

    /// Renames inside a directory, replacing what has the new name.
    pub fn rename(self: *const File, from: [*:0]const u8, to: [*:0]const u8) ?Errno {
        return failure(linux.renameat2(self.descriptor, from, self.descriptor, to, .{}));
    }

    /// Removes a file from a directory.
    pub fn remove(self: *const File, name: [*:0]const u8) ?Errno {
        return failure(linux.unlinkat(self.descriptor, name, 0));
    }

    fn failure(code: usize) ?Errno {
        return switch (outcome(code)) {
            .value => null,
            .failed => |errno| errno,
        };
    }
};

/// Whether there is nothing but zeros; stops at the first other byte.
pub fn allZero(bytes: []const u8) bool {
    const step = 64;
    var rest = bytes;
    while (rest.len >= step) : (rest = rest[step..]) {
        const lanes: @Vector(step, u8) = rest[0..step].*;
        if (@reduce(.Or, lanes) != 0) return false;
    }
    for (rest) |byte| if (byte != 0) return false;
    return true;
}

test "allZero sees the last byte" {
    var bytes: [130]u8 = @splat(0);
    try std.testing.expect(allZero(&bytes));
    bytes[129] = 1;
    try std.testing.expect(!allZero(&bytes));
    try std.testing.expect(allZero(bytes[0..129]));
}

test "names that lead out of a directory are refused without the kernel's help" {
    if (!is_supported) return error.SkipZigTest;
    var folder = std.testing.tmpDir(.{});
    defer folder.cleanup();
    const io = std.testing.io;
    try folder.dir.createDirPath(io, "a/b");
    try folder.dir.writeFile(io, .{ .sub_path = "a/b/file", .data = "inside" });
    try folder.dir.symLink(io, "..", "a/up", .{});
    const base = folder.dir.handle;
    const options: linux.O = .{ .CLOEXEC = true };
    for ([_][]const u8{ "a/b/file", "./a//b/file", "a/b", "" }) |path| {
        const opened = File.openStepwise(base, path, options, 0);
        try std.testing.expect(opened == .value);
        _ = linux.close(@intCast(opened.value));
    }
    const expected = [_]struct { []const u8, linux.E }{
        .{ "/etc", .XDEV },
        .{ "a/../a/b/file", .XDEV },
        .{ "..", .XDEV },
        .{ "a/up", .LOOP },
        .{ "a/up/a/b/file", .NOTDIR },
        .{ "a/none", .NOENT },
        .{ "a/" ++ "n" ** 300, .NAMETOOLONG },
    };
    for (expected) |row| {
        try std.testing.expectEqual(Outcome{ .failed = @intFromEnum(row[1]) }, File.openStepwise(base, row[0], options, 0));
    }
}
