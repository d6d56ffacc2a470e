//! Comparing a file with digests of another one, and what that gives: frames. A frame is a header of 16 bytes, all
//! little-endian (type u8, flags u8, aux u16, payload size u32, position u64), and its payload. One pass reads a block
//! straight to where it will be sent from, hashes it there, and leaves it or lets the next one overwrite it.

const std = @import("std");
const hashing = @import("hash.zig");
const files = @import("../core/linux_file.zig");
const File = @import("../core/linux_file.zig").File;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

pub const header_size = 16;
/// What is read at once: hashed while it is in the processor's cache.
pub const piece_size = 256 << 10;
const run_size = header_size + 8;

pub const Type = enum(u8) { data = 2, zero = 4, hole = 5, same = 6, copy = 7, literal = 9, sum = 10, _ };

pub const Header = struct {
    type: Type,
    size: u32,
    position: u64,

    pub fn read(bytes: *const [header_size]u8) Header {
        return .{
            .type = @enumFromInt(bytes[0]),
            .size = std.mem.readInt(u32, bytes[4..8], .little),
            .position = std.mem.readInt(u64, bytes[8..16], .little),
        };
    }

    pub fn write(self: Header, bytes: *[header_size]u8) void {
        bytes.* = @splat(0);
        bytes[0] = @intFromEnum(self.type);
        std.mem.writeInt(u32, bytes[4..8], self.size, .little);
        std.mem.writeInt(u64, bytes[8..16], self.position, .little);
    }
};

/// Blocks of a range and their digests: block `i` lies at `base + i * block_size`.
pub const Table = struct {
    digests: []u8,
    base: u64,
    block_size: u32,
    spec: hashing.Spec,

    pub fn digest(self: Table, offset: u64) []u8 {
        const size = hashing.digestSize(self.spec.id);
        return self.digests[@intCast((offset - self.base) / self.block_size * size)..][0..size];
    }

    /// Whether all blocks of a range start at a block and have a place for their digest.
    pub fn covers(self: Table, start: u64, end: u64) bool {
        if (start < self.base or end < start or (start - self.base) % self.block_size != 0) return false;
        const count = std.math.divCeil(u64, end - self.base, self.block_size) catch return false;
        const size = std.math.mul(u64, count, hashing.digestSize(self.spec.id)) catch return false;
        return size <= self.digests.len;
    }
};

/// Hashes a range piece by piece into `digest`. `buffer` is where it is read to: as large as the range to keep it all,
/// or at least a piece.
pub fn hashRange(file: *const File, start: u64, end: u64, spec: hashing.Spec, buffer: []u8, digest: []u8) ?files.Errno {
    const keep = buffer.len >= end - start;
    var hasher: hashing.Hasher = .init(spec.id, spec.seed);
    var at = start;
    while (at < end) {
        const count: usize = @intCast(@min(piece_size, end - at));
        const piece = if (keep) buffer[@intCast(at - start)..][0..count] else buffer[0..count];
        if (file.readAll(at, piece)) |errno| return errno;
        hasher.update(piece);
        at += count;
    }
    hasher.final(digest);
    return null;
}

/// What a comparison answers: how far it came, and what stopped it.
pub const Progress = struct {
    next: u64,
    produced: usize = 0,
    failed: ?files.Errno = null,
};

