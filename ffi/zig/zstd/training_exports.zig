//! Dictionary training for hosts: samples in one slab, parameters in one table.

const std = @import("std");
const common = @import("common.zig");
const heap = @import("../core/heap.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const c = @import("common.zig").c;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Places of the numbers in the parameter table.
const Number = enum(usize) {
    /// 0 legacy, 1 cover, 2 fastcover.
    algorithm,
    /// Whether k and d are searched for.
    optimize,
    k,
    d,
    f,
    steps,
    threads,
    /// Share of the samples that is trained on, in thousandths.
    split_permille,
    accel,
    shrink,
    shrink_max_regression,
    level,
    dictionary_id,
    selectivity,
};
const number_count = @typeInfo(Number).@"enum".fields.len;

/// The sizes of the samples as C wants them; the caller gives them back.
fn sizesFor(sizes: []const u32, total: usize) error{ OutOfMemory, Invalid }![]usize {
    var sum: u64 = 0;
    for (sizes) |size| sum += size;
    if (sum > total) return error.Invalid;
    const block = heap.take(@max(1, sizes.len) * @sizeOf(usize)) orelse return error.OutOfMemory;
    const copy = @as([*]usize, @ptrCast(@alignCast(block)))[0..sizes.len];
    for (copy, sizes) |*target, size| target.* = size;
    return copy;
}

/// Trains a dictionary of at most the target's size. Sets `produced`; k, d, f and accel as finally used in the four
/// halves of `value` and `other`.
fn train(
    input: []const u8,
    sizes: []const u32,
    numbers: []const i32,
    output: []u8,
    step: *Step,
) Result {
    if (numbers.len != number_count) return .invalid_argument;
    const sample_sizes = sizesFor(sizes, input.len) catch |failure| return switch (failure) {
        error.OutOfMemory => .out_of_memory,
        error.Invalid => .invalid_argument,
    };
    defer heap.give(sample_sizes.ptr);
    const table: Table = .{ .numbers = numbers[0..number_count] };

    const size = switch (table.numbers[@intFromEnum(Number.algorithm)]) {
        0 => trainLegacy(table, input, sample_sizes, output),
        1 => trainCover(table, input, sample_sizes, output, step),
        2 => trainFastCover(table, input, sample_sizes, output, step),
        else => return .invalid_argument,
    };
    return finish(size, step);
}

const Table = struct {
    numbers: []const i32,

    fn unsigned(self: Table, number: Number) c_uint {
        return @intCast(@max(0, self.numbers[@intFromEnum(number)]));
    }

    fn flag(self: Table, number: Number) bool {
        return self.numbers[@intFromEnum(number)] != 0;
    }

    fn header(self: Table) c.ZDICT_params_t {
        return .{
            .compressionLevel = self.numbers[@intFromEnum(Number.level)],
            .notificationLevel = 0,
            .dictID = @bitCast(self.numbers[@intFromEnum(Number.dictionary_id)]),
        };
    }

    fn splitPoint(self: Table) f64 {
        return @as(f64, @floatFromInt(self.unsigned(.split_permille))) / 1000;
    }
};

/// What both algorithms that cover the samples are told.
fn coverParameters(comptime Parameters: type, table: Table) Parameters {
    var params = std.mem.zeroes(Parameters);
    params.k = table.unsigned(.k);
    params.d = table.unsigned(.d);
    params.steps = table.unsigned(.steps);
    params.nbThreads = table.unsigned(.threads);
    params.splitPoint = table.splitPoint();
    params.shrinkDict = table.unsigned(.shrink);
    params.shrinkDictMaxRegression = table.unsigned(.shrink_max_regression);
    params.zParams = table.header();
    return params;
}

fn trainLegacy(table: Table, input: []const u8, sizes: []const usize, output: []u8) usize {
    const params: c.ZDICT_legacy_params_t = .{
        .selectivityLevel = table.unsigned(.selectivity),
        .zParams = table.header(),
    };
    return c.ZDICT_trainFromBuffer_legacy(output.ptr, output.len, input.ptr, sizes.ptr, @intCast(sizes.len), params);
}

fn trainCover(table: Table, input: []const u8, sizes: []const usize, output: []u8, step: *Step) usize {
    var params = coverParameters(c.ZDICT_cover_params_t, table);
    const count: c_uint = @intCast(sizes.len);
    const size = if (table.flag(.optimize))
        c.ZDICT_optimizeTrainFromBuffer_cover(output.ptr, output.len, input.ptr, sizes.ptr, count, &params)
    else
        c.ZDICT_trainFromBuffer_cover(output.ptr, output.len, input.ptr, sizes.ptr, count, params);
    step.value_low = params.k;
    step.value_high = params.d;
    return size;
}

fn trainFastCover(table: Table, input: []const u8, sizes: []const usize, output: []u8, step: *Step) usize {
    var params = coverParameters(c.ZDICT_fastCover_params_t, table);
    params.f = table.unsigned(.f);
    params.accel = table.unsigned(.accel);
    const count: c_uint = @intCast(sizes.len);
    const size = if (table.flag(.optimize))
        c.ZDICT_optimizeTrainFromBuffer_fastCover(output.ptr, output.len, input.ptr, sizes.ptr, count, &params)
    else
        c.ZDICT_trainFromBuffer_fastCover(output.ptr, output.len, input.ptr, sizes.ptr, count, params);
    step.value_low = params.k;
    step.value_high = params.d;
    step.other_low = params.f;
    step.other_high = params.accel;
    return size;
}

/// Gives raw content a header with entropy tables measured on samples. Sets `produced`.
fn finalize(
    raw: []const u8,
    input: []const u8,
    sizes: []const u32,
    level: i32,
    dictionary_id: u32,
    output: []u8,
    step: *Step,
) Result {
    const sample_sizes = sizesFor(sizes, input.len) catch |failure| return switch (failure) {
        error.OutOfMemory => .out_of_memory,
        error.Invalid => .invalid_argument,
    };
    defer heap.give(sample_sizes.ptr);
    const params: c.ZDICT_params_t = .{ .compressionLevel = level, .notificationLevel = 0, .dictID = dictionary_id };
    return finish(c.ZDICT_finalizeDictionary(
        output.ptr,
        output.len,
        raw.ptr,
        raw.len,
        input.ptr,
        sample_sizes.ptr,
        @intCast(sample_sizes.len),
        params,
    ), step);
}

fn finish(size: usize, step: *Step) Result {
    var memory: memory_module.Memory = .init(0);
    if (c.ZDICT_isError(size) != 0) return common.failure(size, &memory, step);
    step.produced = @intCast(size);
    return .ok;
}

pub const exports = .{
    .{ "sluice_zstd_train", train, .off_loop },
    .{ "sluice_zstd_finalize_dictionary", finalize, .off_loop },
};
