//! The lz4 exports against each other, with bad arguments, with memory that runs out, and on random bytes.

const std = @import("std");
const result = @import("../core/result.zig");
const HostFunctions = @import("../core/c_function.zig").HostFunctions;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

const encoder = HostFunctions(@import("encoder_exports.zig").exports);
const decoder = HostFunctions(@import("decoder_exports.zig").exports);

const linked_flag = 1;
const block_checksum_flag = 2;

/// Compresses `content` in one step and returns the size of the frame.
fn compressFrame(content: []const u8, flags: u32, block_size: u32, target: []u8) !u32 {
    var step: Step = .{};
    const ctx = encoder.get("sluice_lz4_encoder_new")(0).?;
    defer encoder.get("sluice_lz4_encoder_free")(ctx);
    try std.testing.expectEqual(Result.ok.code(), encoder.get("sluice_lz4_encoder_configure")(ctx, 1, block_size, flags, null, 0, 0));
    try std.testing.expectEqual(Result.ok.code(), encoder.get("sluice_lz4_encoder_begin")(ctx, 4, -1, 0, 0));
    const code = encoder.get("sluice_lz4_encoder_step")(ctx, content.ptr, 0, @intCast(content.len), target.ptr, 0, @intCast(target.len), 2, &step);
    try std.testing.expectEqual(Result.frame_end.code(), code);
    try std.testing.expectEqual(content.len, step.consumed);
    return step.produced;
}

const header_size = 7;

test "a frame comes back, into targets of every size" {
    const content = "the quick brown fox jumps over the lazy dog " ** 40;
    for ([_]u32{ 0, linked_flag, block_checksum_flag, linked_flag | block_checksum_flag }) |flags| {
        var frame: [4096]u8 = undefined;
        const frame_size = try compressFrame(content, flags, 256, &frame);
        const ctx = decoder.get("sluice_lz4_decoder_new")(0, 1).?;
        defer decoder.get("sluice_lz4_decoder_free")(ctx);
        for (1..300) |room| {
            var copy: [content.len]u8 = undefined;
            const run_flags = (flags & linked_flag) | (if (flags & block_checksum_flag != 0) @as(u32, 0b110) else 0);
            try std.testing.expectEqual(Result.ok.code(), decoder.get("sluice_lz4_decoder_begin")(ctx, run_flags, 64 * 1024, null, 0, 0));
            var pos: u32 = header_size;
            var end: u32 = 0;
            while (true) {
                var step: Step = .{};
                const limit: u32 = @intCast(@min(copy.len, end + room));
                const code = decoder.get("sluice_lz4_decoder_run")(ctx, &frame, pos, frame_size, &copy, end, limit, 0, &step);
                pos += step.consumed;
                end += step.produced;
                try std.testing.expect(code >= 0);
                if (code == Result.frame_end.code()) break;
            }
            try std.testing.expectEqual(frame_size, pos);
            try std.testing.expectEqualStrings(content, copy[0..end]);
        }
    }
}

