//! The content of many small files for hosts, in one call: read and cut into fragments for an archive, and written under
//! temporary names, given their facts and their own names. Linux only, as `tree_exports.zig`.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const names = @import("../core/linux_names.zig");
const result = @import("../core/result.zig");
const Sha1 = @import("../hash/sha1.zig").Sha1;
const Sha256 = @import("../hash/sha256.zig").Sha256;
const Fragmenter = @import("fragmenter.zig").Fragmenter;
const Path = @import("tree_path.zig").Path;
const setFacts = @import("tree_path.zig").setFacts;
const File = files.File;
const Result = result.Result;
const Step = result.Step;
const linux = std.os.linux;

/// Numbers of a fragment: what its report says, its SHA-1, and its SHA-256 where that is asked for.
pub const fragment_numbers = Fragmenter.numbers + digest_numbers;
const digest_numbers = (Sha1.digest_length + Sha256.digest_length) / 4;

/// What became of a file that was read.
pub const Content = extern struct {
    /// Why it could not be read; 0 where it was. `too_large` where it has no room in the whole target.
    errno: u32,
    size: u32,
    fragments: u32,
};

/// More than any number of the system.
pub const too_large: u32 = 0xffff;

/// Reads files whose paths follow each other, each ended by a zero, and cuts each into fragments. Their contents follow
/// each other in the target; `parts` gets `fragment_numbers` a fragment, `contents` a `Content` a file. Stops before a file
/// that does not fit any more; `detail` is how many files were read. With `second` other than 0 fragments get a SHA-256.
fn read(
    source: []const u8,
    size_min: u32,
    size_max: u32,
    cut_bits: u32,
    second: u32,
    output: []u8,
    parts: [*]u32,
    part_numbers: u32,
    contents: [*]u32,
    content_numbers: u32,
    step: *Step,
) Result {
    var paths = source;
    if (size_min == 0 or size_max < size_min or cut_bits > 32) return .invalid_argument;
    const cutter: Fragmenter = .{ .size_min = size_min, .size_max = size_max, .cut_bits = @intCast(cut_bits) };
    const numbers = @sizeOf(Content) / 4;
    var room: Room = .{ .bytes = output, .parts = parts[0..part_numbers], .second = second != 0 };
    while (paths.len > 0 and (step.detail + 1) * numbers <= content_numbers) {
        const end = std.mem.findScalar(u8, paths, 0) orelse return .invalid_argument;
        var buffer: Path = .{};
        const path = buffer.of(paths[0..end]) orelse return .invalid_argument;
        const content = room.take(path, cutter) orelse Content{ .errno = too_large, .size = 0, .fragments = 0 };
        if (content.errno == too_large and step.detail > 0) break;
        const row: [numbers]u32 = @bitCast(content);
        @memcpy(contents[step.detail * numbers ..][0..numbers], &row);
        step.detail += 1;
        paths = paths[end + 1 ..];
    }
    step.produced = @intCast(output.len - room.bytes.len);
    return .ok;
}

