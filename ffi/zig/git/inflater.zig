//! Inflating a zlib stream (RFC 1950, RFC 1951) piece by piece in bounded memory, which libdeflate can't: input may stop
//! and output may fill up anywhere. About half as fast as libdeflate; large objects and short looks go through here.

const std = @import("std");
const c = @import("libdeflate_c");

pub const Error = error{Corrupt};

const history_size = 32 << 10;
const window_size = 2 * history_size;
/// A match that starts inside the window may run past it by so much.
const match_size_max = 258;
const code_length_max = 15;
const fast_bits = 10;
/// The longest symbol: a length and a distance with their extra bits.
const symbol_bits_max = 15 + 5 + 15 + 13;

/// A canonical Huffman code: short codes by table, longer ones length by length.
fn Code(comptime symbol_count: usize) type {
    return struct {
        const Self = @This();

        /// Symbol and length of the code that starts with these bits; length 0 for longer codes.
        fast: [1 << fast_bits]u16,
        symbols: [symbol_count]u16,
        /// By length: how many codes there are.
        counts: [code_length_max + 1]u16,

        fn build(self: *Self, lengths: []const u8, allow_incomplete: bool) Error!void {
            @memset(&self.counts, 0);
            for (lengths) |length| self.counts[length] += 1;
            const used = lengths.len - self.counts[0];
            self.counts[0] = 0;
            var left: i32 = 1;
            for (self.counts[1..]) |count| {
                left = left * 2 - count;
                if (left < 0) return error.Corrupt;
            }
            // One code of one bit may stand alone, and a block without matches needs no distances.
            if (left > 0 and !(allow_incomplete and used <= 1)) return error.Corrupt;
            var starts: [code_length_max + 2]u16 = undefined;
            starts[1] = 0;
            for (1..code_length_max + 1) |length| starts[length + 1] = starts[length] + self.counts[length];
            for (lengths, 0..) |length, symbol| {
                if (length == 0) continue;
                self.symbols[starts[length]] = @intCast(symbol);
                starts[length] += 1;
            }
            @memset(&self.fast, 0);
            var code: u16 = 0;
            var position: usize = 0;
            for (1..fast_bits + 1) |length| {
                for (0..self.counts[length]) |_| {
                    const reversed = @bitReverse(code) >> @intCast(16 - length);
                    const entry = self.symbols[position] << 4 | @as(u16, @intCast(length));
                    var at: usize = reversed;
                    while (at < self.fast.len) : (at += @as(usize, 1) << @intCast(length)) self.fast[at] = entry;
                    position += 1;
                    code += 1;
                }
                code <<= 1;
            }
        }

        const Found = struct { symbol: u16, length: u6 };

        /// The symbol before `bits`; bits past the end of the input are zero, and the caller compares lengths.
        inline fn find(self: *const Self, bits: u64) Error!Found {
            const entry = self.fast[@as(usize, @truncate(bits)) & (self.fast.len - 1)];
            if (entry & 15 != 0) return .{ .symbol = entry >> 4, .length = @intCast(entry & 15) };
            return self.findLong(bits);
        }

        fn findLong(self: *const Self, bits: u64) Error!Found {
            var code: i32 = 0;
            var first: i32 = 0;
            var position: i32 = 0;
            var rest = bits;
            for (1..code_length_max + 1) |length| {
                code |= @intCast(rest & 1);
                rest >>= 1;
                const count: i32 = self.counts[length];
                if (code - count < first) {
                    return .{ .symbol = self.symbols[@intCast(position + code - first)], .length = @intCast(length) };
                }
                position += count;
                first = (first + count) << 1;
                code <<= 1;
            }
            return error.Corrupt;
        }
    };
}

