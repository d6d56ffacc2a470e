//! CRC-32 as git's pack indexes have it. The native library takes libdeflate's, which knows the processor's instructions.
//! WASM has none of these; there the same tables as libdeflate's are made at first use, because they are random numbers,
//! 8 KiB that do not compress, and a page loads them.

const std = @import("std");
const builtin = @import("builtin");

/// The sum of bytes that follow others, whose sum is `before`: 0 at the start.
pub fn crc32(before: u32, bytes: []const u8) u32 {
    if (!builtin.cpu.arch.isWasm()) return @import("libdeflate_c").libdeflate_crc32(before, bytes.ptr, bytes.len);
    if (!is_made) slices.make();
    is_made = true;
    return slices.update(before, bytes);
}

var slices: Slices = undefined;
var is_made = false;

/// Tables that take eight bytes at a time.
const Slices = struct {
    /// By how many bytes follow: what each byte adds to the sum.
    tables: [8][256]u32,

    fn make(self: *Slices) void {
        for (&self.tables[0], 0..) |*sum, byte| {
            sum.* = @intCast(byte);
            for (0..8) |_| sum.* = sum.* >> 1 ^ if (sum.* & 1 == 1) @as(u32, 0xedb8_8320) else 0;
        }
        for (1..8) |following| {
            for (&self.tables[following], self.tables[following - 1]) |*sum, shorter| {
                sum.* = shorter >> 8 ^ self.tables[0][shorter & 255];
            }
        }
    }

    fn update(self: *const Slices, before: u32, bytes: []const u8) u32 {
        const tables = &self.tables;
        var sum = ~before;
        var rest = bytes;
        while (rest.len >= 8) : (rest = rest[8..]) {
            const low = sum ^ std.mem.readInt(u32, rest[0..4], .little);
            const high = std.mem.readInt(u32, rest[4..8], .little);
            sum = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^ tables[4][low >> 24] ^
                tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^ tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
        }
        for (rest) |byte| sum = sum >> 8 ^ tables[0][(sum ^ byte) & 255];
        return ~sum;
    }
};

test "both ways give the same sums" {
    var bytes: [1000]u8 = undefined;
    var random: std.Random.DefaultPrng = .init(1);
    random.random().bytes(&bytes);
    var made: Slices = undefined;
    made.make();
    for (0..bytes.len) |size| {
        const whole = crc32(0, bytes[0..size]);
        try std.testing.expectEqual(whole, made.update(0, bytes[0..size]));
        try std.testing.expectEqual(whole, made.update(made.update(0, bytes[0 .. size / 3]), bytes[size / 3 .. size]));
    }
    try std.testing.expectEqual(0xcbf43926, crc32(0, "123456789"));
}
