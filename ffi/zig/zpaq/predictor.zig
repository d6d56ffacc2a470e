//! The ZPAQ predictor: up to 255 components, each a guess at the next bit, trained with every bit that comes.
//!
//! One copy of the code serves every model. The networks that zpaq itself writes have copies of their own, unrolled at
//! compile time: `Network` says which.
//!
//! Runtime safety is off in the loops that run per bit. Indexes into tables are masked by their sizes, which are powers
//! of two, or come from 8-bit states; inputs of a component were checked by `Header.parse` to stand before it.
//! Fuzzed by zpaq/fuzz_test.ts.

const std = @import("std");
const builtin = @import("builtin");
const tables = @import("tables.zig");
const Header = @import("header.zig").Header;
const Kind = @import("header.zig").Kind;

/// Numbers of one mixer row are padded to whole vectors.
const lanes = if (builtin.cpu.has(.x86, .avx2)) 8 else 4;
const lanes_max = 8;
const Lanes = @Vector(lanes, i32);
const input_slack = 2 * lanes_max;

/// Tables start at cache lines: a row of a hash table and its two neighbours share one.
pub const table_alignment = 64;
const row_size = 16;
const sse_row = 32;
const match_max = 255;

pub const Component = extern struct {
    kind: Kind = .constant,
    /// Inputs: components whose guesses this one takes.
    j: u8 = 0,
    k: u8 = 0,
    /// How many inputs a mixer takes, from `j`.
    inputs: u8 = 0,
    limit: u32 = 0,
    rate: i32 = 0,
    /// Cells of a table, less one.
    mask: u32 = 0,
    /// Bits of the partial byte that choose a row of a mixer.
    byte_mask: u32 = 0,
    /// The cell that made the guess; of ICM and ISSE the bit history.
    cell: u32 = 0,
    /// ICM and ISSE: the row of this nibble. Mixers: where the row of weights starts.
    row: u32 = 0,
    /// log2 of the rows of a hash table.
    row_bits: u32 = 0,
    /// Numbers from one row of weights to the next.
    stride: u32 = 0,
    /// MATCH: length of the match, how far back it is, and what it says next.
    length: u32 = 0,
    offset: u32 = 0,
    expected: u32 = 0,
    position: u32 = 0,
    buffer_mask: u32 = 0,
    cells: [*]align(table_alignment) u32 = undefined,
    weights: [*]align(table_alignment) i32 = undefined,
    bytes: [*]align(table_alignment) u8 = undefined,
    /// ICM: the logit of each cell, kept beside it so that a guess needs no look-up in the large table.
    logits: [*]align(table_alignment) i16 = undefined,
};

/// Bytes of one component's tables, each rounded up to `table_alignment`.
const Tables = struct {
    cells: u64 = 0,
    weights: u64 = 0,
    bytes: u64 = 0,
    logits: u64 = 0,

    fn of(description: []const u8) Tables {
        const kind: Kind = @enumFromInt(description[0]);
        const size = @as(u64, 1) << @intCast(if (description.len > 1) description[1] & 63 else 0);
        return switch (kind) {
            .constant, .avg => .{},
            .cm => .{ .cells = 4 * size },
            .icm => .{ .bytes = 64 * size, .cells = 1024, .logits = 512 },
            .match => .{ .cells = 4 * size, .bytes = @as(u64, 1) << @intCast(description[2]) },
            .mix2 => .{ .weights = 4 * size },
            .mix => .{ .weights = 4 * size * stride(description[3]) },
            .isse => .{ .bytes = 64 * size, .weights = 2048 },
            .sse => .{ .cells = 4 * sse_row * size },
        };
    }

    fn total(self: Tables) u64 {
        return roundUp(self.cells) + roundUp(self.weights) + roundUp(self.bytes) + roundUp(self.logits);
    }
};

fn roundUp(size: u64) u64 {
    return std.mem.alignForward(u64, size, table_alignment);
}

fn stride(inputs: u32) u32 {
    return std.mem.alignForward(u32, inputs, lanes_max);
}

/// Bytes that the tables of a model take.
pub fn tableSize(header: Header) u64 {
    var size: u64 = 0;
    var components = header.iterator();
    while (components.next()) |description| size += Tables.of(description).total();
    return size;
}

