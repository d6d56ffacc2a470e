//! Many small files in one call: read into records, and written from them. Linux only.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const hashing = @import("hash.zig");
const heap = @import("../core/heap.zig");
const names = @import("../core/linux_names.zig");
const Errno = @import("../core/linux_file.zig").Errno;
const File = @import("../core/linux_file.zig").File;
const linux = std.os.linux;

/// Room for the digest of a record; shorter ones are followed by zeros.
pub const digest_size = 32;

/// Names of up to so many bytes have their part and their journal under their own name; files with longer ones are not
/// for batches.
const name_size_max = 200;

/// One file: this record, its path from the root, and its content.
pub const Record = extern struct {
    /// Bytes of the record and all that follows it.
    size: u32,
    /// Why there is no content; 0 where there is.
    errno: u32 = 0,
    mode: u32 = 0,
    nanoseconds: u32 = 0,
    seconds: i64 align(4) = 0,
    path_size: u32,
    content_size: u32 = 0,
    digest: [digest_size]u8 = @splat(0),
};

/// A record inside a buffer, with what follows it.
pub const Entry = struct {
    record: Record,
    path: []const u8,
    content: []const u8,
    end: usize,
};

/// The record at a position; null where the bytes make none.
pub fn entryAt(bytes: []const u8, at: usize) ?Entry {
    if (bytes.len - at < @sizeOf(Record)) return null;
    var record: Record = undefined;
    @memcpy(std.mem.asBytes(&record), bytes[at..][0..@sizeOf(Record)]);
    const rest = bytes.len - at - @sizeOf(Record);
    const sizes = @as(u64, record.path_size) + record.content_size;
    if (sizes > rest or record.size != @sizeOf(Record) + sizes) return null;
    const path = bytes[at + @sizeOf(Record) ..][0..record.path_size];
    const content = bytes[at + @sizeOf(Record) + path.len ..][0..record.content_size];
    return .{ .record = record, .path = path, .content = content, .end = at + record.size };
}

/// Whether digests of a hash fit records.
pub fn isUsable(spec: hashing.Spec) bool {
    return hashing.digestSize(spec.id) <= digest_size;
}

fn digestOf(spec: hashing.Spec, bytes: []const u8) [digest_size]u8 {
    var digest: [hashing.digest_size_max]u8 = @splat(0);
    spec.hash(bytes, &digest);
    return digest[0..digest_size].*;
}

fn terminated(buffer: *[4096:0]u8, text: []const u8) ?[*:0]const u8 {
    if (text.len == 0 or text.len >= buffer.len or std.mem.findScalar(u8, text, 0) != null) return null;
    @memcpy(buffer[0..text.len], text);
    buffer[text.len] = 0;
    return buffer;
}

/// The name of a file that copies use beside another one; null where that has none of its own.
fn sideName(buffer: *[4096:0]u8, name: []const u8, kind: []const u8) ?[*:0]const u8 {
    if (name.len == 0 or name.len > name_size_max) return null;
    const text = std.fmt.bufPrint(buffer, ".{s}.pdiff-{s}", .{ name, kind }) catch unreachable;
    buffer[text.len] = 0;
    return buffer;
}

const invalid_name: Errno = @intFromEnum(linux.E.INVAL);
const long_name: Errno = @intFromEnum(linux.E.NAMETOOLONG);
const busy: Errno = @intFromEnum(linux.E.BUSY);

/// Reads the file of each record of `wanted` below the root and writes a record with its digest, and with its content
/// where that is asked for. Stops where the next would not fit: `taken` bytes of `wanted` were used.
pub fn readAll(root: *const File, wanted: []const u8, output: []u8, spec: hashing.Spec, with_content: bool) struct { taken: usize, written: usize } {
    var taken: usize = 0;
    var written: usize = 0;
    while (taken < wanted.len) {
        const entry = entryAt(wanted, taken) orelse break;
        const start = @sizeOf(Record) + entry.path.len;
        if (output.len - written < start) break;
        var record: Record = .{ .size = 0, .path_size = @intCast(entry.path.len) };
        const content = readOne(root, entry, output[written + start ..], spec, &record) orelse {
            if (written > 0) break;
            record.errno = @intFromEnum(linux.E.FBIG);
            writeRecord(&record, entry.path, 0, output[written..]);
            written += record.size;
            taken = entry.end;
            continue;
        };
        writeRecord(&record, entry.path, if (with_content) content else 0, output[written..]);
        written += record.size;
        taken = entry.end;
    }
    return .{ .taken = taken, .written = written };
}