/// Compares the blocks from `start` to `end` with the table, which holds digests of the other file for blocks before
/// `known_end`, and writes frames until the target has no room for one more block. The table then holds this file's.
pub const Comparison = struct {
    file: *const File,
    table: Table,
    known_end: u64,
    /// Whether holes of this file are told apart from zeros.
    sparse: bool,
    target: []u8,
    produced: usize = 0,
    run_type: Type = .same,
    run_start: u64 = 0,
    run_end: u64 = 0,
    data: files.Range = .{ .start = 0, .end = 0 },
    zero_size: usize = 0,
    zero_digest: [hashing.digest_size_max]u8 = undefined,

    pub fn run(self: *Comparison, start: u64, end: u64) Progress {
        const digest_size = hashing.digestSize(self.table.spec.id);
        var at = start;
        while (at < end) {
            const block_end = @min(end, at + self.table.block_size);
            const size: usize = @intCast(block_end - at);
            const known = self.table.digest(at);
            var digest: [hashing.digest_size_max]u8 = undefined;
            const ours = digest[0..digest_size];
            if (self.sparse and self.isHole(at, block_end, end)) {
                self.zeroDigest(size, ours);
                const same = at < self.known_end and std.mem.eql(u8, ours, known);
                if (!self.extendRun(if (same) .same else .hole, at, block_end)) break;
            } else {
                // A run that waits is written before the block. One frame is never smaller than a run is.
                const waiting: usize = if (self.run_end > self.run_start) run_size else 0;
                const body = self.produced + waiting + header_size + digest_size;
                if (body + size > self.target.len) break;
                const block = self.target[body..][0..size];
                if (hashRange(self.file, at, block_end, self.table.spec, block, ours)) |errno| {
                    return .{ .next = at, .produced = self.produced, .failed = errno };
                }
                if (at < self.known_end and std.mem.eql(u8, ours, known)) {
                    _ = self.extendRun(.same, at, block_end);
                } else if (files.allZero(block)) {
                    _ = self.extendRun(.zero, at, block_end);
                } else {
                    self.emitData(at, ours, block);
                }
            }
            @memcpy(known, ours);
            at = block_end;
        }
        self.flushRun();
        return .{ .next = at, .produced = self.produced };
    }

    fn isHole(self: *Comparison, start: u64, end: u64, limit: u64) bool {
        if (start >= self.data.end) {
            self.data = self.file.nextData(start, limit) orelse .{ .start = limit, .end = limit };
        }
        return self.data.start >= end;
    }

    /// The digest of a block of zeros; holes have many of one size.
    fn zeroDigest(self: *Comparison, size: usize, digest: []u8) void {
        if (self.zero_size != size) digestOfZeros(self.table.spec, size, &self.zero_digest);
        self.zero_size = size;
        @memcpy(digest, self.zero_digest[0..digest.len]);
    }

    /// Adds to the run of equal kind, or starts another; false when there is no room for one.
    fn extendRun(self: *Comparison, kind: Type, start: u64, end: u64) bool {
        if (self.run_end > self.run_start and self.run_type != kind) self.flushRun();
        if (self.run_end == self.run_start) {
            if (self.produced + run_size > self.target.len) return false;
            self.run_type = kind;
            self.run_start = start;
        }
        self.run_end = end;
        return true;
    }

    fn flushRun(self: *Comparison) void {
        if (self.run_end == self.run_start) return;
        const bytes = self.target[self.produced..][0..run_size];
        const header: Header = .{ .type = self.run_type, .size = 8, .position = self.run_start };
        header.write(bytes[0..header_size]);
        std.mem.writeInt(u64, bytes[header_size..], self.run_end - self.run_start, .little);
        self.produced += run_size;
        self.run_start = self.run_end;
    }

    /// The block lies after room for the run that waits, its own header and its digest.
    fn emitData(self: *Comparison, position: u64, digest: []const u8, block: []u8) void {
        self.flushRun();
        const header: Header = .{ .type = .data, .size = @intCast(digest.len + block.len), .position = position };
        header.write(self.target[self.produced..][0..header_size]);
        @memcpy(self.target[self.produced + header_size ..][0..digest.len], digest);
        self.produced += header_size + digest.len;
        std.debug.assert(self.target[self.produced..].ptr == block.ptr);
        self.produced += block.len;
    }
};

/// The digest of `size` zeros.
pub fn digestOfZeros(spec: hashing.Spec, size: u64, digest: []u8) void {
    const zeros: [65536]u8 = comptime @splat(0);
    var hasher: hashing.Hasher = .init(spec.id, spec.seed);
    var rest = size;
    while (rest > 0) {
        const count: usize = @intCast(@min(rest, zeros.len));
        hasher.update(zeros[0..count]);
        rest -= count;
    }
    hasher.final(digest);
}

/// Why frames were not taken.
pub const Fault = enum {
    none,
    io,
    corrupt,
    mismatch,
    stop,

    /// As hosts are told; `errno` is that of `io`.
    pub fn result(self: Fault, errno: files.Errno, step: *Step) Result {
        return switch (self) {
            .none => .ok,
            .stop => .frame_end,
            .io => step.systemCall(errno),
            .corrupt => .corrupt,
            .mismatch => .checksum_mismatch,
        };
    }
};

