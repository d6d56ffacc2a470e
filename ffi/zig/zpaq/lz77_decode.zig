//! The LZ77 formats of zpaq's own post-processors, decoded as their programs decode them: the window is the machine's
//! byte array, an end of segment starts afresh at its beginning.

const std = @import("std");

/// Room after the window that copies of whole words may write over.
pub const window_slack = 64;
const word_size = 16;

/// The text so far: a ring as long as the machine's array, or the reader's own memory where that holds all of it.
pub const Window = struct {
    bytes: []u8,
    /// What of a position counts: all of it where there is no ring.
    mask: u64,
    /// The furthest distance.
    reach: u64,
    /// Bytes written in this segment.
    written: u64 = 0,

    pub const empty: Window = .{ .bytes = &.{}, .mask = 0, .reach = 0 };

    /// A ring as long as a power of two; its bytes end with `window_slack` more.
    pub fn ring(bytes: []u8) Window {
        const size = bytes.len - window_slack;
        return .{ .bytes = bytes, .mask = size - 1, .reach = size - word_size };
    }

    /// The reader's memory from the segment's start on, of which `written` bytes are filled. The machine's array has
    /// `size` bytes.
    pub fn flat(bytes: []u8, size: u64, written: u64) Window {
        return .{ .bytes = bytes, .mask = std.math.maxInt(u64), .reach = size - word_size, .written = written };
    }

    fn position(self: *const Window) usize {
        return @intCast(self.written & self.mask);
    }

    /// How far a copy can go before the window wraps or ends.
    fn untilWrap(self: *const Window) u64 {
        const size = if (self.mask == std.math.maxInt(u64)) self.bytes.len else self.mask + 1;
        return size - self.position();
    }

    pub fn put(self: *Window, byte: u8) void {
        self.bytes[self.position()] = byte;
        self.written += 1;
    }

    /// Whether text stands `distance` back, where copies of whole words can't have touched it.
    fn reaches(self: *const Window, written: u64, distance: u32) bool {
        return distance > 0 and distance <= written and distance <= self.reach;
    }

    /// Repeats `length` bytes from `distance` back. False when they would come from before the segment.
    pub fn copy(self: *Window, distance: u32, length: u64) bool {
        if (!self.reaches(self.written, distance)) return false;
        var left = length;
        if (distance <= self.position()) {
            const near: usize = @intCast(@min(left, self.untilWrap()));
            const words = std.mem.alignForward(usize, near, word_size);
            if (words <= self.bytes.len - self.position()) {
                copyWords(self.bytes.ptr + self.position(), distance, near);
            } else {
                copyBytes(self.bytes.ptr + self.position(), distance, near);
            }
            self.written += near;
            left -= near;
        }
        while (left > 0) : (left -= 1) {
            const byte = self.bytes[@intCast((self.written - distance) & self.mask)];
            self.put(byte);
        }
        return true;
    }

    /// Copies what was written from `from` on into `target`, as much as both hold; returns how much.
    pub fn read(self: *const Window, from: u64, target: []u8) usize {
        const count: usize = @intCast(@min(self.written - from, target.len));
        const start: usize = @intCast(from & self.mask);
        const first: usize = @intCast(@min(count, self.mask - start + 1));
        @memcpy(target[0..first], self.bytes[start..][0..first]);
        @memcpy(target[first..count], self.bytes[0 .. count - first]);
        return count;
    }
};

/// Copies by whole words, the last of which may reach `word_size - 1` bytes too far.
inline fn copyWords(target: [*]u8, distance: usize, count: usize) void {
    @setRuntimeSafety(false); // the caller has room for whole words, and text `distance` back
    if (distance < word_size) return copyBytes(target, distance, count);
    const source = target - distance;
    var at: usize = 0;
    while (true) {
        target[at..][0..word_size].* = (source + at)[0..word_size].*;
        at += word_size;
        if (at >= count) return;
    }
}

fn copyBytes(target: [*]u8, distance: usize, count: usize) void {
    @setRuntimeSafety(false); // the caller has room, and text `distance` back
    if (distance == 1) return @memset(target[0..count], (target - 1)[0]);
    for (0..count) |at| target[at] = (target + at - distance)[0];
}

pub const Progress = enum { need_input, full, corrupt };