fn writeRecord(record: *Record, path: []const u8, content: usize, output: []u8) void {
    record.content_size = @intCast(content);
    record.size = @intCast(@sizeOf(Record) + path.len + content);
    @memcpy(output[0..@sizeOf(Record)], std.mem.asBytes(record));
    @memcpy(output[@sizeOf(Record)..][0..path.len], path);
}

/// Whether a journal lies beside a file: it is a mixture then. What can't be looked at counts too.
fn isMixed(root: *const File, path: []const u8) ?Errno {
    const base = std.fs.path.basenamePosix(path);
    const folder = path[0 .. path.len - base.len];
    var side: [4096:0]u8 = undefined;
    const journal = sideName(&side, base, "journal") orelse return long_name;
    var buffer: [4096:0]u8 = undefined;
    const text = std.fmt.bufPrint(&buffer, "{s}{s}", .{ folder, std.mem.span(journal) }) catch return long_name;
    buffer[text.len] = 0;
    return if (isThere(root.descriptor, &buffer)) busy else null;
}

fn isThere(directory: i32, name: [*:0]const u8) bool {
    var found: linux.Statx = undefined;
    const errno = failure(linux.statx(directory, name, linux.AT.SYMLINK_NOFOLLOW, @bitCast(@as(u32, 1)), &found)) orelse return true;
    return errno != @intFromEnum(linux.E.NOENT);
}

/// Reads one file; null where the output has no room for it. A failure is in the record; a mixed file is one.
fn readOne(root: *const File, entry: Entry, output: []u8, spec: hashing.Spec, record: *Record) ?usize {
    var buffer: [4096:0]u8 = undefined;
    const name = terminated(&buffer, entry.path) orelse return fail(record, invalid_name);
    const opened = switch (File.open(root, name, .{ .beneath = true, .no_follow = true }, 0)) {
        .failed => |errno| return fail(record, errno),
        .value => |descriptor| File{ .descriptor = @intCast(descriptor) },
    };
    defer opened.close();
    const before = switch (opened.status()) {
        .failed => |errno| return fail(record, errno),
        .value => |found| found,
    };
    if (before.mode & 0o170000 != 0o100000) return fail(record, invalid_name);
    if (isMixed(root, entry.path)) |errno| return fail(record, errno);
    if (before.size > output.len) return null;
    const size: usize = @intCast(before.size);
    const count = switch (opened.read(0, output[0..size])) {
        .failed => |errno| return fail(record, errno),
        .value => |count| count,
    };
    const after = switch (opened.status()) {
        .failed => |errno| return fail(record, errno),
        .value => |found| found,
    };
    const is_same = count == size and after.size == before.size and after.mtime.sec == before.mtime.sec and
        after.mtime.nsec == before.mtime.nsec;
    if (!is_same) {
        record.errno = @intFromEnum(linux.E.AGAIN);
        return 0;
    }
    record.mode = before.mode & 0o7777;
    record.seconds = before.mtime.sec;
    record.nanoseconds = before.mtime.nsec;
    record.digest = digestOf(spec, output[0..size]);
    return size;
}

fn fail(record: *Record, errno: Errno) usize {
    record.errno = errno;
    return 0;
}

/// How files are written.
pub const WriteFlags = packed struct(u32) {
    /// Whether the disk has everything before files get their names.
    sync: bool = false,
    /// Whether files get the mode, and the time, of the record.
    mode: bool = false,
    time: bool = false,
    /// Whether files that are there are replaced, and keep their owner, their mode where it is not set, and attributes.
    replace: bool = false,
    rest: u28 = 0,
};

/// What is written at a time: as many files are open.
pub const batch_max = 256;

/// Writes the files of records below the root: first all parts, then, when the disk has them, the names. Nothing is
/// replaced unless the flags say so. `results` has a number for each record: 0, or why it was not written.
pub fn writeAll(root: *const File, records: []const u8, spec: hashing.Spec, flags: WriteFlags, results: []u32) usize {
    var at: usize = 0;
    var done: usize = 0;
    while (at < records.len and done < results.len) {
        var batch: Batch = .{ .root = root, .spec = spec, .flags = flags };
        while (batch.count < batch_max and done + batch.count < results.len) {
            const entry = entryAt(records, at) orelse break;
            batch.add(entry);
            at = entry.end;
        }
        if (batch.count == 0) break;
        batch.finish(results[done..]);
        done += batch.count;
    }
    return done;
}

