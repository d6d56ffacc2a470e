//! The zstd exports against each other, with bad arguments and with memory that runs out.

const std = @import("std");
const result = @import("../core/result.zig");
const HostFunctions = @import("../core/c_function.zig").HostFunctions;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

const encoder = HostFunctions(@import("encoder_exports.zig").exports);
const decoder = HostFunctions(@import("decoder_exports.zig").exports);

test "a frame comes back, in one call and in small steps" {
    var step: Step = .{};
    const content = "the quick brown fox jumps over the lazy dog " ** 200;
    var frame: [4096]u8 = undefined;
    var copy: [content.len]u8 = undefined;

    const compressor = encoder.get("sluice_zstd_compressor_new")(0, &step).?;
    defer encoder.get("sluice_zstd_compressor_free")(compressor);
    const compressed = encoder.get("sluice_zstd_compressor_compress")(compressor, content, 0, content.len, &frame, 0, frame.len, &step);
    try std.testing.expectEqual(Result.ok.code(), compressed);
    const frame_size = step.produced;

    const decompressor = decoder.get("sluice_zstd_decompressor_new")(0, &step).?;
    defer decoder.get("sluice_zstd_decompressor_free")(decompressor);
    try std.testing.expectEqual(Result.ok.code(), decoder.get("sluice_zstd_decompressor_decompress")(decompressor, &frame, 0, frame_size, &copy, 0, copy.len, &step));
    try std.testing.expectEqualStrings(content, copy[0..step.produced]);

    var in: u32 = 0;
    var out: u32 = 0;
    while (true) {
        const target_end: u32 = @min(out + 7, copy.len);
        const answer = decoder.get("sluice_zstd_decompressor_step")(decompressor, &frame, in, @min(in + 3, frame_size), &copy, out, target_end, &step);
        try std.testing.expect(answer >= 0);
        in += step.consumed;
        out += step.produced;
        if (answer == Result.frame_end.code()) break;
    }
    try std.testing.expectEqual(frame_size, in);
    try std.testing.expectEqualStrings(content, copy[0..out]);
}

test "positions that make no slice are refused" {
    var step: Step = .{};
    var bytes: [8]u8 = @splat(0);
    const compressor = encoder.get("sluice_zstd_compressor_new")(0, &step).?;
    defer encoder.get("sluice_zstd_compressor_free")(compressor);
    const compress = encoder.get("sluice_zstd_compressor_compress");
    try std.testing.expectEqual(Result.invalid_argument.code(), compress(compressor, &bytes, 5, 4, &bytes, 0, 8, &step));
    try std.testing.expectEqual(Result.invalid_argument.code(), compress(compressor, null, 0, 4, &bytes, 0, 8, &step));
    const stepFrame = encoder.get("sluice_zstd_compressor_step");
    try std.testing.expectEqual(Result.invalid_argument.code(), stepFrame(compressor, &bytes, 0, 1, &bytes, 0, 8, 3, &step));
}

test "a memory limit is told apart from other failures and leaves a usable context" {
    var step: Step = .{};
    var frame: [512]u8 = undefined;
    const compressor = encoder.get("sluice_zstd_compressor_new")(100_000, &step).?;
    defer encoder.get("sluice_zstd_compressor_free")(compressor);
    const level = [_]i32{ 100, 19 };
    try std.testing.expectEqual(Result.ok.code(), encoder.get("sluice_zstd_compressor_set")(compressor, &level, 1, &step));
    const stepFrame = encoder.get("sluice_zstd_compressor_step");
    try std.testing.expectEqual(Result.memory_limit.code(), stepFrame(compressor, "x", 0, 1, &frame, 0, frame.len, 0, &step));
    encoder.get("sluice_zstd_compressor_reset")(compressor);
}