pub const Predictor = extern struct {
    count: u32,
    /// Bits of the current byte after a leading one.
    byte: u32,
    /// What is known of the byte, spread so that both nibbles get cells of their own.
    nibbles: u32,
    /// Components with hash rows.
    hashed_count: u32,
    hashed: [256]u8,
    /// The guesses, as logits.
    p: [256 + input_slack]i32 align(table_alignment),
    /// The contexts.
    h: [256]u32,
    components: [256]Component,

    /// Lays the tables out in `memory`, which is zero and has `tableSize` bytes.
    pub fn init(self: *Predictor, header: Header, memory: []align(table_alignment) u8) void {
        tables.prepare();
        self.count = header.count;
        self.byte = 1;
        self.nibbles = 1;
        self.hashed_count = 0;
        @memset(&self.p, 0);
        @memset(&self.h, 0);
        var rest = memory;
        var descriptions = header.iterator();
        for (self.components[0..header.count], 0..) |*component, i| {
            const description = descriptions.next().?;
            const sizes: Tables = .of(description);
            component.* = .{
                .cells = @ptrCast(take(&rest, sizes.cells)),
                .weights = @ptrCast(take(&rest, sizes.weights)),
                .bytes = take(&rest, sizes.bytes),
                .logits = @ptrCast(take(&rest, sizes.logits)),
            };
            self.configure(component, description, i);
        }
    }

    fn take(rest: *[]align(table_alignment) u8, size: u64) [*]align(table_alignment) u8 {
        const rounded: usize = @intCast(roundUp(size));
        const start = rest.*;
        rest.* = @alignCast(start[rounded..]);
        return start.ptr;
    }

    fn configure(self: *Predictor, component: *Component, description: []const u8, index: usize) void {
        // Long: one case for each kind of component, in the order of the format.
        const kind: Kind = @enumFromInt(description[0]);
        const arguments = description[1..];
        component.kind = kind;
        const bits = arguments[0];
        const size: usize = @truncate(@as(u64, 1) << @intCast(bits & 63));
        const cell_mask: u32 = @truncate((@as(u64, 1) << @intCast(bits & 63)) - 1);
        switch (kind) {
            .constant => self.p[index] = (@as(i32, arguments[0]) - 128) * 4,
            .cm => {
                component.mask = cell_mask;
                component.limit = @as(u32, arguments[1]) * 4;
                @memset(component.cells[0..size], 0x8000_0000);
            },
            .icm, .isse => {
                component.row_bits = @as(u32, bits) + 2;
                component.mask = @truncate((@as(u64, 64) << @intCast(bits)) - row_size);
                self.hashed[self.hashed_count] = @intCast(index);
                self.hashed_count += 1;
                if (kind == .icm) {
                    for (0..256) |state| {
                        component.cells[state] = tables.state_start[state];
                        component.logits[state] = tables.stretch[tables.state_start[state] >> 8];
                    }
                } else {
                    component.j = arguments[1];
                    for (0..256) |state| {
                        const logit: i32 = tables.stretch[tables.state_start[state] >> 8];
                        component.weights[2 * state] = 1 << 15;
                        component.weights[2 * state + 1] = clampWeight(logit * 1024);
                    }
                }
            },
            .match => {
                component.mask = cell_mask;
                component.buffer_mask = @truncate((@as(u64, 1) << @intCast(arguments[1])) - 1);
            },
            .avg => {
                component.j = arguments[0];
                component.k = arguments[1];
                component.rate = arguments[2];
            },
            .mix2 => {
                component.mask = cell_mask;
                component.j = arguments[1];
                component.k = arguments[2];
                component.rate = arguments[3];
                component.byte_mask = arguments[4];
                @memset(component.weights[0..size], 32768);
            },
            .mix => {
                component.mask = cell_mask;
                component.j = arguments[1];
                component.inputs = arguments[2];
                component.rate = arguments[3];
                component.byte_mask = arguments[4];
                component.stride = stride(component.inputs);
                const weight = @divTrunc(65536, @as(i32, component.inputs));
                for (0..size) |row| @memset(component.weights[row * component.stride ..][0..component.inputs], weight);
            },
            .sse => {
                component.mask = @truncate(((@as(u64, sse_row) << @intCast(bits)) - 1));
                component.j = arguments[1];
                component.limit = @as(u32, arguments[3]) * 4;
                var row: [sse_row]u32 = undefined;
                for (&row, 0..) |*cell, i| {
                    const logit = @as(i32, @intCast(i)) * 64 - 992;
                    cell.* = @as(u32, @intCast(squash(logit))) << 17 | arguments[2];
                }
                for (0..size) |i| component.cells[i * sse_row ..][0..sse_row].* = row;
            },
        }
    }
};

fn clampWeight(value: i32) i32 {
    return std.math.clamp(value, -524288, 524287);
}