const Batch = struct {
    root: *const File,
    spec: hashing.Spec,
    flags: WriteFlags,
    count: usize = 0,
    entries: [batch_max]Entry = undefined,
    files: [batch_max]?File = undefined,
    /// What has the name now; its lock is held until it is replaced.
    replaced: [batch_max]?Replaced = undefined,
    parents: [batch_max]i32 = undefined,
    errors: [batch_max]Errno = undefined,

    fn add(self: *Batch, entry: Entry) void {
        const index = self.count;
        self.count += 1;
        self.entries[index] = entry;
        self.files[index] = null;
        self.replaced[index] = null;
        self.parents[index] = -1;
        self.errors[index] = self.write(index) orelse 0;
    }

    /// Opens the directory of a path, or shares the one of the entry before.
    fn parentOf(self: *Batch, index: usize, errno: *Errno) ?i32 {
        const folder = std.fs.path.dirnamePosix(self.entries[index].path) orelse ".";
        if (index > 0 and self.parents[index - 1] >= 0) {
            const last = std.fs.path.dirnamePosix(self.entries[index - 1].path) orelse ".";
            if (std.mem.eql(u8, folder, last)) return self.parents[index - 1];
        }
        var buffer: [4096:0]u8 = undefined;
        const name = terminated(&buffer, folder) orelse {
            errno.* = invalid_name;
            return null;
        };
        switch (File.open(self.root, name, .{ .directory = true, .beneath = true }, 0)) {
            .failed => |number| {
                errno.* = number;
                return null;
            },
            .value => |descriptor| return @intCast(descriptor),
        }
    }

    fn write(self: *Batch, index: usize) ?Errno {
        const entry = self.entries[index];
        const record = entry.record;
        const digest = digestOf(self.spec, entry.content);
        if (record.errno != 0 or !std.mem.eql(u8, &digest, &record.digest)) return @intFromEnum(linux.E.BADMSG);
        var errno: Errno = 0;
        const parent = self.parentOf(index, &errno) orelse return errno;
        self.parents[index] = parent;
        const base = std.fs.path.basenamePosix(entry.path);
        const folder: File = .{ .descriptor = parent };
        if (self.flags.replace) {
            var name_buffer: [4096:0]u8 = undefined;
            const name = terminated(&name_buffer, base) orelse return invalid_name;
            self.replaced[index] = Replaced.open(&folder, base, name, &errno);
            if (errno != 0) return errno;
        }
        var buffer: [4096:0]u8 = undefined;
        const part = sideName(&buffer, base, "part") orelse return long_name;
        const mode = record.mode & 0o777;
        const file = switch (File.open(&folder, part, .{ .write = true, .create = true, .exclusive = true, .no_follow = true }, mode)) {
            .failed => |number| return number,
            .value => |descriptor| File{ .descriptor = @intCast(descriptor) },
        };
        self.files[index] = file;
        if (file.write(0, entry.content)) |number| return number;
        if (self.replaced[index]) |*old| if (old.giveTo(&file)) |number| return number;
        if (self.flags.mode) if (failure(linux.fchmod(file.descriptor, record.mode & 0o7777))) |number| return number;
        if (self.flags.time) {
            const times = [2]linux.timespec{ .{ .sec = 0, .nsec = 0x3ffffffe }, .{ .sec = record.seconds, .nsec = record.nanoseconds } };
            if (failure(linux.utimensat(file.descriptor, null, &times, 0))) |number| return number;
        }
        return null;
    }

    fn finish(self: *Batch, results: []u32) void {
        for (0..self.count) |index| self.syncOne(index);
        for (0..self.count) |index| {
            self.nameOne(index);
            results[index] = self.errors[index];
        }
        self.close();
    }

    fn syncOne(self: *Batch, index: usize) void {
        const file = self.files[index] orelse return;
        if (self.errors[index] == 0 and self.flags.sync) self.errors[index] = file.sync(true) orelse 0;
    }

    /// Gives a part its name; nothing is replaced.
    fn nameOne(self: *Batch, index: usize) void {
        if (self.files[index] == null) return;
        const base = std.fs.path.basenamePosix(self.entries[index].path);
        var part_buffer: [4096:0]u8 = undefined;
        var name_buffer: [4096:0]u8 = undefined;
        const part = sideName(&part_buffer, base, "part").?;
        const parent = self.parents[index];
        if (self.errors[index] == 0) {
            const name = terminated(&name_buffer, base).?;
            self.errors[index] = self.rename(index, parent, part, name) orelse 0;
        }
        if (self.errors[index] != 0) _ = linux.unlinkat(parent, part, 0);
    }

    fn rename(self: *Batch, index: usize, parent: i32, part: [*:0]const u8, name: [*:0]const u8) ?Errno {
        const old = self.replaced[index] orelse return failure(linux.renameat2(parent, part, parent, name, .{ .NOREPLACE = true }));
        if (!old.isStill(parent, name)) return busy;
        return failure(linux.renameat(parent, part, parent, name));
    }

    fn close(self: *Batch) void {
        for (0..self.count) |index| {
            if (self.files[index]) |file| file.close();
            if (self.replaced[index]) |old| old.file.close();
            const parent = self.parents[index];
            const is_last = index + 1 == self.count or self.parents[index + 1] != parent;
            if (parent < 0 or !is_last) continue;
            if (self.flags.sync) _ = linux.fsync(parent);
            _ = linux.close(parent);
        }
    }
};

