//! What both directions of zstd share: the C declarations and the translation of its error numbers.

const std = @import("std");
pub const c = @import("zstd_c");
const memory_module = @import("../core/memory.zig");
const Memory = @import("../core/memory.zig").Memory;
const result = @import("../core/result.zig");
const Result = result.Result;
const Step = result.Step;

/// The allocator hooks of a context, in zstd's own shape.
pub fn customMemory(memory: *Memory) c.ZSTD_customMem {
    return .{ .customAlloc = Memory.allocateHook, .customFree = Memory.releaseHook, .@"opaque" = memory };
}

/// Translates a failed size_t of zstd; the library's number goes to `step.detail`.
pub fn failure(size: usize, memory: *const Memory, step: *Step) Result {
    const number = c.ZSTD_getErrorCode(size);
    step.detail = @intCast(number);
    return switch (number) {
        c.ZSTD_error_prefix_unknown => .bad_magic,
        c.ZSTD_error_version_unsupported => .version_unsupported,
        c.ZSTD_error_frameParameter_unsupported => .frame_unsupported,
        c.ZSTD_error_frameParameter_windowTooLarge => .window_too_large,
        c.ZSTD_error_corruption_detected, c.ZSTD_error_literals_headerWrong => .corrupt,
        c.ZSTD_error_checksum_wrong => .checksum_mismatch,
        c.ZSTD_error_dictionary_corrupted => .dictionary_corrupt,
        c.ZSTD_error_dictionary_wrong => .dictionary_mismatch,
        c.ZSTD_error_dictionaryCreation_failed => .dictionary_creation_failed,
        c.ZSTD_error_parameter_unsupported => .parameter_unsupported,
        c.ZSTD_error_parameter_combination_unsupported => .parameter_combination_unsupported,
        c.ZSTD_error_parameter_outOfBound => .parameter_out_of_range,
        c.ZSTD_error_stage_wrong => .stage_wrong,
        c.ZSTD_error_init_missing => .init_missing,
        c.ZSTD_error_memory_allocation => memory.failure(),
        c.ZSTD_error_dstSize_tooSmall => .output_too_small,
        c.ZSTD_error_srcSize_wrong => .input_size_mismatch,
        c.ZSTD_error_noForwardProgress_destFull, c.ZSTD_error_noForwardProgress_inputEmpty => .no_progress,
        else => .generic,
    };
}

/// Why a digest could not be made: without memory, or of bytes that are no dictionary.
fn dictionaryFailure(memory: *const Memory) Result {
    return if (memory.refused.load(.monotonic)) memory.failure() else .dictionary_corrupt;
}

pub const Direction = enum { compression, decompression };

/// A dictionary digested for one direction, which contexts share.
pub fn Dictionary(comptime direction: Direction) type {
    return struct {
        const Self = @This();
        const Digest = if (direction == .compression) c.ZSTD_CDict else c.ZSTD_DDict;
        const release = if (direction == .compression) c.ZSTD_freeCDict else c.ZSTD_freeDDict;

        memory: Memory,
        digest: *Digest,

        /// `make` is called with `arguments` and the memory to take. Null, with the result in `detail`, where it can't
        /// make a digest.
        pub fn new(comptime make: anytype, arguments: anytype, step: *Step) ?*Self {
            step.setFailure(.out_of_memory);
            const self = memory_module.createContext(Self) orelse return null;
            self.memory = .init(0);
            self.digest = @call(.auto, make, arguments ++ .{customMemory(&self.memory)}) orelse {
                step.setFailure(dictionaryFailure(&self.memory));
                memory_module.destroyContext(self);
                return null;
            };
            return self;
        }

        /// Frees a dictionary that no context refers to; null is fine.
        pub fn free(self: ?*Self) void {
            const it = self orelse return;
            _ = release(it.digest);
            memory_module.destroyContext(it);
        }
    };
}

/// A parameter number from outside as the C enum, or null where it is none.
pub fn parameter(comptime T: type, number: i32) ?T {
    return std.math.cast(T, number);
}

/// A dictionary's content type from a host's number: 0 auto, 1 raw content, everything else fully formatted.
pub fn contentType(number: u32) c.ZSTD_dictContentType_e {
    return switch (number) {
        0 => c.ZSTD_dct_auto,
        1 => c.ZSTD_dct_rawContent,
        else => c.ZSTD_dct_fullDict,
    };
}
