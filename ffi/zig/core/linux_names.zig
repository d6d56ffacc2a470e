//! Names and attributes below an open directory: the system calls that copies of trees need. Linux only.

const std = @import("std");
const Errno = @import("linux_file.zig").Errno;
const File = @import("linux_file.zig").File;
const Outcome = @import("linux_file.zig").Outcome;
const linux = std.os.linux;

const at_symlink_nofollow = 0x100;
const at_removedir = 0x200;
const at_empty_path = 0x1000;

fn outcome(code: usize) Outcome {
    const signed: isize = @bitCast(code);
    if (signed < 0 and signed > -4096) return .{ .failed = @intCast(-signed) };
    return .{ .value = code };
}

fn failure(code: usize) ?Errno {
    return switch (outcome(code)) {
        .value => null,
        .failed => |errno| errno,
    };
}

/// One name of a listing: this record, the name, then the content of a link.
pub const Record = extern struct {
    /// Bytes of the record, its name and its link.
    size: u32,
    name_size: u16,
    link_size: u16,
    /// Why the system says nothing about the name; 0 where it does.
    errno: u32 = 0,
    mode: u32 = 0,
    uid: u32 = 0,
    gid: u32 = 0,
    links: u32 = 0,
    nanoseconds: u32 = 0,
    seconds: i64 align(4) = 0,
    bytes: u64 align(4) = 0,
    inode: u64 align(4) = 0,
    device: u64 align(4) = 0,
};

const entries_size = 16 << 10;
const link_size_max = 4096;
/// What a listing needs room for at least: one name with its link.
pub const room_min = @sizeOf(Record) + 256 + link_size_max;

/// What `list` did.
pub const Listed = union(enum) {
    failed: Errno,
    /// Bytes that were written, and whether names remain.
    written: struct { count: usize, more: bool },
};

/// What a record holds beside the facts.
pub const Extent = enum {
    facts,
    /// The extended attributes follow the link, as `readAttributes` writes them.
    attributes,
};

/// Writes records of the names in a directory, from the start where `restart` says so, else after the last that was
/// written.
pub fn list(directory: *const File, restart: bool, comptime extent: Extent, output: []u8) Listed {
    var position = switch (outcome(linux.lseek(directory.descriptor, 0, if (restart) linux.SEEK.SET else linux.SEEK.CUR))) {
        .value => |place| place,
        .failed => |errno| return .{ .failed = errno },
    };
    var entries: [entries_size]u8 align(8) = undefined;
    var written: usize = 0;
    while (true) {
        const filled = switch (outcome(linux.getdents64(directory.descriptor, &entries, entries.len))) {
            .value => |count| count,
            .failed => |errno| return .{ .failed = errno },
        };
        if (filled == 0) return .{ .written = .{ .count = written, .more = false } };
        var at: usize = 0;
        while (at < filled) {
            const next: usize = @intCast(std.mem.readInt(u64, entries[at + 8 ..][0..8], .little));
            const size = std.mem.readInt(u16, entries[at + 16 ..][0..2], .little);
            const name = std.mem.span(@as([*:0]const u8, @ptrCast(&entries[at + 19])));
            if (output.len - written < room_min) return pause(directory, position, written);
            at += size;
            if (!std.mem.eql(u8, name, ".") and !std.mem.eql(u8, name, "..")) {
                written += describe(directory, name, extent, output[written..]) orelse return pause(directory, position, written);
            }
            position = next;
        }
    }
}

/// Names after `position` that were read ahead are read again.
fn pause(directory: *const File, position: usize, written: usize) Listed {
    if (failure(linux.lseek(directory.descriptor, @bitCast(position), linux.SEEK.SET))) |errno| return .{ .failed = errno };
    return .{ .written = .{ .count = written, .more = true } };
}

