//! Files for hosts: opened here, read, hashed, compared and written without their bytes passing through the host.
//! A file may be used by many calls at the same time. Where the target has no such files every call answers
//! `parameter_unsupported`, and opening gives null.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const heap = @import("../core/heap.zig");
const frames = @import("frames.zig");
const hashing = @import("hash.zig");
const ranges = @import("range.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const slab = @import("../core/slab.zig");
const Path = @import("path.zig").Path;
const File = @import("../core/linux_file.zig").File;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Opens a path, from a directory that is open or from the current one. Null when that fails: `detail` has the system's
/// number, 0 for a path that is none.
fn open(directory: ?*const File, source: []const u8, flags: u32, mode: u32, step: *Step) ?*File {
    var path: Path = .{};
    if (!path.set(source)) return null;
    switch (File.open(directory, path.pointer(), @bitCast(flags), mode)) {
        .failed => |errno| {
            step.detail = errno;
            return null;
        },
        .value => |descriptor| {
            const opened: File = .{ .descriptor = @intCast(descriptor) };
            const self = memory_module.createContext(File) orelse {
                opened.close();
                return null;
            };
            self.* = opened;
            return self;
        },
    }
}

/// Closes a file; null is fine.
fn close(self: ?*File) void {
    const file = self orelse return;
    file.close();
    memory_module.destroyContext(file);
}

/// What the system knows of a file: 64-bit values in halves, times in seconds with their nanoseconds, 512-byte blocks.
pub const Status = extern struct {
    size_low: u32,
    size_high: u32,
    inode_low: u32,
    inode_high: u32,
    device_low: u32,
    device_high: u32,
    mtime_low: u32,
    mtime_high: u32,
    mtime_nanoseconds: u32,
    ctime_low: u32,
    ctime_high: u32,
    ctime_nanoseconds: u32,
    blocks_low: u32,
    blocks_high: u32,
    mode: u32,
    links: u32,
    owner: u32,
    group: u32,
    device_major: u32,
    device_minor: u32,
};
const status_count = @sizeOf(Status) / 4;

/// Writes a `Status`.
fn status(self: *const File, table: []u32, step: *Step) Result {
    if (table.len < status_count) return .invalid_argument;
    const found = switch (self.status()) {
        .value => |value| value,
        .failed => |errno| return step.systemCall(errno),
    };
    const mtime: u64 = @bitCast(found.mtime.sec);
    const ctime: u64 = @bitCast(found.ctime.sec);
    const target: *Status = @ptrCast(table);
    target.* = .{
        .size_low = @truncate(found.size),
        .size_high = @truncate(found.size >> 32),
        .inode_low = @truncate(found.ino),
        .inode_high = @truncate(found.ino >> 32),
        .device_low = found.dev_minor,
        .device_high = found.dev_major,
        .mtime_low = @truncate(mtime),
        .mtime_high = @truncate(mtime >> 32),
        .mtime_nanoseconds = found.mtime.nsec,
        .ctime_low = @truncate(ctime),
        .ctime_high = @truncate(ctime >> 32),
        .ctime_nanoseconds = found.ctime.nsec,
        .blocks_low = @truncate(found.blocks),
        .blocks_high = @truncate(found.blocks >> 32),
        .mode = found.mode,
        .links = found.nlink,
        .owner = found.uid,
        .group = found.gid,
        .device_major = found.rdev_major,
        .device_minor = found.rdev_minor,
    };
    return .ok;
}

/// Reads from a position; `produced` is less than asked for at the end of the file only.
fn read(self: *const File, offset: f64, output: []u8, step: *Step) Result {
    switch (self.read(ranges.position(offset) orelse return .invalid_argument, output)) {
        .value => |count| step.produced = @intCast(count),
        .failed => |errno| return step.systemCall(errno),
    }
    return .ok;
}

/// Writes at a position.
fn write(self: *const File, offset: f64, input: []const u8, step: *Step) Result {
    return step.systemCall(self.write(ranges.position(offset) orelse return .invalid_argument, input));
}

/// What is done to a file as a whole.
pub const Action = enum(u32) { resize = 0, sync_data = 1, sync_all = 2, lock = 3, drop_cache = 4, _ };

/// Does one action; `value` is the size for a resize.
fn act(self: *const File, action: u32, value: f64, step: *Step) Result {
    const number = ranges.position(value) orelse return .invalid_argument;
    return step.systemCall(switch (@as(Action, @enumFromInt(action))) {
        .resize => self.resize(number),
        .sync_data => self.sync(true),
        .sync_all => self.sync(false),
        .lock => self.lock(),
        .drop_cache => self.dropCache(),
        _ => return .invalid_argument,
    });
}

/// Makes a range zero, as a hole where that is allowed and possible.
fn zero(self: *const File, start: f64, end: f64, punch: u32, step: *Step) Result {
    const from = ranges.position(start) orelse return .invalid_argument;
    return step.systemCall(self.zero(from, ranges.position(end) orelse return .invalid_argument, punch != 0));
}

/// Makes the target share the file's blocks, where the file system can.
fn clone(self: *const File, target: *const File, step: *Step) Result {
    return step.systemCall(self.cloneTo(target));
}

/// Renames inside an open directory.
fn rename(self: *const File, source: []const u8, other: []const u8, step: *Step) Result {
    var from: Path = .{};
    var to: Path = .{};
    if (!from.set(source) or !to.set(other)) return .invalid_argument;
    return step.systemCall(self.rename(from.pointer(), to.pointer()));
}

/// Removes a file from an open directory.
fn remove(self: *const File, source: []const u8, step: *Step) Result {
    var path: Path = .{};
    if (!path.set(source)) return .invalid_argument;
    return step.systemCall(self.remove(path.pointer()));
}

/// A job over the blocks of a range, for several threads.
const RangeJob = struct {
    queue: slab.Queue,
    file: *const File,
    other: ?*const File = null,
    start: u64,
    end: u64,
    table: frames.Table,
    sparse: bool,
    failure: ranges.FirstFailure = .{},
    differing: std.atomic.Value(u32) = .init(0),
    changed: std.atomic.Value(u64) = .init(0),

    fn fail(self: *RangeJob, errno: files.Errno) void {
        self.failure.note(&self.queue, errno);
    }

    fn range(self: *const RangeJob, index: u32) files.Range {
        const start = self.start + @as(u64, index) * self.table.block_size;
        return .{ .start = start, .end = @min(self.end, start + self.table.block_size) };
    }

    fn hash(self: *RangeJob) void {
        const buffer = heap.takeBytes(frames.piece_size) orelse return self.fail(files.enomem);
        defer heap.give(buffer.ptr);
        var data: files.Range = .{ .start = self.start, .end = self.start };
        var zero_size: u64 = 0;
        var zero_digest: [hashing.digest_size_max]u8 = undefined;
        while (self.queue.take()) |index| {
            const block = self.range(index);
            const digest = self.table.digest(block.start);
            if (self.sparse) {
                if (block.start >= data.end) {
                    data = self.file.nextData(block.start, self.end) orelse .{ .start = self.end, .end = self.end };
                }
                if (data.start >= block.end) {
                    if (zero_size != block.end - block.start) {
                        zero_size = block.end - block.start;
                        frames.digestOfZeros(self.table.spec, zero_size, &zero_digest);
                    }
                    @memcpy(digest, zero_digest[0..digest.len]);
                    continue;
                }
            }
            if (frames.hashRange(self.file, block.start, block.end, self.table.spec, buffer, digest)) |errno| return self.fail(errno);
        }
    }

    /// Compares pieces of both files byte by byte and copies those that differ.
    fn copy(self: *RangeJob) void {
        const buffer = heap.takeBytes(2 * frames.piece_size) orelse return self.fail(files.enomem);
        defer heap.give(buffer.ptr);
        while (self.queue.take()) |index| {
            const block = self.range(index);
            const changed = self.copyBlock(block, buffer) catch return;
            if (changed > 0) _ = self.differing.fetchAdd(1, .monotonic);
            _ = self.changed.fetchAdd(changed, .monotonic);
        }
    }

    fn copyBlock(self: *RangeJob, block: files.Range, buffer: []u8) error{Failed}!u64 {
        const target = self.other.?;
        var changed: u64 = 0;
        var at = block.start;
        if (self.sparse and self.file.nextData(block.start, block.end) == null) {
            if (target.nextData(block.start, block.end) == null) return 0;
            if (target.zero(block.start, block.end, true)) |errno| return self.failCopy(errno);
            return block.end - block.start;
        }
        while (at < block.end) {
            const count: usize = @intCast(@min(frames.piece_size, block.end - at));
            const ours = buffer[0..count];
            if (self.file.readAll(at, ours)) |errno| return self.failCopy(errno);
            const theirs = buffer[frames.piece_size..][0..count];
            const got = switch (target.read(at, theirs)) {
                .value => |got| got,
                .failed => |errno| return self.failCopy(errno),
            };
            if (got < count or !std.mem.eql(u8, ours, theirs)) {
                if (target.writeSparse(at, ours)) |errno| return self.failCopy(errno);
                changed += count;
            }
            at += count;
        }
        return changed;
    }

    fn failCopy(self: *RangeJob, errno: files.Errno) error{Failed} {
        self.fail(errno);
        return error.Failed;
    }
};

/// The table of blocks behind a host's array of numbers; null when that is too small for the range.
fn tableOf(table: []u32, base: f64, block_size: u32, id: u32, seed_low: u32, seed_high: u32) ?frames.Table {
    if (block_size == 0) return null;
    return .{
        .digests = std.mem.sliceAsBytes(table),
        .base = ranges.position(base) orelse return null,
        .block_size = block_size,
        .spec = hashing.Spec.init(id, seed_low, seed_high) orelse return null,
    };
}

/// Hashes the blocks from `start` to `end` into a table whose first block lies at `base`.
fn hash(
    self: *const File,
    start: f64,
    end: f64,
    sparse: u32,
    threads: u32,
    digests: []u32,
    base: f64,
    block_size: u32,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    step: *Step,
) Result {
    const table = tableOf(digests, base, block_size, id, seed_low, seed_high) orelse return .invalid_argument;
    const range = ranges.between(start, end) orelse return .invalid_argument;
    if (!table.covers(range.start, range.end)) return .invalid_argument;
    const count = ranges.blockCount(range, block_size) orelse return .invalid_argument;
    var job: RangeJob = .{
        .queue = .{ .count = count },
        .file = self,
        .start = range.start,
        .end = range.end,
        .table = table,
        .sparse = sparse != 0,
    };
    slab.runThreads(*RangeJob, &job, RangeJob.hash, @min(threads, count));
    return job.failure.result(step);
}

/// Compares the blocks from `start` to `end` with digests of the other file, which are known up to `known_end`, and
/// writes frames. `produced` bytes of frames; `value` is how far it came: before `end` with `output_pending`.
fn compare(
    self: *const File,
    start: f64,
    end: f64,
    known_end: f64,
    sparse: u32,
    digests: []u32,
    base: f64,
    block_size: u32,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    output: []u8,
    step: *Step,
) Result {
    const table = tableOf(digests, base, block_size, id, seed_low, seed_high) orelse return .invalid_argument;
    const range = ranges.between(start, end) orelse return .invalid_argument;
    if (!table.covers(range.start, range.end)) return .invalid_argument;
    var comparison: frames.Comparison = .{
        .file = self,
        .table = table,
        .known_end = ranges.position(known_end) orelse return .invalid_argument,
        .sparse = sparse != 0,
        .target = output,
    };
    const progress = comparison.run(range.start, range.end);
    step.produced = @intCast(progress.produced);
    step.setValue(progress.next);
    if (progress.failed) |errno| return step.systemCall(errno);
    if (progress.next == range.end) return .ok;
    return if (progress.next == range.start) .output_too_small else .output_pending;
}

/// Takes frames for the range that ends at `end`, the first of which must start at `next`. `consumed` bytes were taken,
/// `value` is where the next frame must start, `other` how many bytes were written. `frame_end` when a frame of another
/// kind comes next.
fn apply(
    self: *const File,
    next: f64,
    end: f64,
    punch: u32,
    digests: []u32,
    base: f64,
    block_size: u32,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    input: []const u8,
    step: *Step,
) Result {
    const table = tableOf(digests, base, block_size, id, seed_low, seed_high) orelse return .invalid_argument;
    const range = ranges.between(next, end) orelse return .invalid_argument;
    if (range.start < table.base) return .invalid_argument;
    var application: frames.Application = .{
        .file = self,
        .table = table,
        .end = range.end,
        .punch = punch != 0,
        .next = range.start,
    };
    application.run(input);
    step.consumed = @intCast(application.consumed);
    step.setValue(application.next);
    step.setOther(application.written);
    return application.fault.result(application.errno, step);
}

/// Makes a range of the target equal to this file's: `value` bytes were written, `detail` blocks differed.
fn copy(
    self: *const File,
    target: *const File,
    start: f64,
    end: f64,
    block_size: u32,
    sparse: u32,
    threads: u32,
    step: *Step,
) Result {
    const range = ranges.between(start, end) orelse return .invalid_argument;
    if (block_size == 0) return .invalid_argument;
    const count = ranges.blockCount(range, block_size) orelse return .invalid_argument;
    var job: RangeJob = .{
        .queue = .{ .count = count },
        .file = self,
        .other = target,
        .start = range.start,
        .end = range.end,
        .table = .{ .digests = &.{}, .base = range.start, .block_size = block_size, .spec = .{ .id = .xxh3_128, .seed = 0 } },
        .sparse = sparse != 0,
    };
    slab.runThreads(*RangeJob, &job, RangeJob.copy, @min(threads, count));
    const outcome = job.failure.result(step);
    if (outcome == .ok) step.detail = job.differing.load(.monotonic);
    step.setValue(job.changed.load(.monotonic));
    return outcome;
}

pub const exports = .{
    .{ "sluice_pdiffcopy_file_open", open },
    .{ "sluice_pdiffcopy_file_close", close },
    .{ "sluice_pdiffcopy_file_status", status },
    .{ "sluice_pdiffcopy_file_read", read, .off_loop },
    .{ "sluice_pdiffcopy_file_write", write, .off_loop },
    .{ "sluice_pdiffcopy_file_act", act, .off_loop },
    .{ "sluice_pdiffcopy_file_zero", zero, .off_loop },
    .{ "sluice_pdiffcopy_file_clone", clone, .off_loop },
    .{ "sluice_pdiffcopy_file_rename", rename },
    .{ "sluice_pdiffcopy_file_remove", remove },
    .{ "sluice_pdiffcopy_file_hash", hash, .off_loop },
    .{ "sluice_pdiffcopy_file_compare", compare, .off_loop },
    .{ "sluice_pdiffcopy_file_apply", apply, .off_loop },
    .{ "sluice_pdiffcopy_file_copy", copy, .off_loop },
};