/// zpaq's transform 1: codes of bits, lowest bit first.
pub const BitDecoder = struct {
    /// Low bits of offsets that stand before the rest.
    low_bits: u5,
    bits: u64 = 0,
    bit_count: u32 = 0,
    state: enum { code, match_length, offset_low, offset, literal_length, literals } = .code,
    length: u32 = 0,
    offset_bits: u5 = 0,
    low: u32 = 0,
    copying: u64 = 0,
    distance: u32 = 0,

    pub fn reset(self: *BitDecoder) void {
        self.* = .{ .low_bits = self.low_bits };
    }

    fn drop(self: *BitDecoder, count: u32) void {
        self.bits >>= @intCast(count);
        self.bit_count -= count;
    }

    /// Reads on until the input is used up or `room` bytes were written; the count of bytes taken goes to `taken`.
    pub fn run(self: *BitDecoder, input: []const u8, taken: *usize, window: *Window, room: u64) Progress {
        // Long: the loop over codes of bits, whose state has to stay in registers.
        const goal = window.written + room;
        var at: usize = 0;
        defer taken.* = at;
        while (true) {
            if (self.copying > 0) {
                const count = @min(self.copying, goal - window.written);
                if (!window.copy(self.distance, count)) return .corrupt;
                self.copying -= count;
                if (self.copying > 0) return .full;
            }
            if (self.bit_count <= 32) {
                if (input.len - at >= 8) {
                    const count = (63 - self.bit_count) / 8;
                    self.bits |= std.mem.readInt(u64, input[at..][0..8], .little) << @intCast(self.bit_count);
                    at += count;
                    self.bit_count += count * 8;
                    self.bits &= (@as(u64, 1) << @intCast(self.bit_count)) - 1;
                } else {
                    while (at < input.len and self.bit_count <= 48) : (at += 1) {
                        self.bits |= @as(u64, input[at]) << @intCast(self.bit_count);
                        self.bit_count += 8;
                    }
                }
            }
            switch (self.state) {
                .code => {
                    const whole = self.sequences(input, at, window, goal);
                    if (whole != at) {
                        at = whole;
                        continue;
                    }
                    if (self.bit_count < 8) return .need_input;
                    const class: u32 = @intCast(self.bits & 3);
                    self.length = 1;
                    if (class == 0) {
                        self.drop(2);
                        self.state = .literal_length;
                    } else {
                        self.offset_bits = @intCast((class - 1) * 8 + (self.bits >> 2 & 7));
                        self.drop(5);
                        self.state = .match_length;
                    }
                },
                .match_length => {
                    if (self.bit_count < 3) return .need_input;
                    if (self.bits & 1 == 1) {
                        self.length = self.length *% 2 +% @as(u32, @intCast(self.bits >> 1 & 1));
                        self.drop(2);
                    } else {
                        self.length = self.length *% 4 +% @as(u32, @intCast(self.bits >> 1 & 3));
                        self.drop(3);
                        self.low = 0;
                        self.state = if (self.low_bits > 0) .offset_low else .offset;
                    }
                },
                .offset_low => {
                    if (self.bit_count < self.low_bits) return .need_input;
                    self.low = @intCast(self.bits & (@as(u64, 1) << self.low_bits) - 1);
                    self.drop(self.low_bits);
                    self.state = .offset;
                },
                .offset => {
                    if (self.bit_count < self.offset_bits) return .need_input;
                    const high = @as(u32, 1) << self.offset_bits;
                    const rest: u32 = @as(u32, @intCast(self.bits & (high - 1))) + high;
                    self.drop(self.offset_bits);
                    const reach = (@as(u32, 1) << self.low_bits) - 1;
                    self.distance = (rest << self.low_bits) +% self.low -% reach;
                    self.copying = self.length;
                    self.state = .code;
                },
                .literal_length => {
                    if (self.bit_count < 2) return .need_input;
                    if (self.bits & 1 == 1) {
                        self.length = self.length *% 2 +% @as(u32, @intCast(self.bits >> 1 & 1));
                        self.drop(2);
                    } else {
                        self.drop(1);
                        self.state = .literals;
                    }
                },
                .literals => {
                    at = self.literalRun(input, at, window, goal);
                    while (self.bit_count >= 8) {
                        if (window.written == goal) return .full;
                        window.put(@truncate(self.bits));
                        self.drop(8);
                        self.length -%= 1;
                        if (self.length == 0) {
                            self.state = .code;
                            break;
                        }
                    } else if (at == input.len) return .need_input;
                },
            }
        }
    }

    /// Decodes literals and matches that lie wholly in `input` and in the window, many at a time: their places are read
    /// first and asked of the memory, then they are copied. Returns where in the input it stopped, before a code.
    ///
    /// Runtime safety is off: a code is read when `input_margin` bytes follow it and taken when what it writes leaves
    /// `window_slack` bytes, all distances are checked. Fuzzed by zpaq/fuzz_test.ts.
    fn sequences(self: *BitDecoder, input: []const u8, from: usize, window: *Window, goal: u64) usize {
        // Long: the loop that reads codes ahead and copies them, whose state has to stay in registers.
        @setRuntimeSafety(false);
        const start = window.position();
        const room = @min(goal - window.written, window.untilWrap());
        if (room <= window_slack or input.len - from < input_margin or from * 8 < self.bit_count) return from;
        const text = window.bytes.ptr;
        const end = start + @as(usize, @intCast(room)) - window_slack;
        const reach = @min(window.reach, window.written, start);
        const bits_end = (input.len - input_margin) * 8;
        const low_bits = self.low_bits;
        const low_mask = (@as(u64, 1) << low_bits) - 1;
        var bit = from * 8 - self.bit_count;
        var to = start;
        var batch: [sequences_max]Sequence = undefined;
        var more = true;
        while (more) {
            var count: usize = 0;
            var ahead = to;
            while (count < sequences_max) : (count += 1) {
                if (bit >= bits_end) {
                    more = false;
                    break;
                }
                const sequence = &batch[count];
                sequence.literals = 0;
                sequence.length = 0;
                var next = bit;
                var bits = bitsAt(input.ptr, next);
                if (bits & 3 == 0) {
                    const number = gamma(bits >> 2) orelse {
                        more = false;
                        break;
                    };
                    next += 2 + number.bits;
                    const after = next + number.value * 8;
                    if (number.value > end - @min(end, ahead) or after >= bits_end) {
                        more = false;
                        break;
                    }
                    sequence.from = next;
                    sequence.literals = number.value;
                    ahead += number.value;
                    bit = after;
                    next = after;
                    bits = bitsAt(input.ptr, next);
                }
                const class = bits & 3;
                if (class == 0) continue;
                const offset_bits: u6 = @intCast((class - 1) * 8 + (bits >> 2 & 7));
                const number = gamma(bits >> 5);
                const head = 5 + if (number) |it| it.bits + 2 else 0;
                const offset = bits >> @intCast(head);
                const length = if (number) |it| it.value * 4 + @as(usize, @intCast(bits >> @intCast(head - 2) & 3)) else 0;
                const high = @as(u64, 1) << offset_bits;
                const rest = offset >> low_bits & high - 1 | high;
                const distance: usize = @intCast((rest << low_bits) + (offset & low_mask) -% low_mask);
                const possible = @min(window.reach, reach + (ahead - start));
                if (number == null or distance -% 1 >= possible or length > end - @min(end, ahead)) {
                    more = false;
                    count += 1; // its literals
                    break;
                }
                sequence.distance = distance;
                sequence.length = length;
                @prefetch(text + ahead - distance, .{ .rw = .read, .locality = 2 });
                ahead += length;
                bit = next + head + low_bits + offset_bits;
            }
            for (batch[0..count]) |sequence| {
                copyBits(text + to, input.ptr, sequence.from, sequence.literals);
                to += sequence.literals;
                if (sequence.length == 0) continue;
                copyWords(text + to, sequence.distance, sequence.length);
                to += sequence.length;
            }
        }
        if (to == start and bit == from * 8 - self.bit_count) return from;
        window.written += to - start;
        return self.goOn(input, bit);
    }

    /// Holds what is left of the byte that has `bit`; returns the place after that byte.
    fn goOn(self: *BitDecoder, input: []const u8, bit: usize) usize {
        const whole = (bit + 7) / 8;
        self.bit_count = @intCast(whole * 8 - bit);
        self.bits = if (self.bit_count == 0) 0 else input[whole - 1] >> @intCast(8 - self.bit_count);
        return whole;
    }

    /// Copies literals that lie wholly in `input` and in the window; returns where in the input it stopped.
    fn literalRun(self: *BitDecoder, input: []const u8, from: usize, window: *Window, goal: u64) usize {
        const room = @min(goal - window.written, window.untilWrap());
        if (from * 8 < self.bit_count or room <= window_slack or input.len - from < input_margin) return from;
        const left = input.len - from - input_margin;
        const count: usize = @intCast(@min(self.length -% 1, room - window_slack, left));
        if (count < window_slack) return from;
        const bit = from * 8 - self.bit_count;
        copyBits(window.bytes.ptr + window.position(), input.ptr, bit, count);
        window.written += count;
        self.length -%= @intCast(count);
        return self.goOn(input, bit + count * 8);
    }
};