inline fn clampLogit(value: i32) i32 {
    return std.math.clamp(value, -2048, 2047);
}

inline fn stretch(p: u32) i32 {
    return tables.stretch[p];
}

inline fn squash(x: i32) i32 {
    return tables.squash[@intCast(x + 2048)];
}

/// What a component is, where that is known at compile time.
pub const Link = struct { kind: Kind, j: u8 = 0, k: u8 = 0, inputs: u8 = 0 };

/// Whether loops are kept small rather than fast: on WASM models are compiled at run time where speed counts.
pub const is_small = builtin.cpu.arch.isWasm();

/// What the loops over a known network work on: a copy of the predictor that nothing else points at, so that its parts
/// stay in registers however much is stored to the tables.
fn Copy(comptime count: usize) type {
    return struct {
        byte: u32,
        nibbles: u32,
        p: [count + input_slack]i32 align(table_alignment),
        h: *[256]u32,
        components: [count]Component,
    };
}

/// The loops over one network of components; null stands for any.
pub fn Network(comptime links: ?[]const Link) type {
    return struct {
        const copied: ?[]const Link = if (is_small) null else links;
        const State = if (copied) |known| Copy(known.len) else Predictor;
        /// Room for a copy.
        pub const Room = if (copied) |known| Copy(known.len) else void;

        /// What to work on in place of `predictor`: `copy`, where the network is known.
        pub inline fn load(predictor: *Predictor, copy: *Room) *State {
            const known = copied orelse return predictor;
            copy.* = .{
                .byte = predictor.byte,
                .nibbles = predictor.nibbles,
                .p = predictor.p[0..copy.p.len].*,
                .h = &predictor.h,
                .components = predictor.components[0..known.len].*,
            };
            return copy;
        }

        /// Takes what `load` gave back into the predictor.
        pub inline fn save(self: *const State, predictor: *Predictor) void {
            const known = copied orelse return;
            predictor.byte = self.byte;
            predictor.nibbles = self.nibbles;
            predictor.p[0..known.len].* = self.p[0..known.len].*;
            predictor.components[0..known.len].* = self.components;
        }

        /// Starts a byte with fresh contexts in `h`.
        pub inline fn startByte(self: *State) void {
            self.byte = 1;
            self.nibbles = 1;
            startNibble(self);
        }

        /// Finds the rows of all hash tables for the next four bits: all are asked for before the first is looked at.
        pub inline fn startNibble(self: *State) void {
            @setRuntimeSafety(false);
            const salt = self.byte *% 16;
            if (links) |known| {
                inline for (known, 0..) |link, i| prefetchCell(self, link.kind, i, salt);
                inline for (known, 0..) |link, i| {
                    if (link.kind == .icm or link.kind == .isse) findRow(&self.components[i], self.h[i] +% salt);
                }
            } else {
                for (self.components[0..self.count], 0..) |*component, i| prefetchCell(self, component.kind, i, salt);
                for (self.hashed[0..self.hashed_count]) |i| findRow(&self.components[i], self.h[i] +% salt);
            }
        }

        inline fn prefetchCell(self: *State, kind: Kind, i: usize, salt: u32) void {
            const component = &self.components[i];
            switch (kind) {
                .icm, .isse => @prefetch(component.bytes + ((self.h[i] +% salt) *% row_size & component.mask), .{ .rw = .write }),
                .cm => @prefetch(component.cells + ((self.h[i] ^ self.nibbles) & component.mask), .{ .rw = .write }),
                else => {},
            }
        }

        /// The probability of a one, 16 bits, never 0.
        pub inline fn predict(self: *State) u32 {
            @setRuntimeSafety(false);
            if (links) |known| {
                inline for (known, 0..) |link, i| predictOne(self, link.kind, link, i);
                return @intCast(squash(self.p[known.len - 1]) * 2 + 1);
            }
            for (self.components[0..self.count], 0..) |*component, i| {
                switch (component.kind) {
                    inline else => |kind| predictOne(self, kind, null, i),
                }
            }
            return @intCast(squash(self.p[self.count - 1]) * 2 + 1);
        }

        inline fn predictOne(self: *State, comptime kind: Kind, comptime known: ?Link, i: usize) void {
            @setRuntimeSafety(false);
            const component = &self.components[i];
            const p = &self.p;
            const j: usize = if (known) |link| link.j else component.j;
            const k: usize = if (known) |link| link.k else component.k;
            switch (kind) {
                .constant => {},
                .cm => {
                    component.cell = (self.h[i] ^ self.nibbles) & component.mask;
                    p[i] = stretch(component.cells[component.cell] >> 17);
                },
                .icm => {
                    component.cell = component.bytes[component.row + (self.nibbles & 15)];
                    p[i] = component.logits[component.cell];
                },
                .match => {
                    if (component.length == 0) {
                        p[i] = 0;
                    } else {
                        const at = component.position -% component.offset & component.buffer_mask;
                        const shift: u3 = @intCast(7 - (31 - @clz(self.byte)));
                        component.expected = component.bytes[at] >> shift & 1;
                        const confidence = tables.dt2k[component.length];
                        const signed = if (component.expected == 1) -confidence else confidence;
                        p[i] = stretch(@as(u32, @bitCast(signed)) & 32767);
                    }
                },
                .avg => p[i] = (p[j] * component.rate + p[k] * (256 - component.rate)) >> 8,
                .mix2 => {
                    component.cell = (self.h[i] +% (self.byte & component.byte_mask)) & component.mask;
                    const weight = component.weights[component.cell];
                    p[i] = (weight * p[j] + (65536 - weight) * p[k]) >> 16;
                },
                .mix => {
                    const row = (self.h[i] +% (self.byte & component.byte_mask)) & component.mask;
                    const width: usize = if (known) |link| comptime stride(link.inputs) else component.stride;
                    const weights = component.weights + row * width;
                    component.row = row;
                    const inputs: usize = if (known) |link| link.inputs else component.inputs;
                    p[i] = clampLogit(dot(weights, p[j..].ptr, inputs) >> 8);
                },
                .isse => {
                    component.cell = component.bytes[component.row + (self.nibbles & 15)];
                    const weights = component.weights + 2 * @as(usize, component.cell);
                    p[i] = clampLogit((weights[0] * p[j] + weights[1] * 64) >> 16);
                },
                .sse => {
                    const logit: u32 = @intCast(std.math.clamp(p[j] + 992, 0, 1983));
                    const weight = logit & 63;
                    const cell = ((self.h[i] +% self.byte) *% sse_row +% (logit >> 6)) & component.mask;
                    const low = component.cells[cell] >> 10;
                    const high = component.cells[cell + 1] >> 10;
                    p[i] = stretch((low * (64 - weight) + high * weight) >> 13);
                    component.cell = cell + (weight >> 5);
                },
            }
        }

        /// Trains every component with the bit that came.
        pub inline fn update(self: *State, bit: u32) void {
            @setRuntimeSafety(false);
            if (links) |known| {
                inline for (known, 0..) |link, i| updateOne(self, link.kind, link, i, bit);
            } else {
                for (self.components[0..self.count], 0..) |*component, i| {
                    switch (component.kind) {
                        inline else => |kind| updateOne(self, kind, null, i, bit),
                    }
                }
            }
            self.byte = self.byte * 2 + bit;
            if (self.byte >= 256) return;
            if (self.byte >= 16 and self.byte < 32) {
                self.nibbles = (self.nibbles & 15) << 5 | bit << 4 | 1;
                startNibble(self);
            } else {
                self.nibbles = (self.nibbles & 0x1f0) | ((self.nibbles & 15) * 2 + bit & 15);
            }
        }

        inline fn updateOne(self: *State, comptime kind: Kind, comptime known: ?Link, i: usize, bit: u32) void {
            @setRuntimeSafety(false);
            const component = &self.components[i];
            const p = &self.p;
            const target: i32 = @intCast(bit * 32767);
            const j: usize = if (known) |link| link.j else component.j;
            const k: usize = if (known) |link| link.k else component.k;
            switch (kind) {
                .constant, .avg => {},
                .cm, .sse => train(&component.cells[component.cell], component.limit, target),
                .icm => {
                    const slot = component.row + (self.nibbles & 15);
                    component.bytes[slot] = tables.states[component.cell].next[bit];
                    const cell = &component.cells[component.cell];
                    const before: i32 = @intCast(cell.*);
                    cell.* = @intCast(before + ((target - (before >> 8)) >> 2));
                    component.logits[component.cell] = tables.stretch[cell.* >> 8];
                },
                .match => updateMatch(component, self.h[i], self.byte, bit),
                .mix2 => {
                    const err = ((target - squash(p[i])) * component.rate) >> 5;
                    const weight = &component.weights[component.cell];
                    weight.* = std.math.clamp(weight.* + ((err * (p[j] - p[k]) + 4096) >> 13), 0, 65535);
                },
                .mix => {
                    const err = ((target - squash(p[i])) * component.rate) >> 4;
                    const width: usize = if (known) |link| comptime stride(link.inputs) else component.stride;
                    const weights = component.weights + component.row * width;
                    const inputs: usize = if (known) |link| link.inputs else component.inputs;
                    learn(weights, p[j..].ptr, inputs, err);
                },
                .isse => {
                    const err = target - squash(p[i]);
                    const weights = component.weights + 2 * @as(usize, component.cell);
                    weights[0] = clampWeight(weights[0] + ((err * p[j] + 4096) >> 13));
                    weights[1] = clampWeight(weights[1] + ((err + 16) >> 5));
                    const slot = component.row + (self.nibbles & 15);
                    component.bytes[slot] = tables.states[component.cell].next[bit];
                },
            }
        }
    };
}

