//! Many small files in one call: read into records, and written from them. Linux only.

const std = @import("std");
const files = @import("linux_file.zig");
const Blake3 = @import("../hash/blake3.zig").Blake3;
const Errno = @import("linux_file.zig").Errno;
const File = @import("linux_file.zig").File;
const linux = std.os.linux;

pub const digest_size = 32;

/// One file: this record, its path from the root, the name of its part, and its content.
pub const Record = extern struct {
    /// Bytes of the record and all that follows it.
    size: u32,
    /// Why there is no content; 0 where there is.
    errno: u32 = 0,
    mode: u32 = 0,
    nanoseconds: u32 = 0,
    seconds: i64 align(4) = 0,
    path_size: u32,
    part_size: u32 = 0,
    content_size: u32 = 0,
    digest: [digest_size]u8 = @splat(0),
};

/// A record inside a buffer, with what follows it.
pub const Entry = struct {
    record: Record,
    path: []const u8,
    part: []const u8,
    content: []const u8,
    end: usize,
};

/// The record at a position; null where the bytes make none.
pub fn entryAt(bytes: []const u8, at: usize) ?Entry {
    if (bytes.len - at < @sizeOf(Record)) return null;
    var record: Record = undefined;
    @memcpy(std.mem.asBytes(&record), bytes[at..][0..@sizeOf(Record)]);
    const rest = bytes.len - at - @sizeOf(Record);
    const sizes = @as(u64, record.path_size) + record.part_size + record.content_size;
    if (sizes > rest or record.size != @sizeOf(Record) + sizes) return null;
    const path = bytes[at + @sizeOf(Record) ..][0..record.path_size];
    const part = bytes[at + @sizeOf(Record) + path.len ..][0..record.part_size];
    const content = bytes[at + @sizeOf(Record) + path.len + part.len ..][0..record.content_size];
    return .{ .record = record, .path = path, .part = part, .content = content, .end = at + record.size };
}

fn digestOf(bytes: []const u8, digest: *[digest_size]u8) void {
    var hash: Blake3 = .init(.{});
    hash.update(bytes);
    hash.final(digest);
}

fn terminated(buffer: *[4096:0]u8, text: []const u8) ?[*:0]const u8 {
    return terminatedAt(buffer, 0, text);
}

/// Appends text to what the buffer has up to `at`.
fn terminatedAt(buffer: *[4096:0]u8, at: usize, text: []const u8) ?[*:0]const u8 {
    if (text.len == 0 or at + text.len >= buffer.len or std.mem.findScalar(u8, text, 0) != null) return null;
    @memcpy(buffer[at..][0..text.len], text);
    buffer[at + text.len] = 0;
    return buffer;
}

const invalid_name: Errno = @intFromEnum(linux.E.INVAL);
const changed: Errno = files.etruncated;

