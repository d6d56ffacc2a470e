//! The LZ77 encoders of zpaq: the same search, so that the same bytes come out.

const std = @import("std");

const match_max = 49152;
const literals_max = 4096;
const good_length = 128;

/// The numbers of a method that matter here, as `x$1,$2,…` has them.
pub const Parameters = struct {
    /// log2 of the block in MiB.
    block_bits: u5,
    /// Codes of whole bytes rather than of bits.
    bytes: bool,
    length_min: u32,
    /// A second, longer context to look for; 0 for none.
    second_min: u32,
    probes: u32,
    /// log2 of the entries of the hash table.
    table_bits: u5,
    look_ahead: u32,
};

/// How many bytes of codes `n` bytes can become.
pub fn bound(n: usize) usize {
    return n + n / 16 + 1024;
}

const Writer = struct {
    target: []u8,
    len: usize = 0,
    bits: u64 = 0,
    bit_count: u32 = 0,
    parameters: Parameters,

    fn put(self: *Writer, value: u32, count: u32) void {
        self.bits |= @as(u64, value & ((@as(u64, 1) << @intCast(count)) - 1)) << @intCast(self.bit_count);
        self.bit_count += count;
        while (self.bit_count >= 8) {
            self.byte(@truncate(self.bits));
            self.bits >>= 8;
            self.bit_count -= 8;
        }
    }

    fn byte(self: *Writer, value: u8) void {
        self.target[self.len] = value;
        self.len += 1;
    }

    /// The bits below the highest, each after a one, and a zero.
    fn gamma(self: *Writer, value: u32) void {
        var at = bitLength(value) - 1;
        while (at > 0) {
            at -= 1;
            self.put(1 | (value >> @intCast(at) & 1) << 1, 2);
        }
        self.put(0, 1);
    }

    fn literals(self: *Writer, bytes: []const u8) void {
        if (bytes.len == 0) return;
        if (self.parameters.bytes) {
            var rest = bytes;
            while (rest.len > 0) {
                const count = @min(rest.len, 64);
                self.byte(@intCast(count - 1));
                @memcpy(self.target[self.len..][0..count], rest[0..count]);
                self.len += count;
                rest = rest[count..];
            }
            return;
        }
        self.put(0, 2);
        self.gamma(@intCast(bytes.len));
        for (bytes) |value| self.put(value, 8);
    }

    fn match(self: *Writer, length: u32, offset: u32) void {
        if (self.parameters.bytes) return self.byteMatch(length, offset - 1);
        const low_bits: u5 = self.parameters.block_bits -| 4;
        const reach = offset + (@as(u32, 1) << low_bits) - 1;
        const high = bitLength(reach) - 1 - low_bits;
        self.put((high + 8) >> 3, 2);
        self.put(high & 7, 3);
        self.gamma(length >> 2);
        self.put(length & 3, 2);
        self.put(reach, low_bits);
        self.put(reach >> low_bits, high);
    }

    fn byteMatch(self: *Writer, length: u32, distance: u32) void {
        const minimum = self.parameters.length_min;
        var left = length;
        while (left > 0) {
            const part = if (left > 2 * minimum + 63) minimum + 63 else if (left > minimum + 63) left - minimum else left;
            const class: u32 = if (distance < 1 << 16) 1 else if (distance < 1 << 24) 2 else 3;
            self.byte(@intCast(class << 6 | part - minimum));
            var shift = class * 8;
            while (true) {
                self.byte(@truncate(distance >> @intCast(shift)));
                if (shift == 0) break;
                shift -= 8;
            }
            left -= part;
        }
    }

    fn finish(self: *Writer) void {
        if (self.bit_count > 0) self.put(0, 8 - self.bit_count);
    }
};

fn bitLength(value: u32) u32 {
    return 32 - @clz(value);
}

/// The best match at one place.
const Best = struct {
    length: u32,
    score: i32 = 0,
    position: u32 = 0,
    /// Literals before the match.
    literals: u32 = 0,
};