/// What is left of the target and of the table of fragments.
const Room = struct {
    bytes: []u8,
    parts: []u32,
    second: bool,

    /// Reads a file and cuts it; null where it does not fit, and nothing is taken then.
    fn take(self: *Room, path: [:0]const u8, cutter: Fragmenter) ?Content {
        var content: Content = .{ .errno = 0, .size = 0, .fragments = 0 };
        const file: File = switch (File.open(null, path.ptr, .{ .no_follow = true }, 0)) {
            .value => |descriptor| .{ .descriptor = @intCast(descriptor) },
            .failed => |errno| return .{ .errno = errno, .size = 0, .fragments = 0 },
        };
        defer file.close();
        switch (file.status()) {
            .value => |status| {
                // Something else may have taken its name, which no read ends for.
                if (!linux.S.ISREG(status.mode)) return .{ .errno = @intFromEnum(linux.E.INVAL), .size = 0, .fragments = 0 };
                if (status.size >= self.bytes.len) return null;
            },
            .failed => |errno| return .{ .errno = errno, .size = 0, .fragments = 0 },
        }
        switch (file.read(0, self.bytes)) {
            .value => |count| content.size = @intCast(count),
            .failed => |errno| return .{ .errno = errno, .size = 0, .fragments = 0 },
        }
        // It may go on where it was read to the end of the room.
        if (content.size == self.bytes.len) return null;
        var rest = self.bytes[0..content.size];
        var parts = self.parts;
        while (true) {
            if (parts.len < fragment_numbers) return null;
            var fragmenter = cutter;
            const found = fragmenter.scan(rest);
            fragmenter.report(parts[0..Fragmenter.numbers]);
            const digests: *[4 * digest_numbers]u8 = std.mem.sliceAsBytes(parts[Fragmenter.numbers..fragment_numbers])[0 .. 4 * digest_numbers];
            Sha1.hash(rest[0..fragmenter.size], digests[0..Sha1.digest_length]);
            if (self.second) {
                var state: Sha256 = .init(.{});
                state.update(rest[0..fragmenter.size]);
                state.final(digests[Sha1.digest_length..]);
            }
            parts = parts[fragment_numbers..];
            rest = rest[fragmenter.size..];
            content.fragments += 1;
            if (!found) break;
        }
        self.bytes = self.bytes[content.size..];
        self.parts = parts;
        return content;
    }
};

/// A file to write: this record, its temporary path, its own path, and its extended attributes.
pub const NewFile = extern struct {
    /// Bytes of the record and all that follows it.
    size: u32,
    temporary_size: u32,
    path_size: u32,
    /// Which facts are set: bits of `Set`.
    set: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    nanoseconds: u32,
    seconds_low: u32,
    seconds_high: u32,
    /// Where its content starts in the target argument, and its bytes.
    content_at: u32,
    content_size: u32,
};

/// What became of a file that was written.
pub const Written = extern struct {
    /// Why it is not there; 0 where it is.
    errno: u32 = 0,
    /// Why it does not have all of its facts; 0 where it has.
    facts_errno: u32 = 0,
};

/// Writes the files of records whose contents are in the target argument, which it only reads. Each is complete under its
/// temporary name before it gets its own; with `replace` 0 nothing that has that name is replaced. `results` gets a
/// `Written` a file.
fn write(input: []const u8, bytes: []const u8, replace: u32, results: [*]u32, result_numbers: u32, step: *Step) Result {
    const numbers = @sizeOf(Written) / 4;
    var at: usize = 0;
    while (at < input.len) {
        if ((step.detail + 1) * numbers > result_numbers or input.len - at < @sizeOf(NewFile)) return .invalid_argument;
        var record: NewFile = undefined;
        @memcpy(std.mem.asBytes(&record), input[at..][0..@sizeOf(NewFile)]);
        const attributes_at = @sizeOf(NewFile) + @as(u64, record.temporary_size) + record.path_size;
        if (record.size > input.len - at or attributes_at > record.size) return .invalid_argument;
        const rest = input[at..][0..record.size];
        var temporary: Path = .{};
        var final: Path = .{};
        const from = temporary.of(rest[@sizeOf(NewFile)..][0..record.temporary_size]) orelse return .invalid_argument;
        const to = final.of(rest[@sizeOf(NewFile) + record.temporary_size ..][0..record.path_size]) orelse return .invalid_argument;
        const content_end = @as(u64, record.content_at) + record.content_size;
        if (content_end > bytes.len or record.nanoseconds >= std.time.ns_per_s) return .invalid_argument;
        const content = bytes[record.content_at..][0..record.content_size];
        const written = writeOne(from, to, record, rest[@intCast(attributes_at)..], content, replace != 0);
        const row: [numbers]u32 = @bitCast(written);
        @memcpy(results[step.detail * numbers ..][0..numbers], &row);
        step.detail += 1;
        at += record.size;
    }
    return .ok;
}

fn failureOf(code: usize) ?files.Errno {
    const signed: isize = @bitCast(code);
    return if (signed < 0) @intCast(-signed) else null;
}