/// A cell of 22 bits of probability over 10 of count: the more was seen, the less one bit changes.
inline fn train(cell: *u32, limit: u32, target: i32) void {
    const before = cell.*;
    const err: u32 = @bitCast(target - @as(i32, @intCast(before >> 17)));
    const count = before & 1023;
    cell.* = before +% (err *% tables.dt[count] & 0xffff_fc00) +% @intFromBool(count < limit);
}

inline fn updateMatch(component: *Component, context: u32, partial: u32, bit: u32) void {
    @setRuntimeSafety(false);
    if (component.expected != bit) component.length = 0;
    if (partial < 128) return;
    const mask = component.buffer_mask;
    component.bytes[component.position] = @truncate(partial * 2 + bit);
    component.position = component.position +% 1 & mask;
    const position = component.position;
    const index = &component.cells[context & component.mask];
    if (component.length == 0) {
        component.offset = position -% index.*;
        if (component.offset & mask != 0) {
            while (component.length < match_max and
                component.bytes[position -% component.length -% 1 & mask] ==
                    component.bytes[position -% component.length -% component.offset -% 1 & mask]) component.length += 1;
        }
    } else if (component.length < match_max) {
        component.length += 1;
    }
    index.* = position;
}

/// The row of a hash table for `context`: the first of three that carries its check byte, else the least used of them,
/// emptied.
inline fn findRow(component: *Component, context: u32) void {
    @setRuntimeSafety(false);
    const check: u8 = if (component.row_bits < 32) @truncate(context >> @intCast(component.row_bits)) else 0;
    const first = context *% row_size & component.mask;
    const bytes = component.bytes;
    if (bytes[first] == check) {
        component.row = first;
        return;
    }
    const second = first ^ row_size;
    if (bytes[second] == check) {
        component.row = second;
        return;
    }
    const third = first ^ row_size * 2;
    if (bytes[third] == check) {
        component.row = third;
        return;
    }
    const uses = [3]u8{ bytes[first + 1], bytes[second + 1], bytes[third + 1] };
    const row = if (uses[0] <= uses[1] and uses[0] <= uses[2]) first else if (uses[1] < uses[2]) second else third;
    const cells: *align(row_size) [row_size]u8 = @alignCast(bytes[row..][0..row_size]);
    cells.* = @splat(0);
    cells[0] = check;
    component.row = row;
}

