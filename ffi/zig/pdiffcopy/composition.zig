//! Puts a file together from frames of a search: blocks of old files, literal bytes and holes. Every piece ends with a
//! sum over its frames and over the content that was copied for them, which must be what the other side found.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const frames = @import("frames.zig");
const hashing = @import("hash.zig");
const heap = @import("../core/heap.zig");
const File = @import("../core/linux_file.zig").File;
const Fault = @import("frames.zig").Fault;

/// What is copied at once, where a block is not larger.
const copy_size = 256 << 10;

pub const Composition = struct {
    file: *const File,
    seed: ?*const File,
    chain: *hashing.Hasher,
    /// The blocks that the seed has: `first` is its first one.
    first: u32,
    limit: u32,
    block_size: u32,
    spec: hashing.Spec,
    next: u64,
    end: u64,
    consumed: usize = 0,
    written: u64 = 0,
    fault: Fault = .none,
    errno: files.Errno = 0,

    /// Takes whole frames; stops before one that is not whole, or that copies from elsewhere.
    pub fn run(self: *Composition, source: []const u8) void {
        while (self.fault == .none) {
            const rest = source[self.consumed..];
            if (rest.len < frames.header_size) return;
            const head = rest[0..frames.header_size];
            const header: frames.Header = .read(head);
            if (header.position != self.next) return self.fail(.corrupt);
            if (rest.len - frames.header_size < header.size) return;
            const payload = rest[frames.header_size..][0..header.size];
            switch (header.type) {
                .copy => self.takeCopy(head, payload),
                .literal => self.takeLiteral(head, payload),
                .hole => self.takeHole(head, payload),
                .sum => self.takeSum(payload),
                else => self.fail(.corrupt),
            }
            if (self.fault == .none) self.consumed += frames.header_size + header.size;
        }
    }

    fn fail(self: *Composition, fault: Fault) void {
        self.fault = fault;
    }

    fn failIo(self: *Composition, errno: files.Errno) void {
        self.errno = errno;
        self.fault = .io;
    }

    fn takeCopy(self: *Composition, head: []const u8, payload: []const u8) void {
        if (payload.len != 16) return self.fail(.corrupt);
        const block = std.mem.readInt(u64, payload[0..8], .little);
        const size = std.mem.readInt(u64, payload[8..16], .little);
        if (size == 0 or size > self.end - self.next) return self.fail(.corrupt);
        if (block < self.first or block >= self.limit) return self.fail(.stop);
        if (std.math.divCeil(u64, size, self.block_size) catch unreachable > self.limit - block) return self.fail(.corrupt);
        const seed = self.seed orelse return self.fail(.stop);
        self.chain.update(head);
        self.copy(seed, (block - self.first) * self.block_size, size);
    }

    fn copy(self: *Composition, seed: *const File, offset: u64, length: u64) void {
        const batch: u64 = @max(1, copy_size / self.block_size);
        const size: usize = @intCast(batch * self.block_size);
        const buffer = heap.takeBytes(size) orelse return self.failIo(files.enomem);
        defer heap.give(buffer.ptr);
        const stays = seed.descriptor == self.file.descriptor and offset == self.next;
        var at = offset;
        const stop = offset + length;
        while (at < stop) {
            const bytes = buffer[0..@intCast(@min(size, stop - at))];
            if (seed.readAll(at, bytes)) |errno| return self.failIo(errno);
            self.takeDigests(bytes);
            if (!stays and !self.write(bytes)) return;
            at += bytes.len;
            self.next += bytes.len;
        }
    }

    fn takeDigests(self: *Composition, bytes: []const u8) void {
        var digest: [hashing.digest_size_max]u8 = undefined;
        var at: usize = 0;
        while (at < bytes.len) : (at += self.block_size) {
            self.spec.hash(bytes[at..@min(bytes.len, at + self.block_size)], &digest);
            self.chain.update(digest[0..hashing.digestSize(self.spec.id)]);
        }
    }

    fn write(self: *Composition, bytes: []const u8) bool {
        if (self.file.writeSparse(self.next, bytes)) |errno| {
            self.failIo(errno);
            return false;
        }
        self.written += bytes.len;
        return true;
    }

    fn takeLiteral(self: *Composition, head: []const u8, payload: []const u8) void {
        if (payload.len == 0 or payload.len > self.end - self.next) return self.fail(.corrupt);
        self.chain.update(head);
        self.chain.update(payload);
        if (self.write(payload)) self.next += payload.len;
    }

    fn takeHole(self: *Composition, head: []const u8, payload: []const u8) void {
        const size = if (payload.len == 8) std.mem.readInt(u64, payload[0..8], .little) else 0;
        if (size == 0 or size > self.end - self.next) return self.fail(.corrupt);
        self.chain.update(head);
        self.chain.update(payload);
        if (self.file.zero(self.next, self.next + size, true)) |errno| return self.failIo(errno);
        self.next += size;
        self.written += size;
    }

    fn takeSum(self: *Composition, payload: []const u8) void {
        var digest: [hashing.digest_size_max]u8 = undefined;
        const size = hashing.digestSize(self.spec.id);
        self.chain.final(&digest);
        self.chain.* = .init(self.spec.id, self.spec.seed);
        if (!std.mem.eql(u8, payload, digest[0..size])) self.fail(.mismatch);
    }
};

test "frames that do not fit are refused" {
    const spec: hashing.Spec = .{ .id = .xxh3_128, .seed = 0 };
    const file: File = .{ .descriptor = -1 };
    const Case = struct { frames.Type, u64, []const u64, Fault };
    for ([_]Case{
        .{ .copy, 0, &.{ 0, 0 }, .corrupt },
        .{ .copy, 0, &.{ 0, 65 }, .corrupt },
        .{ .copy, 0, &.{ 4, 16 }, .stop },
        .{ .copy, 0, &.{ 3, 17 }, .corrupt },
        .{ .copy, 16, &.{ 0, 16 }, .corrupt },
        .{ .copy, 0, &.{0}, .corrupt },
        .{ .hole, 0, &.{0}, .corrupt },
        .{ .hole, 0, &.{65}, .corrupt },
        .{ .literal, 0, &.{}, .corrupt },
        .{ .data, 0, &.{1}, .corrupt },
        .{ .sum, 0, &.{ 1, 2 }, .mismatch },
    }) |case| {
        var bytes: [frames.header_size + 16]u8 = @splat(0);
        const size = 8 * case[2].len;
        const header: frames.Header = .{ .type = case[0], .size = @intCast(size), .position = case[1] };
        header.write(bytes[0..frames.header_size]);
        for (case[2], 0..) |value, i| std.mem.writeInt(u64, bytes[frames.header_size + 8 * i ..][0..8], value, .little);
        var chain: hashing.Hasher = .init(spec.id, spec.seed);
        var composition: Composition = .{
            .file = &file,
            .seed = &file,
            .chain = &chain,
            .first = 0,
            .limit = 4,
            .block_size = 16,
            .spec = spec,
            .next = 0,
            .end = 64,
        };
        composition.run(bytes[0 .. frames.header_size + size]);
        try std.testing.expectEqual(case[3], composition.fault);
    }
}