/// Literals, then a match; either may be empty.
const Sequence = struct {
    /// Where in the input the literals start, in bits.
    from: usize,
    literals: usize,
    length: usize,
    distance: usize,
};

/// How many matches are asked of the memory at once.
const sequences_max = 32;
/// A code, and what reading whole words after its literals takes.
const input_margin = 24;

/// At least 57 bits of the input.
inline fn bitsAt(input: [*]const u8, bit: usize) u64 {
    @setRuntimeSafety(false);
    return std.mem.readInt(u64, input[bit / 8 ..][0..8], .little) >> @intCast(bit % 8);
}

/// Interleaved Elias gamma code of up to 8 bits below the leading one; null for a longer one.
inline fn gamma(bits: u64) ?struct { value: usize, bits: usize } {
    @setRuntimeSafety(false);
    const entry = gamma_table[@as(u9, @truncate(bits))];
    if (entry.bits > 0) return .{ .value = entry.value, .bits = entry.bits };
    const next = gamma_table[@as(u9, @truncate(bits >> 8))];
    if (next.bits == 0) return null;
    const below: u4 = @intCast(next.bits / 2);
    const value = (@as(usize, entry.value) << below) + next.value - (@as(usize, 1) << below);
    return .{ .value = value, .bits = next.bits + 8 };
}

