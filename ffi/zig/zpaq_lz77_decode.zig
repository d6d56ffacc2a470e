//! The LZ77 formats of zpaq's own post-processors, decoded as their programs decode them: the window is the machine's
//! byte array, an end of segment starts afresh at its beginning.

const std = @import("std");

/// Room behind the window that copies of whole words may write over.
pub const window_slack = 64;
const word_size = 16;

/// The window, and how much of it the reader has.
pub const Window = struct {
    bytes: []u8,
    mask: u32,
    /// Bytes written in this segment.
    written: u64 = 0,

    pub fn init(bytes: []u8) Window {
        return .{ .bytes = bytes, .mask = @intCast(bytes.len - window_slack - 1) };
    }

    fn size(self: *const Window) u64 {
        return @as(u64, self.mask) + 1;
    }

    fn position(self: *const Window) u32 {
        return @as(u32, @truncate(self.written)) & self.mask;
    }

    /// How far a copy can go before the window wraps.
    fn untilWrap(self: *const Window) u64 {
        return self.size() - self.position();
    }

    pub fn put(self: *Window, byte: u8) void {
        self.bytes[self.position()] = byte;
        self.written += 1;
    }

    /// Repeats `length` bytes from `distance` back. False when they would come from in front of the segment.
    pub fn copy(self: *Window, distance: u32, length: u64) bool {
        if (distance == 0 or distance > self.written or distance > self.size() - word_size) return false;
        var left = length;
        if (distance <= self.position()) {
            const near = @min(left, self.untilWrap());
            copyWithin(self.bytes, self.position(), distance, near);
            self.written += near;
            left -= near;
        }
        while (left > 0) : (left -= 1) {
            const byte = self.bytes[(self.position() -% distance) & self.mask];
            self.put(byte);
        }
        return true;
    }

    /// Copies what was written from `from` on into `target`, as much as both hold; returns how much.
    pub fn read(self: *const Window, from: u64, target: []u8) usize {
        const count: usize = @intCast(@min(self.written - from, target.len));
        const start = @as(u32, @truncate(from)) & self.mask;
        const first: usize = @intCast(@min(count, self.size() - start));
        @memcpy(target[0..first], self.bytes[start..][0..first]);
        @memcpy(target[first..count], self.bytes[0 .. count - first]);
        return count;
    }
};

/// Copies inside the window by whole words; the last one may reach `word_size` bytes too far, into the slack or over
/// bytes that are older than any distance can name.
fn copyWithin(bytes: []u8, to: usize, distance: usize, length: u64) void {
    @setRuntimeSafety(false); // to + length is at most the window's size, and the slack is longer than a word
    const target = bytes.ptr + to;
    const count: usize = @intCast(length);
    if (distance >= word_size) {
        const source = target - distance;
        var at: usize = 0;
        while (at < count) : (at += word_size) target[at..][0..word_size].* = (source + at)[0..word_size].*;
    } else if (distance == 1) {
        @memset(target[0..count], (target - 1)[0]);
    } else {
        for (0..count) |at| target[at] = (target + at - distance)[0];
    }
}

pub const Progress = enum { need_input, full, corrupt };

/// zpaq's transform 1: codes of bits, lowest bit first.
pub const BitDecoder = struct {
    /// Low bits of offsets that stand in front of the rest.
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
                    at += self.literalRun(input[at..], window, goal);
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

    /// Copies literals that lie wholly in `input`, a word at a time; the bits held in front of them stay the same in
    /// number. Returns how many bytes of input that took.
    fn literalRun(self: *BitDecoder, input: []const u8, window: *Window, goal: u64) usize {
        const wanted = @min(self.length, goal - window.written, window.untilWrap());
        if (wanted < 16 or input.len < 16) return 0;
        const count: usize = @intCast(@min(wanted - 8, input.len - 8) & ~@as(u64, 3));
        copyShifted(window.bytes.ptr + window.position(), input.ptr, count, &self.bits, @intCast(self.bit_count));
        window.written += count;
        self.length -= @intCast(count);
        return count;
    }
};

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
    /// Bytes that the code at hand still has, plus one; 1 while literals come, 0 in front of a code.
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
