//! The inverse BWT by many walks at once. A walk along the links waits for memory at each step; sixteen of them wait
//! together. They start at rows that are multiples of a power of two and end at the next such row: a first round tells
//! how long each way is and where it leads, a second one writes the text.

const std = @import("std");

const lane_count = 16;
const ways_max = 2048;
const ways_bits = 10;
const blocks_max = 4096;
const blocks_bits = 12;

const Way = struct {
    /// How many bytes it gives; the way after it, 0 where the text ends.
    length: u32 = 0,
    next: u32 = 0,
    /// Where its bytes go; only ways of the text have a place.
    place: ?u32 = null,
};

/// Links of a block whose index row no link leads to, so that the way from there ends at row 0.
pub const Walk = struct {
    links: []const u32,
    /// How far a link stands to the left in its number.
    link_shift: u5,
    index: u32,
    /// The row after the last that starts with each byte.
    ends: *const [256]u32,

    way_shift: u5 = 0,
    way_count: u32 = 0,
    ways: [ways_max]Way = @splat(.{}),
    block_shift: u5 = 0,
    /// The byte that each block of rows starts with.
    blocks: [blocks_max]u8 = undefined,

    /// Writes the text; returns its size, which is below the number of links.
    pub fn run(self: *Walk, target: []u8) usize {
        std.debug.assert(target.len + 1 >= self.links.len);
        if (self.index == 0) return 0;
        const bits = std.math.log2_int(usize, self.links.len) + 1;
        self.way_shift = @intCast(@max(bits -| ways_bits, ways_bits));
        self.way_count = @intCast(((self.links.len - 1) >> self.way_shift) + 1);
        self.block_shift = @intCast(bits -| blocks_bits);
        var byte: u8 = 0;
        for (self.blocks[0 .. ((self.links.len - 1) >> self.block_shift) + 1], 0..) |*first, block| {
            while (block << self.block_shift >= self.ends[byte]) byte += 1;
            first.* = byte;
        }
        self.round(false, undefined);
        var place: u32 = 0;
        var at: u32 = 0;
        while (true) {
            self.ways[at].place = place;
            place += self.ways[at].length;
            at = self.ways[at].next;
            if (at == 0) break;
        }
        self.round(true, target);
        return place;
    }

    /// The row where a way starts: the index row for the first, since nothing starts at row 0.
    fn startOf(self: *const Walk, way: u32) u32 {
        return if (way == 0) self.index else way << self.way_shift;
    }

    /// Runtime safety is off: rows are below the number of links, which is more than the ways' bytes together.
    fn round(self: *Walk, comptime writing: bool, target: []u8) void {
        @setRuntimeSafety(false);
        const links = self.links;
        const mask = (@as(u32, 1) << self.way_shift) - 1;
        var rows: [lane_count]u32 = undefined;
        var on: [lane_count]u32 = undefined;
        var places: [lane_count]u32 = undefined;
        var active: u32 = 0;
        var next: u32 = 0;
        while (active < lane_count and self.take(&next, writing)) : (active += 1) {
            on[active] = next - 1;
            rows[active] = self.startOf(next - 1);
            places[active] = if (writing) self.ways[next - 1].place.? else 0;
        }
        while (active > 0) {
            var lane: u32 = 0;
            while (lane < active) : (lane += 1) {
                const row = rows[lane];
                if (writing) target[places[lane]] = self.byteOf(row);
                places[lane] += 1;
                const to = links[row] >> self.link_shift;
                rows[lane] = to;
                if (to & mask != 0) continue;
                if (!writing) {
                    self.ways[on[lane]].length = places[lane];
                    self.ways[on[lane]].next = to >> self.way_shift;
                }
                if (self.take(&next, writing)) {
                    on[lane] = next - 1;
                    rows[lane] = self.startOf(next - 1);
                    places[lane] = if (writing) self.ways[next - 1].place.? else 0;
                } else {
                    active -= 1;
                    on[lane] = on[active];
                    rows[lane] = rows[active];
                    places[lane] = places[active];
                    lane -%= 1;
                }
            }
        }
    }

    /// Moves on to the next way to walk.
    fn take(self: *const Walk, next: *u32, comptime writing: bool) bool {
        while (next.* < self.way_count) {
            next.* += 1;
            if (!writing or self.ways[next.* - 1].place != null) return true;
        }
        return false;
    }

    inline fn byteOf(self: *const Walk, row: u32) u8 {
        @setRuntimeSafety(false);
        var byte = self.blocks[row >> self.block_shift];
        while (row >= self.ends[byte]) byte += 1;
        return byte;
    }
};