test "a refused parameter is named" {
    var step: Step = .{};
    const compressor = encoder.get("sluice_zstd_compressor_new")(0, &step).?;
    defer encoder.get("sluice_zstd_compressor_free")(compressor);
    const pairs = [_]i32{ 101, 99 };
    try std.testing.expectEqual(Result.parameter_out_of_range.code(), encoder.get("sluice_zstd_compressor_set")(compressor, &pairs, 1, &step));
    try std.testing.expectEqual(101, step.detail);
    const unknown = [_]i32{ -5, 1 };
    try std.testing.expectEqual(Result.parameter_unsupported.code(), encoder.get("sluice_zstd_compressor_set")(compressor, &unknown, 1, &step));
}

test "whatever allocation fails, the answer is a result and nothing is left behind" {
    const heap_state = @import("../core/heap_state.zig");
    const before = heap_state.liveBlocks();
    const content = "some content that is said again, some content that is said again " ** 40;
    var frame: [8192]u8 = undefined;
    var copy: [content.len]u8 = undefined;
    var step: Step = .{};
    var succeeded: u32 = 0;
    var limit: f64 = 500;
    while (limit < 8_000_000) : (limit *= 1.3) {
        const compressor = encoder.get("sluice_zstd_compressor_new")(limit, &step) orelse continue;
        defer encoder.get("sluice_zstd_compressor_free")(compressor);
        const setPrefix = encoder.get("sluice_zstd_compressor_set_prefix");
        _ = setPrefix(compressor, content, 0, 1000);
        try std.testing.expectEqual(Result.ok.code(), setPrefix(compressor, null, 0, 0));
        const stepFrame = encoder.get("sluice_zstd_compressor_step");
        const first = stepFrame(compressor, content, 0, content.len, &frame, 0, frame.len, 0, &step);
        if (first < 0) {
            try std.testing.expectEqual(Result.memory_limit.code(), first);
            continue;
        }
        const start = step.produced;
        const last = stepFrame(compressor, null, 0, 0, &frame, start, frame.len, 2, &step);
        try std.testing.expectEqual(Result.frame_end.code(), last);
        const end = start + step.produced;

        const decompressor = decoder.get("sluice_zstd_decompressor_new")(limit, &step) orelse continue;
        defer decoder.get("sluice_zstd_decompressor_free")(decompressor);
        const answer = decoder.get("sluice_zstd_decompressor_step")(decompressor, &frame, 0, end, &copy, 0, copy.len, &step);
        if (answer == Result.frame_end.code()) succeeded += 1;
    }
    try std.testing.expect(succeeded > 0);
    try std.testing.expectEqual(before, heap_state.liveBlocks());
}

test "batches refuse slabs that do not fit together and report the item that failed" {
    var step: Step = .{};
    const decompressor = decoder_batch.decompressor(&step).?;
    defer decoder.get("sluice_zstd_decompressor_free")(decompressor);
    const frames = "\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00" ++ "rubbish!!";
    const offsets = [_]u32{ 0, 9, 18 };
    const slots = [_]u32{ 0, 0, 4 };
    var target: [4]u8 = undefined;
    const none = [_]i32{};
    const batch = decoder_batch.functions.get("sluice_zstd_decompressor_batch");
    const failed = batch(decompressor, &none, 0, frames, 0, frames.len, &offsets, 3, &target, 0, 4, &slots, 3, 2, &step);
    try std.testing.expect(failed < 0);
    try std.testing.expectEqual(1, step.value_low);
    const wrong = [_]u32{ 0, 9, 99 };
    const invalid = Result.invalid_argument.code();
    try std.testing.expectEqual(invalid, batch(decompressor, &none, 0, frames, 0, frames.len, &wrong, 3, &target, 0, 4, &slots, 3, 2, &step));
    try std.testing.expectEqual(invalid, batch(decompressor, &none, 0, frames, 0, frames.len, &offsets, 2, &target, 0, 4, &slots, 3, 2, &step));
}

const decoder_batch = struct {
    const functions = HostFunctions(@import("decoder_batch_exports.zig").exports);

    fn decompressor(step: *Step) @TypeOf(decoder.get("sluice_zstd_decompressor_new")(0, step)) {
        return decoder.get("sluice_zstd_decompressor_new")(0, step);
    }
};