/// By nine bits: the number and how many bits it takes; no bits, and what four pairs come to, where it goes on.
const Number = struct { value: u8, bits: u8 };
const gamma_table: [512]Number = table: {
    @setEvalBranchQuota(20_000);
    var entries: [512]Number = undefined;
    for (&entries, 0..) |*entry, index| {
        var rest = index;
        entry.* = .{ .value = 1, .bits = 1 };
        while (rest & 1 == 1 and entry.bits < 9) : (rest >>= 2) {
            entry.value = entry.value * 2 + @as(u8, @intCast(rest >> 1 & 1));
            entry.bits += 2;
        }
        if (rest & 1 == 1) entry.bits = 0;
    }
    break :table entries;
};

/// Copies bytes that start at any bit of the source. Reads and writes up to 8 bytes too far.
inline fn copyBits(target: [*]u8, source: [*]const u8, from: usize, count: usize) void {
    @setRuntimeSafety(false);
    var at: usize = 0;
    while (at < count) : (at += 7) {
        std.mem.writeInt(u64, target[at..][0..8], bitsAt(source + at, from), .little);
    }
}

/// Writes `count` bytes, a multiple of 4, of a stream of bits whose first `bit_count` (below 57) are in `bits`.
fn copyShifted(target: [*]u8, source: [*]const u8, count: usize, bits: *u64, bit_count: u6) void {
    @setRuntimeSafety(false); // `count` bytes of source and target are there
    var held = bits.*;
    var at: usize = 0;
    if (bit_count <= 32) {
        while (at < count) : (at += 4) {
            held |= @as(u64, std.mem.readInt(u32, source[at..][0..4], .little)) << bit_count;
            std.mem.writeInt(u32, target[at..][0..4], @truncate(held), .little);
            held >>= 32;
        }
    } else {
        while (at < count) : (at += 4) {
            const next: u64 = std.mem.readInt(u32, source[at..][0..4], .little);
            std.mem.writeInt(u32, target[at..][0..4], @truncate(held), .little);
            held = held >> 32 | next << (bit_count - 32);
        }
    }
    bits.* = held;
}

/// zpaq's transform 2: codes of whole bytes, made to be modelled.
pub const ByteDecoder = struct {
    /// The least length of a match.
    length_min: u8,
    /// Bytes that the code at hand still has, plus one; 1 while literals come, 0 before a code.
    left: u32 = 0,
    length: u32 = 0,
    offset: u32 = 0,
    copying: u64 = 0,

    pub fn reset(self: *ByteDecoder) void {
        self.* = .{ .length_min = self.length_min };
    }

    pub fn run(self: *ByteDecoder, input: []const u8, taken: *usize, window: *Window, room: u64) Progress {
        const goal = window.written + room;
        var at: usize = 0;
        defer taken.* = at;
        while (true) {
            if (self.copying > 0) {
                const count = @min(self.copying, goal - window.written);
                if (!window.copy(self.offset +% 1, count)) return .corrupt;
                self.copying -= count;
                if (self.copying > 0) return .full;
            }
            if (at == input.len) return .need_input;
            const byte: u32 = input[at];
            switch (self.left) {
                0 => {
                    const class = byte >> 6;
                    self.left = if (class == 0) 1 else class + 2;
                    self.length = if (class == 0) byte + 1 else (byte & 63) + self.length_min;
                    self.offset = 0;
                },
                1 => {
                    if (window.written == goal) return .full;
                    window.put(@truncate(byte));
                    self.length -%= 1;
                    if (self.length == 0) self.left = 0;
                },
                2 => {
                    self.offset = self.offset << 8 | byte;
                    self.copying = if (self.length == 0) 1 << 32 else self.length;
                    self.left = 0;
                },
                else => {
                    self.offset = self.offset << 8 | byte;
                    self.left -= 1;
                },
            }
            at += 1;
        }
    }
};