/// Looks for matches by the hash of what comes.
pub const HashSearch = struct {
    table: []u32,
    parameters: Parameters,
    check_bits: u5,
    shift1: u5,
    shift2: u5,
    both_min: u32,
    h1: u32 = 0,
    h2: u32 = 0,

    /// `table` has 2^table_bits zeros.
    pub fn init(parameters: Parameters, table: []u32) HashSearch {
        const bits: u32 = parameters.table_bits;
        return .{
            .table = table,
            .parameters = parameters,
            .check_bits = 12 - @min(parameters.block_bits, 12),
            .shift1 = @intCast((bits - 1) / parameters.length_min + 1),
            .shift2 = if (parameters.second_min > 0) @intCast((bits - 1) / parameters.second_min + 1) else 0,
            .both_min = @max(parameters.length_min, parameters.second_min + parameters.look_ahead) + 4,
        };
    }

    fn find(self: *HashSearch, input: []const u8, at: u32, literals: u32) Best {
        @setRuntimeSafety(false); // table indexes are below its size by mask; positions were stored below `at` and compared with the end
        const p = self.parameters;
        var best: Best = .{ .length = p.length_min - 1 };
        const n: u32 = @intCast(input.len);
        if (p.bytes and p.length_min > 64 or at + 3 >= n) return best;
        const check_mask = (@as(u32, 1) << self.check_bits) - 1;
        const check = input[at + 3] & check_mask;
        if (p.second_min > 0) {
            var k: u32 = 0;
            while (k <= p.probes) : (k += 1) {
                const entry = self.table[self.h2 ^ k];
                if (entry == 0 or entry & check_mask != check) continue;
                const from = entry >> self.check_bits;
                if (from >= at or at + best.length > n or input[from + best.length - 1] != input[at + best.length - 1]) continue;
                const length = matchLength(input, from, at, p.look_ahead);
                if (length >= p.second_min + p.look_ahead) {
                    const front = matchFront(input, from, at, p.look_ahead);
                    const penalty: i32 = if (literals == 0 and front > 0) 8 else 0;
                    take(&best, length, front, from, scoreOf(length - front, at - from) - penalty);
                }
                if (best.length >= good_length) break;
            }
        }
        if (p.second_min == 0 or best.length < p.second_min) {
            const penalty: i32 = if (literals > 0) 2 else 0;
            var k: u32 = 0;
            while (k <= p.probes) : (k += 1) {
                const entry = self.table[self.h1 ^ k];
                if (entry == 0 or entry & check_mask != check) continue;
                const from = entry >> self.check_bits;
                if (from >= at or at + best.length > n or input[from + best.length - 1] != input[at + best.length - 1]) continue;
                const length = matchLength(input, from, at, 0);
                take(&best, length, 0, from, scoreOf(length, at - from) - penalty);
                if (best.length >= good_length) break;
            }
        }
        return best;
    }

    fn advance(self: *HashSearch, input: []const u8, at: u32) void {
        @setRuntimeSafety(false); // as in `find`; `both_min` keeps the reads ahead inside the input
        const p = self.parameters;
        if (@as(u64, at) + self.both_min >= input.len) return;
        const slot = (at *% 1234547) >> 19 & p.probes;
        const check_mask = (@as(u32, 1) << self.check_bits) - 1;
        const entry = at << self.check_bits | (input[at + 3] & check_mask);
        const mask: u32 = @intCast(self.table.len - 1);
        if (p.second_min > 0) {
            self.table[self.h2 ^ slot] = entry;
            self.h2 = (((self.h2 *% 9) << self.shift2) +% (@as(u32, input[at + p.second_min + p.look_ahead]) + 1) *% 23456789) & mask;
        }
        self.table[self.h1 ^ slot] = entry;
        self.h1 = (((self.h1 *% 5) << self.shift1) +% (@as(u32, input[at + p.length_min]) + 1) *% 123456791) & mask;
    }
};