/// Writes the record of a name; nothing where it vanished meanwhile. Null where its attributes have no room.
pub fn describe(directory: *const File, name: [:0]const u8, comptime extent: Extent, output: []u8) ?usize {
    var record: Record = .{ .size = 0, .name_size = @intCast(name.len), .link_size = 0 };
    var found: linux.Statx = undefined;
    const mask: u32 = 0x7ff;
    if (failure(linux.statx(directory.descriptor, name.ptr, at_symlink_nofollow, @bitCast(mask), &found))) |errno| {
        if (errno == @intFromEnum(linux.E.NOENT)) return 0;
        record.errno = errno;
    } else {
        record.mode = found.mode;
        record.uid = found.uid;
        record.gid = found.gid;
        record.links = found.nlink;
        record.nanoseconds = found.mtime.nsec;
        record.seconds = found.mtime.sec;
        record.bytes = found.size;
        record.inode = found.ino;
        record.device = @as(u64, found.dev_major) << 32 | found.dev_minor;
    }
    const start = @sizeOf(Record);
    @memcpy(output[start..][0..name.len], name);
    const is_link = record.mode & 0o170000 == 0o120000;
    if (is_link) switch (outcome(linux.readlinkat(directory.descriptor, name.ptr, output.ptr + start + name.len, link_size_max))) {
        .value => |count| record.link_size = @intCast(count),
        .failed => |errno| record.errno = errno,
    };
    record.size = @intCast(start + name.len + record.link_size);
    if (extent == .attributes and record.errno == 0 and !hasNoAttributes(directory, name)) {
        var proc: [name_path_size:0]u8 = undefined;
        const path = std.fmt.bufPrintSentinel(&proc, "/proc/self/fd/{d}/{s}", .{ directory.descriptor, name }, 0) catch name;
        switch (readAttributesOf(.{ .path = if (directory.descriptor < 0) name else path }, output[record.size..])) {
            .written => |count| record.size += @intCast(count),
            .too_small => return null,
            .failed => |errno| record.errno = errno,
        }
    }
    @memcpy(output[0..start], std.mem.asBytes(&record));
    return record.size;
}

const name_path_size = 320;
/// `listxattrat`, of Linux 6.13; it has this number on every processor.
const list_attributes_at: linux.SYS = @enumFromInt(465);

/// Whether the system says, without a path being made, that a name has no extended attributes: most have none.
fn hasNoAttributes(directory: *const File, name: [:0]const u8) bool {
    const descriptor: usize = @bitCast(@as(isize, directory.descriptor));
    return linux.syscall5(list_attributes_at, descriptor, @intFromPtr(name.ptr), at_symlink_nofollow, 0, 0) == 0;
}

pub fn makeDirectory(directory: *const File, name: [*:0]const u8, mode: u32) ?Errno {
    return failure(linux.mkdirat(directory.descriptor, name, mode));
}

pub fn removeDirectory(directory: *const File, name: [*:0]const u8) ?Errno {
    return failure(linux.unlinkat(directory.descriptor, name, at_removedir));
}

pub fn makeSymbolicLink(directory: *const File, name: [*:0]const u8, content: [*:0]const u8) ?Errno {
    return failure(linux.symlinkat(content, directory.descriptor, name));
}

pub fn makePipe(directory: *const File, name: [*:0]const u8, mode: u32) ?Errno {
    return failure(linux.mknodat(directory.descriptor, name, linux.S.IFIFO | (mode & 0o7777), 0));
}

/// Nobody listens on it yet.
pub fn makeSocket(directory: *const File, name: [*:0]const u8, mode: u32) ?Errno {
    return failure(linux.mknodat(directory.descriptor, name, linux.S.IFSOCK | (mode & 0o7777), 0));
}

/// Gives a file of one directory a name in another.
pub fn makeHardLink(directory: *const File, name: [*:0]const u8, other: *const File, new: [*:0]const u8) ?Errno {
    return failure(linux.linkat(directory.descriptor, name, other.descriptor, new, 0));
}

/// Which of the facts are set.
pub const What = packed struct(u32) { owner: bool = false, mode: bool = false, time: bool = false, rest: u29 = 0 };

/// Facts of a file beside its content.
pub const Facts = struct {
    mode: u32,
    uid: u32,
    gid: u32,
    seconds: i64,
    nanoseconds: u32,

    /// Those of a host's record, which has the seconds in halves.
    pub fn ofRecord(record: anytype) Facts {
        return .{
            .mode = record.mode,
            .uid = record.uid,
            .gid = record.gid,
            .seconds = @bitCast(@as(u64, record.seconds_high) << 32 | record.seconds_low),
            .nanoseconds = record.nanoseconds,
        };
    }
};

