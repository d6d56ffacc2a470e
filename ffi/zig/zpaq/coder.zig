//! The arithmetic coder of ZPAQ over a predictor: the loops that run once per byte and bit.

const std = @import("std");
const contexts = @import("contexts.zig");
const predictor_module = @import("predictor.zig");
const Machine = @import("machine.zig").Machine;
const Predictor = @import("predictor.zig").Predictor;

/// Input that one byte can take: nine decisions, each at most four bytes.
pub const byte_input_max = 36;

pub const Stop = enum(c_uint) {
    /// The target is full.
    full,
    /// Less input than one byte may take, and more can come.
    need_input,
    /// The end mark was read.
    end,
    corrupt,
    truncated,
    /// The program of contexts failed; the machine says how.
    bad_opcode,
    budget_exceeded,
};

/// A model at work: the predictor, the program of its contexts, and the interval of the coder.
pub const Model = extern struct {
    predictor: *Predictor,
    machine: Machine,
    /// Bytes of program that one call may run.
    budget: u64,
    low: u32 = 1,
    high: u32 = 0xffff_ffff,
    /// The four bytes under the interval.
    current: u32 = 0,
    /// Which copy of the loops fits: an index into the tables of networks.zig.
    network: u32 = 0,
    /// Which program of contexts this is, as `zpaq_contexts.find` says.
    program: u32 = 0,
};

/// What one call works on. It moves on as bytes are taken and given.
pub const Span = extern struct {
    source: [*]const u8,
    source_len: usize,
    target: [*]u8,
    target_len: usize,
    consumed: usize = 0,
    produced: usize = 0,
    /// Whether more input can come after `source`.
    more: bool,
};

/// The contexts of the next byte, from the byte that was coded. Null when the program halted as it should.
pub inline fn nextContexts(model: *Model, byte: u32) ?Stop {
    const predictor = model.predictor;
    const machine = &model.machine;
    machine.budget = model.budget;
    machine.start(byte);
    if (model.program != 0) contexts.run(model.program, machine) else switch (machine.run(null)) {
        .halted, .output_full => {},
        .bad_opcode => return .bad_opcode,
        .budget_exceeded => return .budget_exceeded,
    }
    for (predictor.h[0..predictor.count], 0..) |*context, i| context.* = machine.h[i & machine.h_mask];
    return null;
}

/// The loops for one kind of network.
pub fn Coder(comptime network: type) type {
    return struct {
        pub fn decode(model: *Model, span: *Span) Stop {
            // Long: the loop of one bit after another, whose state has to stay in registers.
            @setRuntimeSafety(false); // `span.consumed` stays below `source_len`: a byte's worth is there, or each read is checked
            var copy: network.Room = undefined;
            const predictor = network.load(model.predictor, &copy);
            defer network.save(predictor, model.predictor);
            var low = model.low;
            var high = model.high;
            var current = model.current;
            var at = span.consumed;
            defer {
                model.low = low;
                model.high = high;
                model.current = current;
                span.consumed = at;
            }
            while (span.produced < span.target_len) {
                var short = false;
                if (span.source_len - at < byte_input_max) {
                    if (span.more) return .need_input;
                    short = true;
                }
                if (current < low or current > high) return .corrupt;
                // The mark of the end has probability 0: one point of the interval.
                if (current == low) {
                    high = low;
                    while ((high ^ low) & 0xff00_0000 == 0) {
                        high = high << 8 | 255;
                        low <<= 8;
                        if (low == 0) low = 1;
                        if (at == span.source_len) return .truncated;
                        current = current << 8 | span.source[at];
                        at += 1;
                    }
                    return if (current == 0) .end else .corrupt;
                }
                low += 1;
                while ((high ^ low) & 0xff00_0000 == 0) {
                    high = high << 8 | 255;
                    low <<= 8;
                    if (low == 0) low = 1;
                    if (short and at == span.source_len) return .truncated;
                    current = current << 8 | span.source[at];
                    at += 1;
                }
                while (predictor.byte < 256) {
                    const p = network.predict(predictor);
                    if (current < low or current > high) return .corrupt;
                    const mid = low + @as(u32, @intCast(@as(u64, high - low) * p >> 16));
                    const bit: u1 = @intFromBool(current <= mid);
                    if (predictor_module.is_small) {
                        if (bit == 1) high = mid else low = mid + 1;
                        network.update(predictor, bit);
                    } else if (bit == 1) {
                        // A branch, so that the processor goes on with the bit it expects: level 3 takes two thirds.
                        high = mid;
                        network.update(predictor, 1);
                    } else {
                        low = mid + 1;
                        network.update(predictor, 0);
                    }
                    while ((high ^ low) & 0xff00_0000 == 0) {
                        high = high << 8 | 255;
                        low <<= 8;
                        if (low == 0) low = 1;
                        if (short and at == span.source_len) return .truncated;
                        current = current << 8 | span.source[at];
                        at += 1;
                    }
                }
                const byte = predictor.byte & 255;
                span.target[span.produced] = @truncate(byte);
                span.produced += 1;
                if (nextContexts(model, byte)) |failure| return failure;
                network.startByte(predictor);
            }
            return .full;
        }

        /// Codes bytes while the target has room for one byte's worth.
        pub fn encode(model: *Model, span: *Span) Stop {
            @setRuntimeSafety(false); // a byte gives at most `byte_input_max` bytes, for which there is room
            var copy: network.Room = undefined;
            const predictor = network.load(model.predictor, &copy);
            defer network.save(predictor, model.predictor);
            var low = model.low;
            var high = model.high;
            var at = span.produced;
            defer {
                model.low = low;
                model.high = high;
                span.produced = at;
            }
            while (span.consumed < span.source_len) {
                if (span.target_len - at < byte_input_max) return .full;
                const byte = span.source[span.consumed];
                low += 1;
                while ((high ^ low) & 0xff00_0000 == 0) {
                    span.target[at] = @truncate(high >> 24);
                    at += 1;
                    high = high << 8 | 255;
                    low <<= 8;
                    if (low == 0) low = 1;
                }
                var rest: u32 = byte;
                for (0..8) |_| {
                    const p = network.predict(predictor);
                    const mid = low + @as(u32, @intCast(@as(u64, high - low) * p >> 16));
                    const bit = rest >> 7 & 1;
                    rest <<= 1;
                    if (bit == 1) high = mid else low = mid + 1;
                    network.update(predictor, bit);
                    while ((high ^ low) & 0xff00_0000 == 0) {
                        span.target[at] = @truncate(high >> 24);
                        at += 1;
                        high = high << 8 | 255;
                        low <<= 8;
                        if (low == 0) low = 1;
                    }
                }
                span.consumed += 1;
                if (nextContexts(model, byte)) |failure| return failure;
                network.startByte(predictor);
            }
            return .need_input;
        }
    };
}

/// Starts a segment with the first four bytes of its data.
pub fn startDecoding(model: *Model, first: *const [4]u8) void {
    model.current = std.mem.readInt(u32, first, .big);
}

/// The four bytes that end a segment's coded data, before four zeros.
pub fn finishEncoding(model: *Model, target: *[8]u8) void {
    var high = model.low;
    var low = model.low;
    for (target[0..4]) |*byte| {
        byte.* = @truncate(high >> 24);
        high = high << 8 | 255;
        low <<= 8;
        if (low == 0) low = 1;
    }
    model.low = low;
    model.high = high;
    target[4..8].* = @splat(0);
}