/// Looks for matches among the neighbours in the suffix array.
pub const SuffixSearch = struct {
    parameters: Parameters,
    suffixes: []const i32,
    ranks: []const u32,

    fn find(self: *SuffixSearch, input: []const u8, at: u32, literals: u32) Best {
        @setRuntimeSafety(false); // ranks and suffixes are permutations of the input's positions
        const p = self.parameters;
        const n: u32 = @intCast(input.len);
        var best: Best = .{ .length = p.length_min - 1 };
        var look: u32 = 0;
        while (look <= p.look_ahead and at + look < n) : (look += 1) {
            const place: Place = .{
                .input = input,
                .at = at,
                .look = look,
                .length_min = p.length_min,
                .front_penalty = if (literals == 0) 4 else 0,
            };
            const rank = self.ranks[at + look];
            place.walk(.down, self.suffixes[rank -| p.probes..rank], &best);
            place.walk(.up, self.suffixes[rank + 1 .. @min(rank + 1 + p.probes, n)], &best);
            if (best.score <= 0 or best.length < p.length_min) break;
        }
        return best;
    }

    fn advance(_: *SuffixSearch, _: []const u8, _: u32) void {}
};

/// What neighbours are compared with: the input from `look` bytes after `at` on, and what stands before that.
const Place = struct {
    input: []const u8,
    at: u32,
    look: u32,
    length_min: u32,
    /// What it costs to have literals before a match when there were none.
    front_penalty: i32,

    /// Tries the neighbours on one side, the nearest first, until a length is too short.
    ///
    /// Lengths never grow from one neighbour to the next, so that most need not be measured: those too far back to have a
    /// better score even with the length of the last one are passed over. When a shorter one then does, those in between
    /// are measured after all, as one of them may have been where to stop.
    fn walk(self: *const Place, comptime side: Side, neighbours: []const i32, best: *Best) void {
        @setRuntimeSafety(false); // as in `find`
        var reach = self.at;
        var measured: usize = 0;
        while (self.next(side, neighbours, measured, reach)) |found| {
            const from = self.position(side, neighbours, found);
            const length = matchLength(self.input, from, self.at, self.look);
            if (self.isShort(length, best) and self.stopsBefore(side, neighbours, measured, found, best)) return;
            self.consider(best, length, from);
            if (self.isShort(length, best) or length > 255) return;
            reach = self.reachOf(length, best.score);
            if (reach == 0) return;
            measured = found + 1;
        }
    }

    fn isShort(self: *const Place, length: u32, best: *const Best) bool {
        return length < best.length or length < self.length_min;
    }

    fn stopsBefore(self: *const Place, comptime side: Side, neighbours: []const i32, start: usize, end: usize, best: *const Best) bool {
        var at = start;
        while (self.next(side, neighbours, at, self.at)) |found| : (at = found + 1) {
            if (found >= end) return false;
            const length = matchLength(self.input, self.position(side, neighbours, found), self.at, self.look);
            if (self.isShort(length, best)) return true;
        }
        return false;
    }

    fn consider(self: *const Place, best: *Best, length: u32, from: u32) void {
        const front = matchFront(self.input, from, self.at, self.look);
        const penalty: i32 = if (front > 0) self.front_penalty else 0;
        var score = scoreOf(length - front, self.at - from) - penalty;
        for (0..self.look) |_| score = @divTrunc(score * 5, 8);
        take(best, length, front, from, score);
    }

    /// How far back a match of this length can start and have a better score.
    fn reachOf(self: *const Place, length: u32, score: i32) u32 {
        var wanted = score + 1;
        // Far ahead no match is good enough, and the number stays below its limit.
        for (0..self.look) |_| wanted = @divFloor(wanted *| 8 +| 4, 5);
        const bits = scoreOf(length, 0) - wanted;
        return if (bits >= 32) self.at else if (bits > 0) @min(self.at, (@as(u32, 1) << @intCast(bits)) - 1) else 0;
    }

    /// Where the match with the `k`th neighbour starts; far after `at` where that would be before the input.
    inline fn position(self: *const Place, comptime side: Side, neighbours: []const i32, k: usize) u32 {
        const index = if (side == .up) k else neighbours.len - 1 - k;
        return @as(u32, @intCast(neighbours[index])) -% self.look;
    }

    /// The first neighbour from the `start`th on whose match starts at most `reach` before `at`.
    inline fn next(self: *const Place, comptime side: Side, neighbours: []const i32, start: usize, reach: u32) ?usize {
        @setRuntimeSafety(false); // indexes stay inside `neighbours`; differences wrap on purpose
        const last = self.at -% 1;
        var k = start;
        while (k + lanes <= neighbours.len) : (k += lanes) {
            const index = if (side == .up) k else neighbours.len - k - lanes;
            const suffixes: Lanes = @bitCast(neighbours[index..][0..lanes].*);
            const back = @as(Lanes, @splat(last +% self.look)) -% suffixes;
            const near: u8 = @bitCast(back < @as(Lanes, @splat(reach)));
            if (near != 0) return k + if (side == .up) @ctz(near) else @clz(near);
        }
        while (k < neighbours.len) : (k += 1) {
            if (last -% self.position(side, neighbours, k) < reach) return k;
        }
        return null;
    }
};