test "threads give the same content, hash and failure as one" {
    const allocator = std.testing.allocator;
    var prng: std.Random.DefaultPrng = .init(7);
    const random = prng.random();
    const content = try allocator.alloc(u8, 3 << 20);
    defer allocator.free(content);
    for (content, 0..) |*byte, i| byte.* = if (i % 300_000 < 100_000) random.int(u8) else @truncate(i / 50);
    const frame = try allocator.alloc(u8, 4 << 20);
    defer allocator.free(frame);
    const copies = [_][]u8{ try allocator.alloc(u8, content.len), try allocator.alloc(u8, content.len) };
    defer for (copies) |copy| allocator.free(copy);
    // Blocks of 200,000 bytes are not full: their content has to be moved together.
    for ([_]u32{ 65536, 200_000 }) |block_size| for ([_]u32{ 0, block_checksum_flag }) |flags| {
        const frame_size = try compressFrame(content, flags, block_size, frame);
        const run_flags: u32 = 8 | (if (flags & block_checksum_flag != 0) @as(u32, 0b110) else 0);
        for (0..6) |round| {
            if (round > 0) frame[header_size + random.uintLessThan(u32, frame_size - header_size)] ^= 4;
            const room: u32 = if (round % 2 == 0) @intCast(content.len) else 900_001;
            var steps: [2]Step = undefined;
            var codes: [2]i32 = undefined;
            var hashes: [2]u32 = undefined;
            for ([_]u32{ 1, 3 }, 0..) |threads, i| {
                const ctx = decoder.get("sluice_lz4_decoder_new")(0, threads).?;
                defer decoder.get("sluice_lz4_decoder_free")(ctx);
                try std.testing.expectEqual(Result.ok.code(), decoder.get("sluice_lz4_decoder_begin")(ctx, run_flags, 256 * 1024, null, 0, 0));
                codes[i] = decoder.get("sluice_lz4_decoder_run")(ctx, frame.ptr, header_size, frame_size, copies[i].ptr, 0, room, 0, &steps[i]);
                hashes[i] = decoder.get("sluice_lz4_decoder_digest")(ctx);
            }
            try std.testing.expectEqual(codes[0], codes[1]);
            try std.testing.expectEqual(steps[0], steps[1]);
            try std.testing.expectEqual(hashes[0], hashes[1]);
            try std.testing.expect(round > 0 or codes[0] == Result.frame_end.code());
            try std.testing.expectEqualSlices(u8, copies[0][0..steps[0].produced], copies[1][0..steps[1].produced]);
        }
    };
}

test "a memory limit is a result" {
    const ctx = decoder.get("sluice_lz4_decoder_new")(1000, 1).?;
    defer decoder.get("sluice_lz4_decoder_free")(ctx);
    try std.testing.expectEqual(Result.memory_limit.code(), decoder.get("sluice_lz4_decoder_begin")(ctx, linked_flag, 64 * 1024, null, 0, 0));
    var step: Step = .{};
    try std.testing.expectEqual(Result.stage_wrong.code(), decoder.get("sluice_lz4_decoder_run")(ctx, null, 0, 0, null, 0, 0, 0, &step));
    const enc = encoder.get("sluice_lz4_encoder_new")(1000).?;
    defer encoder.get("sluice_lz4_encoder_free")(enc);
    try std.testing.expectEqual(Result.memory_limit.code(), encoder.get("sluice_lz4_encoder_configure")(enc, 1, 65536, 0, null, 0, 0));
    try std.testing.expectEqual(Result.init_missing.code(), encoder.get("sluice_lz4_encoder_begin")(enc, 4, -1, 0, 0));
}

test "positions that make no sense are refused" {
    var step: Step = .{};
    var bytes: [8]u8 = @splat(0);
    const ctx = decoder.get("sluice_lz4_decoder_new")(0, 1).?;
    defer decoder.get("sluice_lz4_decoder_free")(ctx);
    try std.testing.expectEqual(Result.invalid_argument.code(), decoder.get("sluice_lz4_decoder_run")(ctx, &bytes, 8, 3, null, 0, 0, 0, &step));
    try std.testing.expectEqual(Result.invalid_argument.code(), decoder.get("sluice_lz4_decoder_begin")(ctx, 1 << 20, 65536, null, 0, 0));
    try std.testing.expectEqual(Result.invalid_argument.code(), decoder.get("sluice_lz4_decoder_begin")(ctx, 0, 1 << 30, null, 0, 0));
}

