//! Signing, searching and putting together files that hold moved content, for hosts: a whole pass in few calls. Where the
//! target has no such files every call answers `parameter_unsupported`.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const frames = @import("frames.zig");
const hashing = @import("hash.zig");
const heap = @import("../core/heap.zig");
const ranges = @import("range.zig");
const result = @import("../core/result.zig");
const rolling = @import("rolling.zig");
const slab = @import("../core/slab.zig");
const Composition = @import("composition.zig").Composition;
const File = @import("../core/linux_file.zig").File;
const Index = @import("rolling.zig").Index;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// What is read at once: it is searched, or hashed, while it is in the processor's cache.
const window_size = 512 << 10;

/// Signs blocks, several threads together.
const SignJob = struct {
    queue: slab.Queue,
    file: *const File,
    start: u64,
    block_size: u32,
    block_count: u32,
    /// Blocks of one reading.
    batch: u32,
    spec: hashing.Spec,
    sparse: bool,
    output: []u8,
    failure: ranges.FirstFailure = .{},

    fn fail(self: *SignJob, errno: files.Errno) void {
        self.failure.note(&self.queue, errno);
    }

    fn work(self: *SignJob) void {
        const buffer = heap.takeBytes(self.batch * self.block_size) orelse return self.fail(files.enomem);
        defer heap.give(buffer.ptr);
        const entry_size = rolling.weak_size + hashing.digestSize(self.spec.id);
        var zeros: [rolling.weak_size + hashing.digest_size_max]u8 = @splat(0);
        if (self.sparse) frames.digestOfZeros(self.spec, self.block_size, zeros[rolling.weak_size..]);
        while (self.queue.take()) |turn| {
            const first = turn * self.batch;
            const count = @min(self.batch, self.block_count - first);
            const bytes = buffer[0 .. count * self.block_size];
            const offset = self.start + @as(u64, first) * self.block_size;
            if (self.sparse and self.file.nextData(offset, offset + bytes.len) == null) {
                for (first..first + count) |number| @memcpy(self.output[number * entry_size ..][0..entry_size], zeros[0..entry_size]);
                continue;
            }
            if (self.file.readAll(offset, bytes)) |errno| return self.fail(errno);
            for (first..first + count, 0..) |number, i| {
                const block = bytes[i * self.block_size ..][0..self.block_size];
                rolling.sign(block, self.spec, self.output[number * entry_size ..][0..entry_size]);
            }
        }
    }
};

/// Signs the whole blocks from `start` on that the target has room for: a weak sum and a digest for each.
fn sign(
    self: *const File,
    start: f64,
    block_size: u32,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    sparse: u32,
    threads: u32,
    output: []u8,
    step: *Step,
) Result {
    const spec = hashing.Spec.init(id, seed_low, seed_high) orelse return .invalid_argument;
    const from = ranges.position(start) orelse return .invalid_argument;
    if (block_size == 0 or block_size > 1 << 30) return .invalid_argument;
    const count: u32 = @intCast(output.len / (rolling.weak_size + hashing.digestSize(spec.id)));
    const batch = @max(1, window_size / block_size);
    const turns = std.math.divCeil(u32, count, batch) catch unreachable;
    var job: SignJob = .{
        .queue = .{ .count = turns },
        .file = self,
        .start = from,
        .block_size = block_size,
        .block_count = count,
        .batch = batch,
        .spec = spec,
        .sparse = sparse != 0,
        .output = output,
    };
    slab.runThreads(*SignJob, &job, SignJob.work, @min(threads, turns));
    return job.failure.result(step);
}