/// Whole vectors first; the last one is masked, because what follows the inputs are guesses of later components.
inline fn dot(weights: [*]const i32, inputs: [*]const i32, count: usize) i32 {
    @setRuntimeSafety(false);
    var sum: Lanes = @splat(0);
    var at: usize = 0;
    while (at < count) : (at += lanes) {
        const weight: Lanes = weights[at..][0..lanes].*;
        const input: Lanes = inputs[at..][0..lanes].*;
        // The weights after the last input are zero.
        sum += (weight >> @splat(8)) * input;
    }
    return @reduce(.Add, sum);
}

inline fn learn(weights: [*]i32, inputs: [*]const i32, count: usize, err: i32) void {
    @setRuntimeSafety(false);
    const rate: Lanes = @splat(err);
    var at: usize = 0;
    while (at < count) : (at += lanes) {
        const weight: Lanes = weights[at..][0..lanes].*;
        var input: Lanes = inputs[at..][0..lanes].*;
        if (count - at < lanes) input = @select(i32, lane_numbers < @as(Lanes, @splat(@intCast(count - at))), input, @as(Lanes, @splat(0)));
        const change = (input * rate + @as(Lanes, @splat(4096))) >> @splat(13);
        const low: Lanes = @splat(-524288);
        const high: Lanes = @splat(524287);
        weights[at..][0..lanes].* = @min(@max(weight + change, low), high);
    }
}

const lane_numbers: Lanes = std.simd.iota(i32, lanes);