test "fuzz: flipped frames and random bytes end in a result" {
    var prng: std.Random.DefaultPrng = .init(0x4c5a34);
    const random = prng.random();
    const content = "abcabcabdabcabcabe0123456789" ** 30;
    var frame: [4096]u8 = undefined;
    const ctx = decoder.get("sluice_lz4_decoder_new")(0, 1).?;
    defer decoder.get("sluice_lz4_decoder_free")(ctx);
    var copy: [2048]u8 = undefined;
    for (0..3000) |round| {
        const flags: u32 = @intCast(round % 4);
        var size = try compressFrame(content, flags, 200, &frame);
        for (0..random.uintAtMost(usize, 4) + 1) |_| frame[random.uintLessThan(usize, size)] ^= @as(u8, 1) << random.int(u3);
        if (round % 7 == 0) random.bytes(&frame);
        if (round % 5 == 0) size = random.uintAtMost(u32, size);
        const run_flags = random.int(u6);
        if (decoder.get("sluice_lz4_decoder_begin")(ctx, run_flags, 64 * 1024, null, 0, 0) < 0) continue;
        if (round % 3 == 0) _ = decoder.get("sluice_lz4_decoder_watch_start")(ctx);
        var pos: u32 = @min(header_size, size);
        for (0..100) |_| {
            var step: Step = .{};
            const room = random.uintAtMost(u32, copy.len);
            const code = decoder.get("sluice_lz4_decoder_run")(ctx, &frame, pos, size, &copy, 0, room, 0, &step);
            pos += step.consumed;
            if (code != Result.output_pending.code()) break;
        }
    }
}

test "whatever allocation fails, the answer is a result and nothing is left behind" {
    const heap_state = @import("../core/heap_state.zig");
    const before = heap_state.liveBlocks();
    const content = "some content that is said again, some content that is said again " ** 40;
    const dictionary = content[7..1000];
    var frame: [8192]u8 = undefined;
    const frame_size = try compressFrame(content, linked_flag, 256, &frame);
    var copy: [content.len]u8 = undefined;
    var step: Step = .{};
    var decoded: u32 = 0;
    var encoded: u32 = 0;
    var limit: f64 = 500;
    while (limit < 8_000_000) : (limit *= 1.1) {
        const ctx = decoder.get("sluice_lz4_decoder_new")(limit, 1).?;
        defer decoder.get("sluice_lz4_decoder_free")(ctx);
        const began = decoder.get("sluice_lz4_decoder_begin")(ctx, linked_flag, 64 * 1024, dictionary, 0, dictionary.len);
        const watched = decoder.get("sluice_lz4_decoder_watch_start")(ctx);
        if (began < 0) {
            try std.testing.expectEqual(Result.memory_limit.code(), began);
        } else {
            if (watched < 0) try std.testing.expectEqual(Result.memory_limit.code(), watched);
            // No room for a whole block: it has to wait in memory of the context.
            try std.testing.expectEqual(Result.ok.code(), decoder.get("sluice_lz4_decoder_begin")(ctx, linked_flag, 64 * 1024, null, 0, 0));
            var pos: u32 = header_size;
            var end: u32 = 0;
            while (true) {
                const room: u32 = @intCast(@min(copy.len, end + 100));
                const code = decoder.get("sluice_lz4_decoder_run")(ctx, &frame, pos, frame_size, &copy, end, room, 0, &step);
                pos += step.consumed;
                end += step.produced;
                if (code == Result.output_pending.code()) continue;
                if (code == Result.frame_end.code()) {
                    try std.testing.expectEqualStrings(content, copy[0..end]);
                    decoded += 1;
                } else try std.testing.expectEqual(Result.memory_limit.code(), code);
                break;
            }
        }

        const enc = encoder.get("sluice_lz4_encoder_new")(limit) orelse continue;
        defer encoder.get("sluice_lz4_encoder_free")(enc);
        for ([_]i32{ 1, 9 }) |level| {
            const configured = encoder.get("sluice_lz4_encoder_configure")(enc, level, 256, linked_flag, dictionary, 0, dictionary.len);
            if (configured < 0) {
                try std.testing.expectEqual(Result.memory_limit.code(), configured);
                continue;
            }
            const started = encoder.get("sluice_lz4_encoder_begin")(enc, 4, -1, 0, 0);
            if (started < 0) {
                try std.testing.expectEqual(Result.memory_limit.code(), started);
                continue;
            }
            var target: [8192]u8 = undefined;
            const code = encoder.get("sluice_lz4_encoder_step")(enc, content, 0, content.len, &target, 0, target.len, 2, &step);
            if (code == Result.frame_end.code()) {
                encoded += 1;
            } else try std.testing.expectEqual(Result.memory_limit.code(), code);
        }
    }
    try std.testing.expect(decoded > 0);
    try std.testing.expect(encoded > 0);
    try std.testing.expectEqual(before, heap_state.liveBlocks());
}