/// Sets facts of a name, or of the open file itself where the name is empty. Links are not followed; they have no mode.
pub fn setFacts(file: *const File, name: [:0]const u8, what: What, facts: Facts) ?Errno {
    const itself = name.len == 0;
    const flags: u32 = if (itself) at_empty_path else at_symlink_nofollow;
    // Giving a file away clears bits of its mode, so the mode comes second.
    if (what.owner) if (failure(linux.fchownat(file.descriptor, name.ptr, facts.uid, facts.gid, flags))) |errno| return errno;
    if (what.mode) {
        const result = if (itself)
            linux.fchmod(file.descriptor, facts.mode)
        else
            linux.fchmodat2(file.descriptor, name.ptr, facts.mode, at_symlink_nofollow);
        if (failure(result)) |errno| {
            if (errno != @intFromEnum(linux.E.NOSYS)) return errno;
            // Linux before 6.6: through an open file, so that no link is followed.
            if (setModeOf(file, name, facts.mode)) |second| return second;
        }
    }
    if (!what.time) return null;
    const utime_omit = 0x3ffffffe;
    const times = [2]linux.timespec{
        .{ .sec = 0, .nsec = utime_omit },
        .{ .sec = facts.seconds, .nsec = facts.nanoseconds },
    };
    return failure(linux.utimensat(file.descriptor, if (itself) null else name.ptr, &times, if (itself) 0 else at_symlink_nofollow));
}

fn setModeOf(directory: *const File, name: [:0]const u8, mode: u32) ?Errno {
    const options: linux.O = .{ .CLOEXEC = true, .NOFOLLOW = true, .NONBLOCK = true };
    const descriptor: i32 = switch (outcome(linux.openat(directory.descriptor, name.ptr, options, 0))) {
        .value => |value| @intCast(value),
        .failed => |errno| return errno,
    };
    defer _ = linux.close(descriptor);
    return failure(linux.fchmod(descriptor, mode));
}

const names_size_max = 64 << 10;

/// What has attributes: an open file, or a path, whose last part is not followed where it is a link.
const Bearer = union(enum) {
    descriptor: i32,
    path: [*:0]const u8,

    fn list(self: Bearer, output: []u8) Outcome {
        return outcome(switch (self) {
            .descriptor => |number| linux.flistxattr(number, output.ptr, output.len),
            .path => |path| linux.llistxattr(path, output.ptr, output.len),
        });
    }

    fn get(self: Bearer, name: [*:0]const u8, output: []u8) Outcome {
        return outcome(switch (self) {
            .descriptor => |number| linux.fgetxattr(number, name, output.ptr, output.len),
            .path => |path| linux.lgetxattr(path, name, output.ptr, output.len),
        });
    }

    fn set(self: Bearer, name: [*:0]const u8, value: []const u8) ?Errno {
        return failure(switch (self) {
            .descriptor => |number| linux.fsetxattr(number, name, value.ptr, value.len, 0),
            .path => |path| linux.lsetxattr(path, name, value.ptr, value.len, 0),
        });
    }

    fn remove(self: Bearer, name: [*:0]const u8) ?Errno {
        return failure(switch (self) {
            .descriptor => |number| linux.fremovexattr(@intCast(number), name),
            .path => |path| linux.lremovexattr(path, name),
        });
    }
};

const AttributesRead = union(enum) { written: usize, too_small, failed: Errno };

/// Writes the extended attributes of a file, ACLs among them, each as two u32 sizes, the name and the value, in the order
/// of their names: systems list them as they were made. The count of bytes; `too_small` where the output has no room.
pub fn readAttributes(file: *const File, output: []u8) AttributesRead {
    return readAttributesOf(.{ .descriptor = file.descriptor }, output);
}

fn readAttributesOf(bearer: Bearer, output: []u8) AttributesRead {
    var names: [names_size_max]u8 = undefined;
    const filled = switch (bearer.list(&names)) {
        .value => |count| count,
        .failed => |errno| return if (errno == @intFromEnum(linux.E.OPNOTSUPP)) .{ .written = 0 } else .{ .failed = errno },
    };
    var written: usize = 0;
    var starts: [names_size_max / 2]u16 = undefined;
    for (sortedNames(names[0..filled], &starts)) |at| {
        const name = nameAt(&names, at);
        const start = written + 8 + name.len;
        if (start >= output.len) return .too_small;
        const value = output[start..];
        const terminated: [*:0]const u8 = @ptrCast(name.ptr);
        const size = switch (bearer.get(terminated, value)) {
            .value => |count| count,
            .failed => |errno| switch (@as(linux.E, @enumFromInt(errno))) {
                .RANGE => return .too_small,
                .NODATA, .OPNOTSUPP, .PERM, .ACCES => continue,
                else => return .{ .failed = errno },
            },
        };
        std.mem.writeInt(u32, output[written..][0..4], @intCast(name.len), .little);
        std.mem.writeInt(u32, output[written + 4 ..][0..4], @intCast(size), .little);
        @memcpy(output[written + 8 ..][0..name.len], name);
        written = start + size;
    }
    return .{ .written = written };
}

