//! The fixed tables of the ZPAQ predictor, made from their definitions at compile time and checked by their checksums.

const std = @import("std");

/// Probability of a one, 15 bits, from its logit in 1/64: `squash(x)` for x from -2048 to 2047.
pub fn squash(x: i32) i32 {
    return squash_table[@intCast(x + 2048)];
}

pub const squash_table: [4096]i16 = blk: {
    @setEvalBranchQuota(100_000);
    var table: [4096]i16 = undefined;
    for (&table, 0..) |*value, i| {
        const x: f64 = @floatFromInt(@as(i32, i) - 2048);
        value.* = @intFromFloat(32768.0 / (1.0 + @exp(-x / 64.0)));
    }
    break :blk table;
};

/// The inverse of `squash`, from a probability of 15 bits: -710 to 710.
pub const stretch_table: [32768]i16 = blk: {
    @setEvalBranchQuota(200_000);
    var table: [32768]i16 = undefined;
    var value: i32 = -710;
    var next = stretchStart(value + 1);
    for (&table, 0..) |*entry, p| {
        while (p >= next) {
            value += 1;
            next = if (value == 710) table.len else stretchStart(value + 1);
        }
        entry.* = @intCast(value);
    }
    break :blk table;
};

/// The least probability whose logit rounds to `value`.
fn stretchStart(comptime value: i32) usize {
    const edge: f64 = (@as(f64, @floatFromInt(value)) - 0.5) / 64.0;
    return @intFromFloat(@ceil(32768.0 / (1.0 + @exp(-edge)) - 0.5));
}

/// Rates of adaptation by count, 16 bits.
pub const dt: [1024]u32 = blk: {
    @setEvalBranchQuota(10_000);
    var table: [1024]u32 = undefined;
    for (&table, 0..) |*value, i| value.* = (131072 / (2 * i + 3)) * 2;
    break :blk table;
};

/// Confidence of a match by its length.
pub const dt2k: [256]i32 = blk: {
    var table: [256]i32 = undefined;
    table[0] = 0;
    for (table[1..], 1..) |*value, i| value.* = 2048 / i;
    break :blk table;
};

/// A bit history: the states that a 0 and a 1 lead to, and how many zeros and ones it stands for.
pub const State = struct { next: [2]u8, n0: u8, n1: u8 };

pub const states: [256]State = blk: {
    @setEvalBranchQuota(1_000_000);
    var ids: [50][50][2]u8 = @splat(@splat(@splat(0)));
    var id: u32 = 0;
    for (0..50) |sum| {
        for (0..sum + 1) |n1| {
            const n0 = sum - n1;
            const count = stateCount(n0, n1);
            if (count == 0) continue;
            ids[n0][n1] = .{ id, id + count - 1 };
            id += count;
        }
    }
    std.debug.assert(id == 255);
    var table: [256]State = @splat(.{ .next = .{ 0, 0 }, .n0 = 0, .n1 = 0 });
    for (0..50) |n0| {
        for (0..50 - n0) |n1| {
            const count = stateCount(n0, n1);
            for (0..count) |last| {
                const state = &table[ids[n0][n1][last]];
                state.n0 = n0;
                state.n1 = n1;
                for (0..2) |bit| {
                    const pair = step(n0, n1, bit);
                    state.next[bit] = ids[pair[0]][pair[1]][bit];
                }
            }
        }
    }
    break :blk table;
};

/// How many states stand for this pair of counts: none, one, or two that differ in the last bit.
fn stateCount(a: usize, b: usize) usize {
    const bound = [_]usize{ 20, 48, 15, 8, 6, 5 };
    const n0: usize = @max(a, b);
    const n1: usize = @min(a, b);
    if (n1 >= bound.len or n0 > bound[n1]) return 0;
    return if (n1 > 0 and n0 + n1 <= 17) 2 else 1;
}

/// The counts after one more bit: the other count is discounted, and both shrink until they have a state.
fn step(a: usize, b: usize, bit: usize) [2]usize {
    if (a < b) {
        const swapped = step(b, a, 1 - bit);
        return .{ swapped[1], swapped[0] };
    }
    var n0 = a;
    var n1 = b;
    if (bit == 1) {
        n1 += 1;
        n0 = discount(n0);
    } else {
        n0 += 1;
        n1 = discount(n1);
    }
    while (stateCount(n0, n1) == 0) {
        if (n1 < 2) {
            n0 -= 1;
        } else {
            n0 = (n0 * (n1 - 1) + n1 / 2) / n1;
            n1 -= 1;
        }
    }
    return .{ n0, n1 };
}

fn discount(n: usize) usize {
    var result: usize = 0;
    for ([_]usize{ 1, 2, 3, 4, 5, 7, 8 }) |threshold| result += @intFromBool(n >= threshold);
    return result;
}

/// Probability of 23 bits that an indirect model starts a history with.
pub const state_start: [256]u32 = blk: {
    var table: [256]u32 = undefined;
    for (&table, states) |*value, state| {
        const n0: u32 = state.n0;
        const n1: u32 = state.n1;
        value.* = ((2 * n1 + 1) << 22) / (n0 + n1 + 1);
    }
    break :blk table;
};

fn crc(comptime T: type, values: []const T) u32 {
    var hash: std.hash.Crc32 = .init();
    for (values) |value| {
        var bytes: [@sizeOf(T)]u8 = undefined;
        std.mem.writeInt(T, &bytes, value, .little);
        hash.update(&bytes);
    }
    return hash.final();
}

test "the tables are those of the format" {
    try std.testing.expectEqual(0x6e9b2eb1, crc(i16, &squash_table));
    try std.testing.expectEqual(0x1181f1fc, crc(i16, &stretch_table));
    try std.testing.expectEqual(0x7c02006a, crc(u32, &dt));
    try std.testing.expectEqual(0xc0963fd9, crc(i32, &dt2k));
    try std.testing.expectEqual(0x93d2a954, crc(u32, &state_start));
    var rows: [1024]u8 = undefined;
    for (states, 0..) |state, i| rows[4 * i ..][0..4].* = .{ state.next[0], state.next[1], state.n0, state.n1 };
    try std.testing.expectEqual(0x77a1e24c, crc(u8, &rows));
}