const Side = enum { down, up };
const lanes = 8;
const Lanes = @Vector(lanes, u32);

fn take(best: *Best, length: u32, front: u32, from: u32, score: i32) void {
    if (score > best.score) best.* = .{ .length = length, .score = score, .position = from, .literals = front };
}

fn scoreOf(length: u32, distance: u32) i32 {
    return @as(i32, @intCast(length * 8)) - @as(i32, @intCast(bitLength(distance))) - 11;
}

/// How far two places agree, counted from `start` on.
inline fn matchLength(input: []const u8, from: u32, at: u32, start: u32) u32 {
    @setRuntimeSafety(false); // both places are before the end, and `limit` keeps reads inside
    const limit: u32 = @min(match_max, @as(u32, @intCast(input.len)) - at);
    var length = start;
    while (length + 8 <= limit) {
        const left = std.mem.readInt(u64, input[from + length ..][0..8], .little);
        const right = std.mem.readInt(u64, input[at + length ..][0..8], .little);
        if (left != right) return length + @ctz(left ^ right) / 8;
        length += 8;
    }
    while (length < limit and input[from + length] == input[at + length]) length += 1;
    return length;
}

/// Where before `start` the places stop to agree.
inline fn matchFront(input: []const u8, from: u32, at: u32, start: u32) u32 {
    @setRuntimeSafety(false); // reads lie before those of `matchLength`
    var front = start;
    while (front > 0 and input[from + front - 1] == input[at + front - 1]) front -= 1;
    return front;
}

/// Writes the codes of `input` to `target`, which has `bound` bytes; returns how many it wrote.
pub fn encode(input: []const u8, search: anytype, parameters: Parameters, target: []u8) usize {
    var writer: Writer = .{ .target = target, .parameters = parameters };
    var at: u32 = 0;
    var literals: u32 = 0;
    while (at < input.len) {
        const best = search.find(input, at, literals);
        const offset = at -% best.position;
        const far: u32 = if (parameters.bytes) @as(u32, @intFromBool(offset >= 1 << 16)) + @intFromBool(offset >= 1 << 24) else 0;
        var count: u32 = 1;
        if (best.score > 0 and offset > 0 and best.length - best.literals >= parameters.length_min + far) {
            const start = at + best.literals;
            writer.literals(input[at - literals .. start]);
            writer.match(best.length - best.literals, offset);
            literals = 0;
            count = best.length;
        } else {
            literals += 1;
        }
        for (0..count) |_| {
            search.advance(input, at);
            at += 1;
        }
        if (literals >= literals_max) {
            writer.literals(input[at - literals .. at]);
            literals = 0;
        }
    }
    writer.literals(input[at - literals .. at]);
    writer.finish();
    return writer.len;
}
