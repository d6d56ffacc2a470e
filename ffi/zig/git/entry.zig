//! The header of a pack entry (pack format, "pack-*.pack files have the following format"): type, size and base.

const std = @import("std");
const files = @import("files.zig");
const index = @import("index.zig");

pub const Kind = enum(u3) { none = 0, commit = 1, tree = 2, blob = 3, tag = 4, reserved = 5, ofs_delta = 6, ref_delta = 7 };

pub fn isFull(kind: Kind) bool {
    return switch (kind) {
        .commit, .tree, .blob, .tag => true,
        else => false,
    };
}

/// First bytes of the first entry.
pub const first_offset = 12;
pub const header_size_max = 9 + 32;
/// Sizes stay exact as numbers of every host.
pub const size_max = (1 << 53) - 1;

pub const Error = files.Error || error{Corrupt};

pub const Entry = struct {
    kind: Kind,
    /// Inflated size of what follows the header.
    size: u64,
    /// Where the zlib stream starts.
    data: u64,
    base_offset: u64 = 0,
    base_id: [index.hash_size_max]u8 = @splat(0),
};

/// Reads the header at `offset` of a pack whose entries end at `end`.
pub fn read(cursor: *files.Cursor, file: *files.File, end: u64, offset: u64, hash_size: u32) Error!Entry {
    if (offset < first_offset or offset >= end) return error.Corrupt;
    var scratch: [header_size_max]u8 = undefined;
    const length: usize = @intCast(@min(header_size_max, end - offset));
    var part = try cursor.ahead(file, offset, length);
    if (part.len < length) {
        try cursor.read(file, offset, scratch[0..length]);
        part = scratch[0..length];
    }
    return parse(part[0..length], offset, hash_size);
}

/// Parses a header; its end may be cut off only where the header itself is corrupt.
pub fn parse(bytes: []const u8, offset: u64, hash_size: u32) error{Corrupt}!Entry {
    var at: usize = 0;
    var byte = try next(bytes, &at);
    var size: u64 = byte & 15;
    const kind: Kind = @enumFromInt(byte >> 4 & 7);
    var shift: u6 = 4;
    while (byte & 0x80 != 0) {
        byte = try next(bytes, &at);
        if (shift > 53) return error.Corrupt;
        size |= @as(u64, byte & 127) << shift;
        shift += 7;
    }
    if (size > size_max) return error.Corrupt;
    var entry: Entry = .{ .kind = kind, .size = size, .data = 0 };
    switch (kind) {
        .none, .reserved => return error.Corrupt,
        .ofs_delta => {
            byte = try next(bytes, &at);
            var distance: u64 = byte & 127;
            while (byte & 0x80 != 0) {
                byte = try next(bytes, &at);
                if (distance >= 1 << 55) return error.Corrupt;
                distance = (distance + 1) << 7 | (byte & 127);
            }
            if (distance == 0 or distance > offset or offset - distance < first_offset) return error.Corrupt;
            entry.base_offset = offset - distance;
        },
        .ref_delta => {
            if (bytes.len - at < hash_size) return error.Corrupt;
            @memcpy(entry.base_id[0..hash_size], bytes[at..][0..hash_size]);
            at += hash_size;
        },
        else => {},
    }
    entry.data = offset + at;
    return entry;
}

fn next(bytes: []const u8, at: *usize) error{Corrupt}!u8 {
    if (at.* >= bytes.len) return error.Corrupt;
    defer at.* += 1;
    return bytes[at.*];
}

test "headers of every kind" {
    const blob = try parse(&.{ 0xb5, 0x02 }, 12, 20);
    try std.testing.expectEqual(Kind.blob, blob.kind);
    try std.testing.expectEqual(37, blob.size);
    try std.testing.expectEqual(14, blob.data);
    // Two bytes of distance start at 128.
    const delta = try parse(&.{ 0x64, 0x80, 0x00 }, 200, 20);
    try std.testing.expectEqual(72, delta.base_offset);
    for ([_][]const u8{ &.{ 0x00, 0 }, &.{ 0x50, 0 }, &.{ 0x64, 0 }, &.{ 0x64, 0x7f }, &.{0x74}, &.{0xb5} }) |bad| {
        try std.testing.expectError(error.Corrupt, parse(bad, 30, 20));
    }
}
