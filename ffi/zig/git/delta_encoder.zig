//! Making deltas: the base is cut into blocks of 16 bytes that a table finds by their hash; a hash rolls over the target
//! and every hit is extended both ways.

const std = @import("std");
const deltas = @import("delta.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;

const block_size = 16;
/// Blocks with the same place in the table that are kept: more would make repetitive bases slow to search.
const chain_max = 32;
/// A match as long as this is good enough to stop looking for a longer one.
const match_enough = 4096;
/// What pack version 2 writes; longer matches take several copies.
const copy_size_max = 0x10000;
const literal_size_max = 127;
const none = std.math.maxInt(u32);
/// Copies reach up to here.
pub const base_size_max = std.math.maxInt(u32);

const multiplier: u32 = 0x9e3779b1 | 1;
/// The multiplier to the power of the block size: what the byte that leaves was multiplied with.
const leaving: u32 = blk: {
    var power: u32 = 1;
    for (0..block_size) |_| power *%= multiplier;
    break :blk power;
};

fn hashBlock(bytes: *const [block_size]u8) u32 {
    var hash: u32 = 0;
    for (bytes) |byte| hash = hash *% multiplier +% byte;
    return hash;
}

/// The blocks of a base by their hash.
pub const Index = struct {
    heads: []u32,
    links: []u32,
    hashes: []u32,
    shift: u5,

    pub fn create(base: []const u8) error{OutOfMemory}!Index {
        const blocks = @min(base.len, base_size_max) / block_size;
        const bits: u5 = @intCast(@max(4, std.math.log2_int(usize, blocks + 1)));
        const heads = try allocator.alloc(u32, @as(usize, 1) << bits);
        errdefer allocator.free(heads);
        const links = try allocator.alloc(u32, blocks);
        errdefer allocator.free(links);
        const hashes = try allocator.alloc(u32, blocks);
        @memset(heads, none);
        var self: Index = .{ .heads = heads, .links = links, .hashes = hashes, .shift = @intCast(32 - @as(u6, bits)) };
        // From the end, so that a chain starts with its first block.
        var block = blocks;
        while (block > 0) {
            block -= 1;
            const hash = hashBlock(base[block * block_size ..][0..block_size]);
            hashes[block] = hash;
            const head = &heads[self.slot(hash)];
            // Of a run of equal blocks only the first is worth finding.
            if (head.* == block + 1 and hashes[block + 1] == hash) {
                links[block] = links[block + 1];
            } else links[block] = head.*;
            head.* = @intCast(block);
        }
        self.thin();
        return self;
    }

    pub fn destroy(self: *Index) void {
        allocator.free(self.heads);
        allocator.free(self.links);
        allocator.free(self.hashes);
    }

    pub fn memoryUsed(self: *const Index) usize {
        return 4 * (self.heads.len + self.links.len + self.hashes.len);
    }

    fn slot(self: *const Index, hash: u32) usize {
        return (hash *% 0x85eb_ca6b) >> self.shift;
    }

    /// Keeps blocks of long chains at even distances.
    fn thin(self: *Index) void {
        for (self.heads) |head| {
            var count: u32 = 0;
            var at = head;
            while (at != none) : (at = self.links[at]) count += 1;
            if (count <= chain_max) continue;
            const stride = (count + chain_max - 1) / chain_max;
            at = head;
            while (at != none) {
                var skip = stride - 1;
                var next = self.links[at];
                while (skip > 0 and next != none) : (skip -= 1) next = self.links[next];
                self.links[at] = next;
                at = next;
            }
        }
    }
};

/// Writes a delta piece by piece up to a limit.
const Writer = struct {
    target: []u8,
    used: usize = 0,

    fn put(self: *Writer, byte: u8) bool {
        if (self.used >= self.target.len) return false;
        self.target[self.used] = byte;
        self.used += 1;
        return true;
    }

    fn size(self: *Writer, value: usize) bool {
        var rest = value;
        while (rest >= 128) : (rest >>= 7) if (!self.put(@truncate(rest | 128))) return false;
        return self.put(@intCast(rest));
    }

    fn literals(self: *Writer, bytes: []const u8) bool {
        var at: usize = 0;
        while (at < bytes.len) {
            const count: usize = @min(bytes.len - at, literal_size_max);
            if (self.target.len - self.used < count + 1) return false;
            self.target[self.used] = @intCast(count);
            @memcpy(self.target[self.used + 1 ..][0..count], bytes[at..][0..count]);
            self.used += count + 1;
            at += count;
        }
        return true;
    }

    fn copy(self: *Writer, from: usize, length: usize) bool {
        var offset = from;
        var left = length;
        while (left > 0) {
            const count: usize = @min(left, copy_size_max);
            var operation: [8]u8 = undefined;
            var code: u8 = 0x80;
            var used: usize = 1;
            const written_size = if (count == copy_size_max) 0 else count;
            inline for (0..4) |i| {
                const byte: u8 = @truncate(offset >> (8 * i));
                if (byte != 0) {
                    code |= 1 << i;
                    operation[used] = byte;
                    used += 1;
                }
            }
            inline for (0..2) |i| {
                const byte: u8 = @truncate(written_size >> (8 * i));
                if (byte != 0) {
                    code |= 0x10 << i;
                    operation[used] = byte;
                    used += 1;
                }
            }
            operation[0] = code;
            if (self.target.len - self.used < used) return false;
            @memcpy(self.target[self.used..][0..used], operation[0..used]);
            self.used += used;
            offset += count;
            left -= count;
        }
        return true;
    }
};

fn matchForward(base: []const u8, target: []const u8) usize {
    const limit = @min(base.len, target.len);
    var at: usize = 0;
    while (at + 8 <= limit) : (at += 8) {
        const difference = std.mem.readInt(u64, base[at..][0..8], .little) ^ std.mem.readInt(u64, target[at..][0..8], .little);
        if (difference != 0) return at + @ctz(difference) / 8;
    }
    while (at < limit and base[at] == target[at]) at += 1;
    return at;
}

/// A delta that makes `target` of `base`, in the front of `output`; null where it does not fit.
pub fn encode(index: *const Index, base: []const u8, target: []const u8, output: []u8) ?usize {
    var writer: Writer = .{ .target = output };
    if (!writer.size(base.len) or !writer.size(target.len)) return null;
    var at: usize = 0;
    var pending: usize = 0;
    var hash: u32 = if (target.len >= block_size) hashBlock(target[0..block_size]) else 0;
    while (at + block_size <= target.len) {
        var best: usize = 0;
        var best_from: usize = 0;
        var block = index.heads[index.slot(hash)];
        var tries: u32 = 0;
        while (block != none and tries < chain_max) : ({
            block = index.links[block];
            tries += 1;
        }) {
            if (index.hashes[block] != hash) continue;
            const from = @as(usize, block) * block_size;
            const length = matchForward(base[from..], target[at..]);
            if (length > best) {
                best = length;
                best_from = from;
                if (length >= match_enough) break;
            }
        }
        if (best < block_size) {
            if (at + block_size < target.len) {
                hash = hash *% multiplier +% target[at + block_size] -% leaving *% target[at];
            }
            at += 1;
            // What can't fit any more need not be finished.
            if (at - pending > output.len - writer.used) return null;
            continue;
        }
        while (at > pending and best_from > 0 and base[best_from - 1] == target[at - 1]) {
            at -= 1;
            best_from -= 1;
            best += 1;
        }
        if (!writer.literals(target[pending..at])) return null;
        if (!writer.copy(best_from, best)) return null;
        at += best;
        pending = at;
        if (at + block_size <= target.len) hash = hashBlock(target[at..][0..block_size]);
    }
    if (!writer.literals(target[pending..])) return null;
    return writer.used;
}

test "deltas of all kinds of content make their target again" {
    const gpa = std.testing.allocator;
    var random: std.Random.DefaultPrng = .init(21);
    const r = random.random();
    for (0..400) |round| {
        const base = try gpa.alloc(u8, r.uintLessThan(usize, 3000));
        defer gpa.free(base);
        const letters = ([_]u8{ 1, 2, 4, 255 })[round % 4];
        for (base) |*byte| byte.* = r.uintLessThan(u8, letters);
        var content: std.ArrayList(u8) = .empty;
        defer content.deinit(gpa);
        for (0..r.uintLessThan(usize, 8)) |_| {
            if (r.boolean() and base.len > 0) {
                const from = r.uintLessThan(usize, base.len);
                try content.appendSlice(gpa, base[from..][0..r.uintLessThan(usize, base.len - from + 1)]);
            } else for (0..r.uintLessThan(usize, 200)) |_| try content.append(gpa, r.uintLessThan(u8, letters));
        }
        var index = try Index.create(base);
        defer index.destroy();
        const output = try gpa.alloc(u8, content.items.len * 2 + 64);
        defer gpa.free(output);
        const size = encode(&index, base, content.items, output).?;
        const made = try gpa.alloc(u8, content.items.len);
        defer gpa.free(made);
        try deltas.apply(base, output[0..size], made);
        try std.testing.expectEqualSlices(u8, content.items, made);
        if (size > 0) try std.testing.expectEqual(null, encode(&index, base, content.items, output[0 .. size - 1]));
    }
}

test "a large base that moved is one copy after the other" {
    const gpa = std.testing.allocator;
    var random: std.Random.DefaultPrng = .init(4);
    const base = try gpa.alloc(u8, 300_000);
    defer gpa.free(base);
    random.random().bytes(base);
    var index = try Index.create(base);
    defer index.destroy();
    var output: [100]u8 = undefined;
    const size = encode(&index, base, base[5..], &output).?;
    try std.testing.expect(size < 50);
}
