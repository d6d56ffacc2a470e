//! The fixed tables of the ZPAQ predictor, made from their definitions and checked by their checksums.
//!
//! The native library has them made at compile time. A WASM module makes them when it first needs them, in a fraction of
//! a millisecond: they are half of its bytes, and a page loads them.

const std = @import("std");
const builtin = @import("builtin");

/// A bit history: the states that a 0 and a 1 lead to, and how many zeros and ones it stands for.
pub const State = struct { next: [2]u8, n0: u8, n1: u8 };

const Tables = struct {
    /// Probability of a one, 15 bits, from its logit in 1/64, which goes from -2048 to 2047.
    squash: [4096]i16,
    /// The logit of a probability of 15 bits: -710 to 710.
    stretch: [32768]i16,
    /// Rates of adaptation by count, 16 bits.
    dt: [1024]u32,
    /// Confidence of a match by its length.
    dt2k: [256]i32,
    states: [256]State,
    /// Probability of 23 bits that an indirect model starts a history with.
    state_start: [256]u32,

    fn make(self: *Tables) void {
        @setEvalBranchQuota(1_000_000);
        makeSquash(&self.squash);
        makeStretch(&self.stretch);
        for (&self.dt, 0..) |*rate, count| rate.* = @intCast(131072 / (2 * count + 3) * 2);
        self.dt2k[0] = 0;
        for (self.dt2k[1..], 1..) |*confidence, length| confidence.* = @intCast(2048 / length);
        makeStates(&self.states);
        for (&self.state_start, self.states) |*start, state| {
            const n0: u32 = state.n0;
            const n1: u32 = state.n1;
            start.* = ((2 * n1 + 1) << 22) / (n0 + n1 + 1);
        }
    }
};

const at_run_time = builtin.cpu.arch.isWasm();
var made: Tables = undefined;
var is_made = false;

const all: *const Tables = if (at_run_time) &made else &blk: {
    var tables: Tables = undefined;
    tables.make();
    const result = tables;
    break :blk result;
};

// The tables, once `prepare` was called. As pointers, since what is read from `all` itself is one more copy of it.
pub const squash = &all.squash;
pub const stretch = &all.stretch;
pub const dt = &all.dt;
pub const dt2k = &all.dt2k;
pub const states = &all.states;
pub const state_start = &all.state_start;

/// Has the tables ready.
pub fn prepare() void {
    if (!at_run_time or is_made) return;
    made.make();
    is_made = true;
}

/// From one logit to the next, the odds grow by this.
const odds_step = @exp(1.0 / 64.0);

fn makeSquash(table: *[4096]i16) void {
    // Odds of the logits 0, 1, 2 ...; those of -1, -2 ... are their inverses.
    var odds: f64 = 1;
    table[2048] = 16384;
    for (1..2049) |logit| {
        odds *= odds_step;
        table[2048 - logit] = @intFromFloat(32768 / (1 + odds));
        if (logit < 2048) table[2048 + logit] = @intFromFloat(32768 / (1 + 1 / odds));
    }
}

fn makeStretch(table: *[32768]i16) void {
    var logit: i16 = 0;
    // Odds from which on the next logit is nearer.
    var edge: f64 = @exp(0.5 / 64.0);
    for (16384..32768) |p| {
        const ones = @as(f64, @floatFromInt(p)) + 0.5;
        while (ones >= edge * (32768 - ones)) {
            logit += 1;
            edge *= odds_step;
        }
        table[p] = logit;
        table[32767 - p] = -logit;
    }
}

fn makeStates(table: *[256]State) void {
    // The first and the last state for each pair of counts.
    var ids: [50][50][2]u8 = @splat(@splat(@splat(0)));
    var id: u8 = 0;
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
    table[255] = .{ .next = .{ 0, 0 }, .n0 = 0, .n1 = 0 };
    for (0..50) |n0| {
        for (0..50 - n0) |n1| {
            const count = stateCount(n0, n1);
            for (0..count) |last| {
                const state = &table[ids[n0][n1][last]];
                state.n0 = @intCast(n0);
                state.n1 = @intCast(n1);
                for (&state.next, 0..) |*next, bit| {
                    const pair = step(n0, n1, bit);
                    next.* = ids[pair[0]][pair[1]][bit];
                }
            }
        }
    }
}

/// How many states stand for this pair of counts: none, one, or two that differ in the last bit.
fn stateCount(a: usize, b: usize) u8 {
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
    var made_here: Tables = undefined;
    made_here.make();
    for ([_]*const Tables{ all, &made_here }) |tables| try expectFormat(tables);
}

fn expectFormat(tables: *const Tables) !void {
    try std.testing.expectEqual(0x6e9b2eb1, crc(i16, &tables.squash));
    try std.testing.expectEqual(0x1181f1fc, crc(i16, &tables.stretch));
    try std.testing.expectEqual(0x7c02006a, crc(u32, &tables.dt));
    try std.testing.expectEqual(0xc0963fd9, crc(i32, &tables.dt2k));
    try std.testing.expectEqual(0x93d2a954, crc(u32, &tables.state_start));
    var rows: [1024]u8 = undefined;
    for (tables.states, 0..) |state, i| rows[4 * i ..][0..4].* = .{ state.next[0], state.next[1], state.n0, state.n1 };
    try std.testing.expectEqual(0x77a1e24c, crc(u8, &rows));
}