fn writeOne(from: [:0]const u8, to: [:0]const u8, record: NewFile, attributes: []const u8, content: []const u8, replace: bool) Written {
    const current = linux.AT.FDCWD;
    if (!replace and failureOf(linux.faccessat(current, to.ptr, linux.F_OK, linux.AT.SYMLINK_NOFOLLOW)) == null) {
        return .{ .errno = @intFromEnum(linux.E.EXIST) };
    }
    // Nobody else reads it before it has its mode.
    const file: File = switch (File.open(null, from.ptr, .{ .write = true, .create = true, .exclusive = true, .no_follow = true }, 0o600)) {
        .value => |descriptor| .{ .descriptor = @intCast(descriptor) },
        .failed => |errno| return .{ .errno = errno },
    };
    var written: Written = .{};
    const page = 4096;
    const failed = if (content.len >= page and files.allZero(content)) file.resize(content.len) else file.write(0, content);
    if (failed) |errno| written.errno = errno else written.facts_errno = setFacts(&file, "", @bitCast(record.set), .ofRecord(record), attributes);
    file.close();
    if (written.errno == 0) {
        var renamed = failureOf(linux.renameat2(current, from.ptr, current, to.ptr, .{ .NOREPLACE = !replace }));
        // File systems that can't promise it: it was looked for above.
        if (renamed == @intFromEnum(linux.E.INVAL) and !replace) renamed = failureOf(linux.renameat2(current, from.ptr, current, to.ptr, .{}));
        written.errno = renamed orelse 0;
    }
    if (written.errno != 0) _ = linux.unlinkat(current, from.ptr, 0);
    return written;
}

pub const exports = .{
    .{ "sluice_zpaq_tree_read", read, .off_loop },
    .{ "sluice_zpaq_tree_write", write, .off_loop },
};

test "records that lie about their sizes write nothing" {
    if (!files.is_supported) return;
    var step: Step = .{};
    var results: [2]u32 = undefined;
    var record = std.mem.zeroes(NewFile);
    for ([_]u32{ 0, 1, @sizeOf(NewFile) - 1, @sizeOf(NewFile) + 1, 0xffff_ffff }) |size| {
        record.size = size;
        record.temporary_size = 1;
        const bytes = std.mem.asBytes(&record);
        try std.testing.expectEqual(.invalid_argument, write(bytes, &.{}, 0, &results, 2, &step));
    }
    record.size = @sizeOf(NewFile);
    record.temporary_size = 0;
    record.content_size = 1;
    const bytes = std.mem.asBytes(&record);
    try std.testing.expectEqual(.invalid_argument, write(bytes, &.{}, 0, &results, 2, &step));
}

test "a file that has no room ends a batch, and is too large where it is the first" {
    if (!files.is_supported) return error.SkipZigTest;
    var folder = std.testing.tmpDir(.{});
    defer folder.cleanup();
    const io = std.testing.io;
    try folder.dir.writeFile(io, .{ .sub_path = "a", .data = "0123456789" });
    var buffer: [256]u8 = undefined;
    const path = try std.fmt.bufPrintSentinel(&buffer, "/proc/self/fd/{d}/a", .{folder.dir.handle}, 0);
    var paths: [512]u8 = undefined;
    for (0..2) |i| @memcpy(paths[i * (path.len + 1) ..][0 .. path.len + 1], path[0 .. path.len + 1]);
    const size: u32 = @intCast(2 * (path.len + 1));
    var target: [30]u8 = undefined;
    var parts: [2 * fragment_numbers]u32 = undefined;
    var contents: [6]u32 = undefined;
    // Room for one more byte shows that a file ended.
    for ([_]struct { u32, u32, u32 }{ .{ 10, 1, too_large }, .{ 20, 1, 0 }, .{ 21, 2, 0 } }) |row| {
        var step: Step = .{};
        try std.testing.expectEqual(.ok, read(paths[0..size], 4096, 8192, 16, 1, target[0..row[0]], &parts, parts.len, &contents, contents.len, &step));
        try std.testing.expectEqual(row[1], step.detail);
        try std.testing.expectEqual(row[2], contents[0]);
    }
    try std.testing.expectEqualStrings("01234567890123456789", target[0..20]);
}