/// Reads the file of each record of `wanted` below the root and writes a record with its content. Stops where the next
/// would not fit: `taken` bytes of `wanted` were used.
pub fn readAll(root: *const File, wanted: []const u8, output: []u8) struct { taken: usize, written: usize } {
    var taken: usize = 0;
    var written: usize = 0;
    while (taken < wanted.len) {
        const entry = entryAt(wanted, taken) orelse break;
        const start = @sizeOf(Record) + entry.path.len;
        if (output.len - written < start) break;
        var record: Record = .{ .size = 0, .path_size = @intCast(entry.path.len) };
        const content = readOne(root, entry, output[written + start ..], &record) orelse {
            if (written > 0) break;
            record.errno = @intFromEnum(linux.E.FBIG);
            writeRecord(&record, entry.path, 0, output[written..]);
            written += record.size;
            taken = entry.end;
            continue;
        };
        writeRecord(&record, entry.path, content, output[written..]);
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

/// Whether anything has the name of an entry's part, beside its file. What can't be looked at counts too.
fn hasPart(root: *const File, entry: Entry) bool {
    if (entry.part.len == 0) return false;
    const folder = entry.path[0 .. entry.path.len - std.fs.path.basenamePosix(entry.path).len];
    var buffer: [4096:0]u8 = undefined;
    if (folder.len + entry.part.len >= buffer.len) return true;
    @memcpy(buffer[0..folder.len], folder);
    const name = terminatedAt(&buffer, folder.len, entry.part) orelse return true;
    var found: linux.Statx = undefined;
    const errno = failure(linux.statx(root.descriptor, name, linux.AT.SYMLINK_NOFOLLOW, @bitCast(@as(u32, 1)), &found)) orelse return true;
    return errno != @intFromEnum(linux.E.NOENT);
}

/// Reads one file; null where the output has no room for it. A failure is in the record; a file that has its part beside
/// it is one.
fn readOne(root: *const File, entry: Entry, output: []u8, record: *Record) ?usize {
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
    if (hasPart(root, entry)) return fail(record, @intFromEnum(linux.E.BUSY));
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
    digestOf(output[0..size], &record.digest);
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
    rest: u29 = 0,
};

/// What is written at a time: as many files are open.
pub const batch_max = 256;

/// Writes the files of records below the root, each under a name that nothing has yet: first all parts, then, when the
/// disk has them, the names. `results` has a number for each record: 0, or why it was not written.
pub fn writeAll(root: *const File, records: []const u8, flags: WriteFlags, results: []u32) usize {
    var at: usize = 0;
    var done: usize = 0;
    while (at < records.len and done < results.len) {
        var batch: Batch = .{ .root = root, .flags = flags };
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
    flags: WriteFlags,
    count: usize = 0,
    entries: [batch_max]Entry = undefined,
    files: [batch_max]?File = undefined,
    parents: [batch_max]i32 = undefined,
    errors: [batch_max]Errno = undefined,

    fn add(self: *Batch, entry: Entry) void {
        const index = self.count;
        self.count += 1;
        self.entries[index] = entry;
        self.files[index] = null;
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
        var digest: [digest_size]u8 = undefined;
        digestOf(entry.content, &digest);
        if (record.errno != 0 or !std.mem.eql(u8, &digest, &record.digest)) return @intFromEnum(linux.E.BADMSG);
        var errno: Errno = 0;
        const parent = self.parentOf(index, &errno) orelse return errno;
        self.parents[index] = parent;
        var buffer: [4096:0]u8 = undefined;
        const part = terminated(&buffer, entry.part) orelse return invalid_name;
        if (std.mem.findScalar(u8, entry.part, '/') != null) return invalid_name;
        const folder: File = .{ .descriptor = parent };
        const mode = record.mode & 0o777;
        const file = switch (File.open(&folder, part, .{ .write = true, .create = true, .exclusive = true, .no_follow = true }, mode)) {
            .failed => |number| return number,
            .value => |descriptor| File{ .descriptor = @intCast(descriptor) },
        };
        self.files[index] = file;
        if (file.write(0, entry.content)) |number| return number;
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
        const entry = self.entries[index];
        var part_buffer: [4096:0]u8 = undefined;
        var name_buffer: [4096:0]u8 = undefined;
        const part = terminated(&part_buffer, entry.part).?;
        const parent = self.parents[index];
        if (self.errors[index] == 0) {
            const name = terminated(&name_buffer, std.fs.path.basenamePosix(entry.path)).?;
            self.errors[index] = failure(linux.renameat2(parent, part, parent, name, .{ .NOREPLACE = true })) orelse 0;
        }
        if (self.errors[index] != 0) _ = linux.unlinkat(parent, part, 0);
    }

    fn close(self: *Batch) void {
        for (0..self.count) |index| {
            if (self.files[index]) |file| file.close();
            const parent = self.parents[index];
            const is_last = index + 1 == self.count or self.parents[index + 1] != parent;
            if (parent < 0 or !is_last) continue;
            if (self.flags.sync) _ = linux.fsync(parent);
            _ = linux.close(parent);
        }
    }
};

fn failure(code: usize) ?Errno {
    const signed: isize = @bitCast(code);
    return if (signed < 0 and signed > -4096) @intCast(-signed) else null;
}

test "records that are cut off or lie about their sizes are none" {
    var bytes: [@sizeOf(Record) + 3]u8 = undefined;
    const record: Record = .{ .size = bytes.len, .path_size = 1, .part_size = 1, .content_size = 1 };
    @memcpy(bytes[0..@sizeOf(Record)], std.mem.asBytes(&record));
    @memcpy(bytes[@sizeOf(Record)..], "apc");
    try std.testing.expectEqualStrings("c", entryAt(&bytes, 0).?.content);
    for (0..bytes.len) |size| try std.testing.expectEqual(null, entryAt(bytes[0..size], 0));
    bytes[24] = 0xff;
    try std.testing.expectEqual(null, entryAt(&bytes, 0));
}
