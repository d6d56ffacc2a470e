//! The header of a ZPAQ block: sizes of the machines' memories, the components of the predictor, and the program that
//! computes their contexts.

const std = @import("std");

pub const Kind = enum(u8) { constant = 1, cm, icm, match, avg, mix2, mix, isse, sse };

/// Bytes of a component's description by kind, its type among them.
const description_size = [_]u8{ 0, 2, 3, 2, 3, 4, 6, 6, 3, 5 };

pub const component_max = 255;
pub const header_size_max = 65537;

pub const Header = struct {
    hh: u6,
    hm: u6,
    ph: u6,
    pm: u6,
    count: u32,
    /// Descriptions of the components, one after the other.
    components: []const u8,
    hcomp: []const u8,

    /// Reads a header with its two bytes of size in front; null where it breaks a rule of the format.
    pub fn parse(bytes: []const u8) ?Header {
        if (bytes.len < 9 or bytes.len > header_size_max) return null;
        if (std.mem.readInt(u16, bytes[0..2], .little) != bytes.len - 2) return null;
        for (bytes[2..6]) |bits| if (bits > 32) return null;
        var self: Header = .{
            .hh = @intCast(bytes[2]),
            .hm = @intCast(bytes[3]),
            .ph = @intCast(bytes[4]),
            .pm = @intCast(bytes[5]),
            .count = bytes[6],
            .components = &.{},
            .hcomp = &.{},
        };
        var at: usize = 7;
        for (0..self.count) |i| {
            if (at >= bytes.len) return null;
            const size = if (bytes[at] < description_size.len) description_size[bytes[at]] else 0;
            if (size == 0 or bytes.len - at <= size) return null;
            if (!isValid(bytes[at..][0..size], i)) return null;
            at += size;
        }
        self.components = bytes[7..at];
        if (bytes.len - at < 2 or bytes[at] != 0 or bytes[bytes.len - 1] != 0) return null;
        self.hcomp = bytes[at + 1 ..];
        return self;
    }

    pub fn iterator(self: Header) Iterator {
        return .{ .rest = self.components };
    }
};

pub const Iterator = struct {
    rest: []const u8,

    pub fn next(self: *Iterator) ?[]const u8 {
        if (self.rest.len == 0) return null;
        const size = description_size[self.rest[0]];
        defer self.rest = self.rest[size..];
        return self.rest[0..size];
    }
};

fn isValid(description: []const u8, index: usize) bool {
    const kind: Kind = @enumFromInt(description[0]);
    const arguments = description[1..];
    return switch (kind) {
        .constant => true,
        .icm => arguments[0] <= 26,
        .cm => arguments[0] <= 32,
        .match => arguments[0] <= 32 and arguments[1] <= 32,
        .avg => arguments[0] < index and arguments[1] < index,
        .mix2 => arguments[0] <= 32 and arguments[1] < index and arguments[2] < index,
        .mix => arguments[0] <= 32 and arguments[1] < index and arguments[2] > 0 and arguments[2] <= index - arguments[1],
        .isse => arguments[0] <= 32 and arguments[1] < index,
        .sse => arguments[0] <= 32 and arguments[1] < index and arguments[2] <= 4 * @as(u32, arguments[3]),
    };
}

test "a header is taken apart, and refused when cut or out of bounds" {
    const bytes = "\x0b\x00\x00\x00\x00\x00\x01\x02\x09\x04\x00\x38\x00";
    const header = Header.parse(bytes).?;
    try std.testing.expectEqual(1, header.count);
    try std.testing.expectEqualSlices(u8, "\x38\x00", header.hcomp);
    for (0..bytes.len) |size| try std.testing.expect(Header.parse(bytes[0..size]) == null);
    var bad = bytes.*;
    bad[8] = 33;
    try std.testing.expect(Header.parse(&bad) == null);
}