/// Where the names of a list start, in the order of the names.
fn sortedNames(list_of_names: []const u8, starts: []u16) []const u16 {
    var count: usize = 0;
    var iterator = std.mem.tokenizeScalar(u8, list_of_names, 0);
    while (iterator.next()) |name| : (count += 1) starts[count] = @intCast(@intFromPtr(name.ptr) - @intFromPtr(list_of_names.ptr));
    std.mem.sortUnstable(u16, starts[0..count], list_of_names.ptr, isBefore);
    return starts[0..count];
}

fn isBefore(list_of_names: [*]const u8, a: u16, b: u16) bool {
    return std.mem.lessThan(u8, nameAt(list_of_names, a), nameAt(list_of_names, b));
}

fn nameAt(list_of_names: [*]const u8, at: u16) []const u8 {
    return std.mem.sliceTo(@as([*:0]const u8, @ptrCast(list_of_names + at)), 0);
}

/// What `writeAttributes` did.
pub const Written = struct {
    /// Attributes that the system refused, and why it refused the last of them.
    refused: u32 = 0,
    errno: Errno = 0,
    /// Whether the input makes no sense.
    is_invalid: bool = false,
};

/// Gives a file the attributes of a list as `readAttributes` writes it, and removes those that are not in it.
pub fn writeAttributes(file: *const File, input: []const u8) Written {
    return writeAttributesOf(.{ .descriptor = file.descriptor }, input);
}

/// As `writeAttributes`, for a path whose last part is not followed where it is a link.
pub fn writeAttributesAt(path: [*:0]const u8, input: []const u8) Written {
    return writeAttributesOf(.{ .path = path }, input);
}

fn writeAttributesOf(bearer: Bearer, input: []const u8) Written {
    var done: Written = .{};
    var present: [names_size_max]u8 = undefined;
    const filled: usize = switch (bearer.list(&present)) {
        .value => |count| @intCast(count),
        .failed => 0,
    };
    var iterator = std.mem.tokenizeScalar(u8, present[0..filled], 0);
    while (iterator.next()) |name| {
        if (contains(input, name)) continue;
        const terminated: [*:0]const u8 = @ptrCast(name.ptr);
        if (bearer.remove(terminated)) |errno| {
            // Labels that the system itself gives can't be removed, and need not be.
            if (std.mem.startsWith(u8, name, "security.")) continue;
            done.refused += 1;
            done.errno = errno;
        }
    }
    var at: usize = 0;
    while (attributeAt(input, at)) |attribute| : (at = attribute.end) {
        var name: [256:0]u8 = undefined;
        if (attribute.name.len >= name.len or std.mem.findScalar(u8, attribute.name, 0) != null) return .{ .is_invalid = true };
        @memcpy(name[0..attribute.name.len], attribute.name);
        name[attribute.name.len] = 0;
        if (bearer.set(&name, attribute.value)) |errno| {
            done.refused += 1;
            done.errno = errno;
        }
    }
    if (at != input.len) return .{ .is_invalid = true };
    return done;
}

const Attribute = struct { name: []const u8, value: []const u8, end: usize };

fn attributeAt(input: []const u8, at: usize) ?Attribute {
    if (input.len - at < 8) return null;
    const name_size: usize = std.mem.readInt(u32, input[at..][0..4], .little);
    const value_size: usize = std.mem.readInt(u32, input[at + 4 ..][0..4], .little);
    const rest = input.len - at - 8;
    if (name_size > rest or value_size > rest - name_size) return null;
    const start = at + 8;
    return .{
        .name = input[start..][0..name_size],
        .value = input[start + name_size ..][0..value_size],
        .end = start + name_size + value_size,
    };
}

fn contains(input: []const u8, name: []const u8) bool {
    var at: usize = 0;
    while (attributeAt(input, at)) |attribute| : (at = attribute.end) {
        if (std.mem.eql(u8, attribute.name, name)) return true;
    }
    return false;
}

test "lists of attributes that are cut off or lie about their sizes have no attribute there" {
    const list_ = "\x06\x00\x00\x00\x01\x00\x00\x00user.av";
    try std.testing.expectEqualStrings("user.a", attributeAt(list_, 0).?.name);
    try std.testing.expectEqualStrings("v", attributeAt(list_, 0).?.value);
    for (0..list_.len) |size| try std.testing.expectEqual(null, attributeAt(list_[0..size], 0));
    try std.testing.expectEqual(null, attributeAt("\xff\xff\xff\xff\xff\xff\xff\xff", 0));
}