/// The pass of one search over a part of a file.
const FileSearch = struct {
    file: *const File,
    index: *const Index,
    at: u64,
    end: u64,
    sparse: bool,
    search: rolling.Search,
    writer: rolling.Writer,
    data: files.Range = .{ .start = 0, .end = 0 },
    has_zeros: bool = false,
    zeros: [hashing.digest_size_max]u8 = undefined,

    /// Searches up to `limit`, or until the target may have no room for another window.
    fn run(self: *FileSearch, limit: u64) ?files.Errno {
        const size = @max(window_size, 4 * self.index.block_size);
        const buffer = heap.takeBytes(size) orelse return files.enomem;
        defer heap.give(buffer.ptr);
        var kept: usize = 0;
        while (self.at < limit) {
            if (self.writer.produced + rolling.Writer.roomFor(self.index, size) > self.writer.target.len) break;
            if (self.sparse and self.skipHole(limit)) {
                kept = 0;
                continue;
            }
            const wanted: usize = @intCast(@min(size, self.end - self.at));
            if (self.file.readAll(self.at + kept, buffer[kept..wanted])) |errno| return errno;
            const consumed = self.search.scan(buffer[0..wanted], self.at, self.at + wanted == self.end, &self.writer);
            kept = wanted - consumed;
            @memmove(buffer[0..kept], buffer[consumed..wanted]);
            self.at += consumed;
        }
        self.writer.end(self.at);
        return null;
    }

    /// Goes over a hole of at least a block without reading it. False where there is none.
    fn skipHole(self: *FileSearch, limit: u64) bool {
        const size = self.index.block_size;
        if (self.at >= self.data.end or self.data.end == 0) {
            self.data = self.file.nextData(self.at, self.end) orelse .{ .start = self.end, .end = self.end };
        }
        if (self.data.start < self.at + size) return false;
        const spec = self.index.spec;
        if (!self.has_zeros) frames.digestOfZeros(spec, size, &self.zeros);
        self.has_zeros = true;
        const digest = self.zeros[0..hashing.digestSize(spec.id)];
        while (self.at < limit and self.data.start - self.at >= size) {
            const block = self.search.index.likely(self.search.expected, digest, self.at) orelse {
                self.writer.hole(self.at, self.data.start - self.at);
                self.at = self.data.start;
                self.search.expected = rolling.none;
                return true;
            };
            self.writer.copy(self.at, block, size);
            self.search.expected = block + 1;
            self.at += size;
        }
        return true;
    }
};

/// Searches a file from `start` towards `limit`, where it stops soon, and writes frames, the last of which is the sum over
/// the others: `produced` bytes; `value` is where the next search goes on, `hint` the block that it expects. The file
/// ends at `end`.
fn search(
    self: *const File,
    index: *const Index,
    start: f64,
    limit: f64,
    end: f64,
    expected: u32,
    sparse: u32,
    output: []u8,
    step: *Step,
) Result {
    const stop = ranges.position(limit) orelse return .invalid_argument;
    const range = ranges.between(start, end) orelse return .invalid_argument;
    if (range.start > stop or stop > range.end or index.block_size > 1 << 28) return .invalid_argument;
    const room = rolling.Writer.roomFor(index, @max(window_size, 4 * index.block_size));
    if (output.len < room) return .output_too_small;
    var pass: FileSearch = .{
        .file = self,
        .index = index,
        .at = range.start,
        .end = range.end,
        .sparse = sparse != 0,
        .search = .init(index, expected),
        .writer = .init(index, output),
    };
    if (pass.run(stop)) |errno| return step.systemCall(errno);
    step.produced = @intCast(pass.writer.produced);
    step.hint = pass.search.expected;
    step.setValue(pass.at);
    return .ok;
}

/// Takes frames of a search for the content from `next` to `end`, with copies of the blocks from `first` to `limit`,
/// which are those of `seed`. `consumed` bytes were taken, `value` is where the next frame must start, `other` how many
/// bytes were written. `frame_end` before a copy of another block; `checksum_mismatch` where a sum is another one, which
/// ends what `chain` has taken in so far.
fn compose(
    self: *const File,
    seed: ?*const File,
    chain: *hashing.Hasher,
    first: u32,
    limit: u32,
    block_size: u32,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    next: f64,
    end: f64,
    input: []const u8,
    step: *Step,
) Result {
    const spec = hashing.Spec.init(id, seed_low, seed_high) orelse return .invalid_argument;
    const range = ranges.between(next, end) orelse return .invalid_argument;
    if (block_size == 0 or block_size > 1 << 30 or chain.* != spec.id) return .invalid_argument;
    var composition: Composition = .{
        .file = self,
        .seed = seed,
        .chain = chain,
        .first = first,
        .limit = limit,
        .block_size = block_size,
        .spec = spec,
        .next = range.start,
        .end = range.end,
    };
    composition.run(input);
    step.consumed = @intCast(composition.consumed);
    step.setValue(composition.next);
    step.setOther(composition.written);
    return composition.fault.result(composition.errno, step);
}

pub const exports = .{
    .{ "sluice_pdiffcopy_file_sign", sign, .off_loop },
    .{ "sluice_pdiffcopy_file_search", search, .off_loop },
    .{ "sluice_pdiffcopy_file_compose", compose, .off_loop },
};