/// A file that is replaced: a plain one with one name, that no other copy writes or left mixed.
const Replaced = struct {
    file: File,
    facts: linux.Statx,

    /// Null where nothing has the name; a failure is in `errno`.
    fn open(folder: *const File, base: []const u8, name: [*:0]const u8, errno: *Errno) ?Replaced {
        const file = switch (File.open(folder, name, .{ .write = true, .no_follow = true }, 0)) {
            .failed => |number| {
                if (number != @intFromEnum(linux.E.NOENT)) errno.* = number;
                return null;
            },
            .value => |descriptor| File{ .descriptor = @intCast(descriptor) },
        };
        errno.* = check(folder, base, &file) orelse switch (file.status()) {
            .failed => |number| number,
            .value => |facts| {
                if (facts.mode & 0o170000 == 0o100000 and facts.nlink == 1) return .{ .file = file, .facts = facts };
                errno.* = @intFromEnum(linux.E.MLINK);
                file.close();
                return null;
            },
        };
        file.close();
        return null;
    }

    fn check(folder: *const File, base: []const u8, file: *const File) ?Errno {
        if (isMixed(folder, base)) |number| return number;
        return file.lock();
    }

    /// Gives the new file what the old one has beside its content.
    fn giveTo(self: *const Replaced, file: *const File) ?Errno {
        if (failure(linux.fchown(file.descriptor, self.facts.uid, self.facts.gid))) |errno| return errno;
        const room = attributes_size_max;
        const buffer = heap.takeBytes(room) orelse return files.enomem;
        defer heap.give(buffer.ptr);
        switch (names.readAttributes(&self.file, buffer)) {
            .failed => |errno| return errno,
            .too_small => return @intFromEnum(linux.E.FBIG),
            .written => |count| {
                const written = names.writeAttributes(file, buffer[0..count]);
                if (written.refused > 0) return written.errno;
            },
        }
        return failure(linux.fchmod(file.descriptor, self.facts.mode & 0o7777));
    }

    /// Whether the name still has this file, unchanged.
    fn isStill(self: *const Replaced, directory: i32, name: [*:0]const u8) bool {
        var found: linux.Statx = undefined;
        if (failure(linux.statx(directory, name, linux.AT.SYMLINK_NOFOLLOW, @bitCast(@as(u32, 0x7ff)), &found)) != null) return false;
        const facts = &self.facts;
        return found.ino == facts.ino and found.dev_major == facts.dev_major and found.dev_minor == facts.dev_minor and
            found.size == facts.size and std.meta.eql(found.mtime, facts.mtime) and std.meta.eql(found.ctime, facts.ctime);
    }
};

const attributes_size_max = 64 << 10;

fn failure(code: usize) ?Errno {
    const signed: isize = @bitCast(code);
    return if (signed < 0 and signed > -4096) @intCast(-signed) else null;
}

test "records that are cut off or lie about their sizes are none" {
    var bytes: [@sizeOf(Record) + 2]u8 = undefined;
    const record: Record = .{ .size = bytes.len, .path_size = 1, .content_size = 1 };
    @memcpy(bytes[0..@sizeOf(Record)], std.mem.asBytes(&record));
    @memcpy(bytes[@sizeOf(Record)..], "ac");
    try std.testing.expectEqualStrings("c", entryAt(&bytes, 0).?.content);
    for (0..bytes.len) |size| try std.testing.expectEqual(null, entryAt(bytes[0..size], 0));
    bytes[24] = 0xff;
    try std.testing.expectEqual(null, entryAt(&bytes, 0));
}

test "names beside a file are its own, and long names have none here" {
    var buffer: [4096:0]u8 = undefined;
    try std.testing.expectEqualStrings(".a.pdiff-part", std.mem.span(sideName(&buffer, "a", "part").?));
    const long: [name_size_max + 1]u8 = @splat('n');
    try std.testing.expect(sideName(&buffer, &long, "part") == null);
    try std.testing.expect(sideName(&buffer, long[1..], "journal") != null);
    try std.testing.expect(sideName(&buffer, "", "part") == null);
}