const length_bases = [_]u16{ 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
const length_extras = [_]u6{ 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
const distance_bases = [_]u16{ 1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577 };
const distance_extras = [_]u6{ 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 };
const length_code_order = [_]u8{ 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };

const Stage = enum { header, block, stored_length, stored, code_counts, code_lengths, lengths, symbols, trailer, done };

pub const Step = struct { consumed: usize, produced: usize, done: bool };

pub const Inflater = struct {
    stage: Stage,
    last_block: bool,
    bits: u64,
    bit_count: u6,
    /// Bytes left of a stored block.
    stored_left: u32,
    /// A match that did not fit before the window's end.
    literal_count: u16,
    distance_count: u16,
    length_count: u16,
    at: u16,
    adler: u32,
    /// Input bytes taken since the start; the exact size of the stream when it is done.
    total_in: u64,
    total_out: u64,
    write_pos: usize,
    read_pos: usize,
    /// The oldest byte that a distance may reach.
    start_pos: usize,
    lengths: [320]u8,
    literals: Code(288),
    distances: Code(32),
    window: [window_size + match_size_max + 16]u8,

    /// The large tables are left as they are.
    pub fn reset(self: *Inflater) void {
        self.stage = .header;
        self.last_block = false;
        self.bits = 0;
        self.bit_count = 0;
        self.stored_left = 0;
        self.adler = 1;
        self.total_in = 0;
        self.total_out = 0;
        self.write_pos = history_size;
        self.read_pos = history_size;
        self.start_pos = history_size;
    }

    const Reader = struct { input: []const u8, at: usize = 0 };

    inline fn refill(self: *Inflater, reader: *Reader) void {
        if (reader.input.len - reader.at >= 8) {
            const word = std.mem.readInt(u64, reader.input[reader.at..][0..8], .little);
            self.bits |= word << self.bit_count;
            const count = (63 - @as(usize, self.bit_count)) >> 3;
            reader.at += count;
            self.bit_count += @intCast(count * 8);
            // Bits above the count are those that the next refill brings again.
            self.bits &= (@as(u64, 1) << self.bit_count) - 1;
            return;
        }
        while (self.bit_count <= 55 and reader.at < reader.input.len) : (reader.at += 1) {
            self.bits |= @as(u64, reader.input[reader.at]) << self.bit_count;
            self.bit_count += 8;
        }
    }

    inline fn drop(self: *Inflater, count: u6) void {
        self.bits >>= count;
        self.bit_count -= count;
    }

    inline fn take(self: *Inflater, comptime count: u6) u32 {
        const value: u32 = @intCast(self.bits & ((1 << count) - 1));
        self.drop(count);
        return value;
    }

    /// Takes input and gives output until one of both is used up or the stream ends.
    pub fn step(self: *Inflater, input: []const u8, output: []u8) Error!Step {
        var reader: Reader = .{ .input = input };
        var produced: usize = 0;
        const before = self.total_in;
        while (true) {
            produced += self.flush(output[produced..]);
            if (self.read_pos < self.write_pos) break; // the output is full
            if (self.write_pos >= window_size) self.slide();
            if (self.stage == .done) break;
            const progress = try self.decode(&reader);
            if (!progress and self.read_pos == self.write_pos and self.stage != .done) break; // wants input
        }
        self.total_in = before + reader.at;
        if (self.stage == .done and self.bit_count > 0) {
            // Whole bytes that were loaded but belong to what follows the stream.
            const excess = self.bit_count / 8;
            self.bits = 0;
            self.bit_count = 0;
            self.total_in -= excess;
            return .{ .consumed = reader.at -| excess, .produced = produced, .done = self.read_pos == self.write_pos };
        }
        return .{
            .consumed = reader.at,
            .produced = produced,
            .done = self.stage == .done and self.read_pos == self.write_pos,
        };
    }

    fn flush(self: *Inflater, output: []u8) usize {
        const count = @min(output.len, self.write_pos - self.read_pos);
        if (count == 0) return 0;
        const part = self.window[self.read_pos..][0..count];
        @memcpy(output[0..count], part);
        self.adler = c.libdeflate_adler32(self.adler, part.ptr, count);
        self.read_pos += count;
        self.total_out += count;
        return count;
    }

    fn slide(self: *Inflater) void {
        const shift = self.write_pos - history_size;
        std.mem.copyForwards(u8, self.window[0..history_size], self.window[shift..][0..history_size]);
        self.write_pos = history_size;
        self.read_pos = history_size;
        self.start_pos -|= shift;
    }

    /// Runs stages until input is missing or the window is full; false when nothing could be done for want of input.
    fn decode(self: *Inflater, reader: *Reader) Error!bool {
        var progress = false;
        while (true) {
            self.refill(reader);
            const went_on = switch (self.stage) {
                .header => try self.readHeader(),
                .block => try self.readBlock(),
                .stored_length => try self.readStoredLength(),
                .stored => self.copyStored(reader),
                .code_counts => try self.readCodeCounts(),
                .code_lengths => try self.readCodeLengths(),
                .lengths => try self.readLengths(reader),
                .symbols => try self.decodeSymbols(reader),
                .trailer => return try self.readTrailer() or progress,
                .done => return true,
            };
            if (!went_on) return progress;
            progress = true;
            if (self.write_pos >= window_size) return true;
        }
    }

    fn readHeader(self: *Inflater) Error!bool {
        if (self.bit_count < 16) return false;
        const method = self.take(8);
        const flags = self.take(8);
        // Deflate with a window of at most 32 KiB, no preset dictionary.
        if (method & 15 != 8 or method >> 4 > 7 or (method << 8 | flags) % 31 != 0 or flags & 0x20 != 0) return error.Corrupt;
        self.stage = .block;
        return true;
    }

    fn readBlock(self: *Inflater) Error!bool {
        if (self.bit_count < 3) return false;
        self.last_block = self.take(1) != 0;
        switch (self.take(2)) {
            0 => {
                self.drop(self.bit_count & 7);
                self.stage = .stored_length;
            },
            1 => {
                @memset(self.lengths[0..144], 8);
                @memset(self.lengths[144..256], 9);
                @memset(self.lengths[256..280], 7);
                @memset(self.lengths[280..288], 8);
                try self.literals.build(self.lengths[0..288], false);
                @memset(self.lengths[0..32], 5);
                try self.distances.build(self.lengths[0..32], false);
                self.stage = .symbols;
            },
            2 => self.stage = .code_counts,
            else => return error.Corrupt,
        }
        return true;
    }

    fn endBlock(self: *Inflater) void {
        if (self.last_block) {
            self.drop(self.bit_count & 7);
            self.stage = .trailer;
        } else self.stage = .block;
    }

    fn readStoredLength(self: *Inflater) Error!bool {
        if (self.bit_count < 32) return false;
        const length = self.take(16);
        if (length != self.take(16) ^ 0xffff) return error.Corrupt;
        self.stored_left = length;
        if (length == 0) self.endBlock() else self.stage = .stored;
        return true;
    }

    fn copyStored(self: *Inflater, reader: *Reader) bool {
        const room = window_size - self.write_pos;
        var done: usize = 0;
        while (self.bit_count >= 8 and self.stored_left > 0 and done < room) : (done += 1) {
            self.window[self.write_pos + done] = @intCast(self.take(8));
            self.stored_left -= 1;
        }
        if (self.bit_count < 8) {
            const count = @min(self.stored_left, room - done, reader.input.len - reader.at);
            @memcpy(self.window[self.write_pos + done ..][0..count], reader.input[reader.at..][0..count]);
            reader.at += count;
            done += count;
            self.stored_left -= @intCast(count);
        }
        self.write_pos += done;
        if (self.stored_left == 0) self.endBlock();
        return done > 0;
    }

    fn readCodeCounts(self: *Inflater) Error!bool {
        if (self.bit_count < 14) return false;
        self.literal_count = @intCast(self.take(5) + 257);
        self.distance_count = @intCast(self.take(5) + 1);
        self.length_count = @intCast(self.take(4) + 4);
        if (self.literal_count > 286 or self.distance_count > 30) return error.Corrupt;
        self.at = 0;
        @memset(self.lengths[0..19], 0);
        self.stage = .code_lengths;
        return true;
    }

    fn readCodeLengths(self: *Inflater) Error!bool {
        const start = self.at;
        while (self.at < self.length_count) : (self.at += 1) {
            if (self.bit_count < 3) return self.at > start;
            self.lengths[length_code_order[self.at]] = @intCast(self.take(3));
        }
        // The code of the code lengths lives in the place of the distances until those are known.
        try self.distances.build(self.lengths[0..19], false);
        self.at = 0;
        self.stage = .lengths;
        return true;
    }

    fn readLengths(self: *Inflater, reader: *Reader) Error!bool {
        const total = self.literal_count + self.distance_count;
        const start = self.at;
        while (self.at < total) {
            if (self.bit_count < 14) self.refill(reader);
            const found = try self.distances.find(self.bits);
            const extra: u6 = switch (found.symbol) {
                16 => 2,
                17 => 3,
                18 => 7,
                else => 0,
            };
            if (self.bit_count < found.length + extra) return self.at > start;
            self.drop(found.length);
            const more: u16 = @intCast(self.bits & ((@as(u64, 1) << extra) - 1));
            self.drop(extra);
            if (found.symbol < 16) {
                self.lengths[self.at] = @intCast(found.symbol);
                self.at += 1;
                continue;
            }
            const repeat = more + @as(u16, if (found.symbol == 18) 11 else 3);
            if (repeat > total - self.at or (found.symbol == 16 and self.at == 0)) return error.Corrupt;
            const value = if (found.symbol == 16) self.lengths[self.at - 1] else 0;
            @memset(self.lengths[self.at..][0..repeat], value);
            self.at += repeat;
        }
        if (self.lengths[256] == 0) return error.Corrupt;
        try self.literals.build(self.lengths[0..self.literal_count], false);
        try self.distances.build(self.lengths[self.literal_count..total], true);
        self.stage = .symbols;
        return true;
    }

    fn decodeSymbols(self: *Inflater, reader: *Reader) Error!bool {
        var progress = false;
        while (self.write_pos < window_size) {
            if (self.bit_count < symbol_bits_max) self.refill(reader);
            const found = try self.literals.find(self.bits);
            if (found.length > self.bit_count) return progress;
            if (found.symbol < 256) {
                self.window[self.write_pos] = @intCast(found.symbol);
                self.write_pos += 1;
                self.drop(found.length);
                progress = true;
                continue;
            }
            if (found.symbol == 256) {
                self.drop(found.length);
                self.endBlock();
                return true;
            }
            const row = found.symbol - 257;
            if (row >= length_bases.len) return error.Corrupt;
            // Nothing is dropped before the whole match is there.
            var used: u6 = found.length;
            const length = length_bases[row] + @as(usize, @intCast(self.bits >> used & ((@as(u64, 1) << length_extras[row]) - 1)));
            used += length_extras[row];
            if (used > self.bit_count) return progress;
            const distance_code = try self.distances.find(self.bits >> used);
            used += distance_code.length;
            if (used > self.bit_count) return progress;
            if (distance_code.symbol >= distance_bases.len) return error.Corrupt;
            const extra = distance_extras[distance_code.symbol];
            const distance = distance_bases[distance_code.symbol] + @as(usize, @intCast(self.bits >> used & ((@as(u64, 1) << extra) - 1)));
            if (used + extra > self.bit_count) return progress;
            self.drop(used + extra);
            if (distance > self.write_pos - self.start_pos) return error.Corrupt;
            self.copyMatch(length, distance);
            progress = true;
        }
        return progress;
    }

    fn copyMatch(self: *Inflater, length: usize, distance: usize) void {
        const from = self.write_pos - distance;
        if (distance >= length) {
            @memcpy(self.window[self.write_pos..][0..length], self.window[from..][0..length]);
        } else {
            for (0..length) |i| self.window[self.write_pos + i] = self.window[from + i];
        }
        self.write_pos += length;
    }

    fn readTrailer(self: *Inflater) Error!bool {
        // All output must have passed the checksum first.
        if (self.read_pos < self.write_pos) return true;
        if (self.bit_count < 32) return false;
        if (@byteSwap(self.take(32)) != self.adler) return error.Corrupt;
        self.stage = .done;
        return true;
    }
};

fn expectInflated(packed_bytes: []const u8, content: []const u8, in_part: usize, out_part: usize) !void {
    const inflater = try std.testing.allocator.create(Inflater);
    defer std.testing.allocator.destroy(inflater);
    inflater.reset();
    const output = try std.testing.allocator.alloc(u8, content.len + 1);
    defer std.testing.allocator.free(output);
    var in: usize = 0;
    var out: usize = 0;
    while (true) {
        const part = packed_bytes[in..@min(in + in_part, packed_bytes.len)];
        const room = output[out..@min(out + out_part, output.len)];
        const made = try inflater.step(part, room);
        in += made.consumed;
        out += made.produced;
        if (made.done) break;
        try std.testing.expect(made.consumed > 0 or made.produced > 0);
    }
    try std.testing.expectEqualSlices(u8, content, output[0..out]);
    try std.testing.expectEqual(inflater.total_in, in);
}

test "inflates what libdeflate deflated, in pieces of any size, and leaves what follows" {
    const gpa = std.testing.allocator;
    var random: std.Random.DefaultPrng = .init(5);
    for ([_]usize{ 0, 1, 300, 5000, 70_000, 200_000 }) |size| {
        for ([_]u32{ 0, 2, 9, 256 }) |kind| {
            const content = try gpa.alloc(u8, size);
            defer gpa.free(content);
            for (content) |*byte| byte.* = if (kind == 0) 'a' else @intCast(random.random().uintLessThan(u32, kind));
            for ([_]c_int{ 0, 1, 6, 12 }) |level| {
                const compressor = c.libdeflate_alloc_compressor(level).?;
                defer c.libdeflate_free_compressor(compressor);
                const room = c.libdeflate_zlib_compress_bound(compressor, size);
                const target = try gpa.alloc(u8, room + 20);
                defer gpa.free(target);
                const length = c.libdeflate_zlib_compress(compressor, content.ptr, size, target.ptr, room);
                @memset(target[length..][0..20], 0xab);
                try expectInflated(target[0..length], content, 1 << 30, 1 << 30);
                if (size <= 5000) try expectInflated(target[0..length], content, 1, 1 << 30);
                if (size <= 5000) try expectInflated(target[0..length], content, 1 << 30, 1);
                try expectInflated(target[0..length], content, 777, 501);
                // Bytes after the stream are not taken.
                const inflater = try gpa.create(Inflater);
                defer gpa.destroy(inflater);
                inflater.reset();
                const output = try gpa.alloc(u8, size);
                defer gpa.free(output);
                const made = try inflater.step(target[0 .. length + 20], output);
                try std.testing.expect(made.done);
                try std.testing.expectEqual(length, made.consumed);
            }
        }
    }
}

test "every flipped bit of a small stream ends" {
    const gpa = std.testing.allocator;
    const compressor = c.libdeflate_alloc_compressor(9).?;
    defer c.libdeflate_free_compressor(compressor);
    var content: [600]u8 = undefined;
    for (&content, 0..) |*byte, i| byte.* = @truncate(i * i / 7);
    var target: [1000]u8 = undefined;
    const length = c.libdeflate_zlib_compress(compressor, &content, content.len, &target, target.len);
    const inflater = try gpa.create(Inflater);
    defer gpa.destroy(inflater);
    var output: [4096]u8 = undefined;
    for (0..length * 8) |bit| {
        target[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
        defer target[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
        inflater.reset();
        const made = inflater.step(target[0..length], &output) catch continue;
        if (made.done) try std.testing.expectEqualSlices(u8, &content, output[0..made.produced]);
    }
}
