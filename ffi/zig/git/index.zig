//! Looking ids up in pack indexes (versions 1 and 2) and multi-pack indexes: the same fan-out and sorted ids in each,
//! with other strides. A host reads the header and says where the tables lie.

const std = @import("std");
const files = @import("files.zig");
const Cursor = @import("files.zig").Cursor;

pub const fanout_length = 256;
pub const hash_size_max = 32;

/// Where the tables of an index lie, as a host read it from the header.
pub const Layout = extern struct {
    fanout_pos: u32,
    ids_pos: u32,
    ids_stride: u32,
    offsets_low: u32,
    offsets_high: u32,
    offsets_stride: u32,
    large_low: u32,
    large_high: u32,
    large_count: u32,
    /// Whether a pack number stands before each offset.
    is_multi: u32,
    /// Whether bit 31 of an offset points into the table of large offsets.
    has_large_bit: u32,
};

pub const Place = struct { pack: u32, offset: u64 };

/// Steps of a search that may guess. Ids that are not spread as hashes are cost no more than these and halving.
const guesses_max = 8;

/// How far into `count` entries a key lies that is so far into their range.
fn share(count: u32, distance: u64, range: u64) u32 {
    const whole = range >> 32;
    if (whole == 0) return count / 2;
    return @intCast(@min(count * (distance >> 32) / whole, count - 1));
}

pub const Index = struct {
    file: *files.File,
    hash_size: u32,
    count: u32,
    fanout: [fanout_length]u32,
    layout: Layout,
    /// Pack numbers of the store; one unless this is a multi-pack index.
    packs: []const u32,

    fn offsetsPos(self: *const Index) u64 {
        return @as(u64, self.layout.offsets_high) << 32 | self.layout.offsets_low;
    }

    pub fn readFanout(self: *Index, cursor: *Cursor) files.Error!void {
        var bytes: [fanout_length * 4]u8 = undefined;
        try cursor.read(self.file, self.layout.fanout_pos, &bytes);
        var before: u32 = 0;
        for (&self.fanout, 0..) |*entry, i| {
            entry.* = std.mem.readInt(u32, bytes[i * 4 ..][0..4], .big);
            if (entry.* < before) return error.OutOfRange;
            before = entry.*;
        }
        self.count = before;
    }

    fn idAt(self: *const Index, cursor: *Cursor, position: u32, scratch: *[hash_size_max]u8) files.Error![]const u8 {
        const at = @as(u64, self.layout.ids_pos) + @as(u64, position) * self.layout.ids_stride;
        return cursor.span(self.file, at, self.hash_size, scratch);
    }

    /// The place of an id; null where it is not there.
    pub fn find(self: *const Index, cursor: *Cursor, id: []const u8) files.Error!?Place {
        var low: u32 = if (id[0] == 0) 0 else self.fanout[id[0] - 1];
        var high: u32 = self.fanout[id[0]];
        const wanted = std.mem.readInt(u64, id[0..8], .big);
        // Ids are hashes, so their place can be guessed from those around; a guess that helps little is followed by halving.
        var low_key = @as(u64, id[0]) << 56;
        var high_key = low_key | std.math.maxInt(u56);
        var guesses: u32 = 0;
        var scratch: [hash_size_max]u8 = undefined;
        while (low < high) : (guesses += 1) {
            const middle = if (guesses < guesses_max)
                low + share(high - low, wanted - low_key, high_key - low_key)
            else
                low + (high - low) / 2;
            const found = try self.idAt(cursor, middle, &scratch);
            const key = std.mem.readInt(u64, found[0..8], .big);
            const order = if (key != wanted) std.math.order(key, wanted) else std.mem.order(u8, found, id);
            switch (order) {
                .lt => {
                    low = middle + 1;
                    low_key = @max(low_key, @min(key, wanted));
                },
                .gt => {
                    high = middle;
                    high_key = @min(high_key, @max(key, wanted));
                },
                .eq => return try self.placeAt(cursor, middle),
            }
        }
        return null;
    }

    fn placeAt(self: *const Index, cursor: *Cursor, position: u32) files.Error!Place {
        const width: usize = if (self.layout.is_multi != 0) 8 else 4;
        var scratch: [8]u8 = undefined;
        const at = self.offsetsPos() + @as(u64, position) * self.layout.offsets_stride;
        const bytes = try cursor.span(self.file, at, width, &scratch);
        const number: u32 = if (width == 8) std.mem.readInt(u32, bytes[0..4], .big) else 0;
        if (number >= self.packs.len) return error.OutOfRange;
        const short = std.mem.readInt(u32, bytes[width - 4 ..][0..4], .big);
        const pack = self.packs[number];
        if (self.layout.has_large_bit == 0 or short & 0x8000_0000 == 0) return .{ .pack = pack, .offset = short };
        const row = short & 0x7fff_ffff;
        if (row >= self.layout.large_count) return error.OutOfRange;
        const large = @as(u64, self.layout.large_high) << 32 | self.layout.large_low;
        const long = try cursor.span(self.file, large + @as(u64, row) * 8, 8, &scratch);
        return .{ .pack = pack, .offset = std.mem.readInt(u64, long[0..8], .big) };
    }
};