/// Takes frames in order: each must start where the one before ended. Blocks are checked against the digest that comes
/// with them, then written; the table learns every digest.
pub const Application = struct {
    file: *const File,
    table: Table,
    end: u64,
    punch: bool,
    next: u64,
    consumed: usize = 0,
    written: u64 = 0,
    fault: Fault = .none,
    errno: files.Errno = 0,

    /// Takes whole frames; stops before one that is not whole, or that is not the kind this handles.
    pub fn run(self: *Application, source: []const u8) void {
        while (self.fault == .none) {
            const rest = source[self.consumed..];
            if (rest.len < header_size) return;
            const header: Header = .read(rest[0..header_size]);
            switch (header.type) {
                .data, .zero, .hole, .same => {},
                else => {
                    self.fault = .stop;
                    return;
                },
            }
            const largest = self.table.block_size + hashing.digest_size_max;
            if (header.size > largest or header.position != self.next) return self.fail(.corrupt);
            if (rest.len - header_size < header.size) return;
            const payload = rest[header_size..][0..header.size];
            if (header.type == .data) self.takeBlock(payload) else self.takeRun(header.type, payload);
            if (self.fault == .none) self.consumed += header_size + header.size;
        }
    }

    fn fail(self: *Application, fault: Fault) void {
        self.fault = fault;
    }

    fn failIo(self: *Application, errno: files.Errno) void {
        self.errno = errno;
        self.fault = .io;
    }

    fn takeBlock(self: *Application, payload: []const u8) void {
        const digest_size = hashing.digestSize(self.table.spec.id);
        const block_end = @min(self.end, self.next + self.table.block_size);
        if (self.next >= self.end or !self.table.covers(self.next, block_end)) return self.fail(.corrupt);
        if (payload.len != digest_size + (block_end - self.next)) return self.fail(.corrupt);
        const block = payload[digest_size..];
        var digest: [hashing.digest_size_max]u8 = undefined;
        self.table.spec.hash(block, &digest);
        if (!std.mem.eql(u8, digest[0..digest_size], payload[0..digest_size])) return self.fail(.mismatch);
        const errno = if (self.punch) self.file.writeSparse(self.next, block) else self.file.write(self.next, block);
        if (errno) |number| return self.failIo(number);
        @memcpy(self.table.digest(self.next), digest[0..digest_size]);
        self.written += block.len;
        self.next = block_end;
    }

    fn takeRun(self: *Application, kind: Type, payload: []const u8) void {
        if (payload.len != 8) return self.fail(.corrupt);
        const size = std.mem.readInt(u64, payload[0..8], .little);
        if (size == 0 or size > self.end - self.next) return self.fail(.corrupt);
        const run_end = self.next + size;
        const whole = run_end == self.end or (run_end - self.table.base) % self.table.block_size == 0;
        if (!whole or !self.table.covers(self.next, run_end)) return self.fail(.corrupt);
        if (kind != .same) {
            if (self.file.zero(self.next, run_end, self.punch)) |errno| return self.failIo(errno);
            self.fillZeroDigests(self.next, run_end);
            self.written += size;
        }
        self.next = run_end;
    }

    fn fillZeroDigests(self: *Application, start: u64, end: u64) void {
        var digest: [hashing.digest_size_max]u8 = undefined;
        var digest_of: u64 = 0;
        var at = start;
        while (at < end) {
            const block_end = @min(end, at + self.table.block_size);
            if (digest_of != block_end - at) {
                digest_of = block_end - at;
                digestOfZeros(self.table.spec, digest_of, &digest);
            }
            const place = self.table.digest(at);
            @memcpy(place, digest[0..place.len]);
            at = block_end;
        }
    }
};

test "runs beyond the range, gaps and digests that lie are refused" {
    var digests: [32]u8 = @splat(0);
    const spec: hashing.Spec = .{ .id = .xxh3_128, .seed = 0 };
    const file: File = .{ .descriptor = -1 };
    const table: Table = .{ .digests = &digests, .base = 0, .block_size = 16, .spec = spec };
    const Case = struct { Type, u64, u64, Fault };
    for ([_]Case{
        .{ .same, 0, 32, .none },
        .{ .same, 0, 48, .corrupt },
        .{ .same, 0, 0, .corrupt },
        .{ .same, 0, 15, .corrupt },
        .{ .same, 16, 16, .corrupt },
        .{ .same, 0, std.math.maxInt(u64), .corrupt },
    }) |case| {
        var frame: [run_size]u8 = undefined;
        const header: Header = .{ .type = case[0], .size = 8, .position = case[1] };
        header.write(frame[0..header_size]);
        std.mem.writeInt(u64, frame[header_size..], case[2], .little);
        var application: Application = .{ .file = &file, .table = table, .end = 32, .punch = true, .next = 0 };
        application.run(&frame);
        try std.testing.expectEqual(case[3], application.fault);
    }
    var block: [header_size + 16 + 16]u8 = @splat(0);
    const header: Header = .{ .type = .data, .size = 32, .position = 0 };
    header.write(block[0..header_size]);
    var application: Application = .{ .file = &file, .table = table, .end = 32, .punch = true, .next = 0 };
    application.run(&block);
    try std.testing.expectEqual(Fault.mismatch, application.fault);
}
