//! What an exported function answers, the same for every codec.
//!
//! Values are pinned: once published a number keeps its meaning and a retired one is never given out again.
//! Zero and above is progress, below zero is failure, grouped in tens by kind.

const std = @import("std");

pub const Result = enum(i32) {
    /// Done, or wants more input.
    ok = 0,
    /// The target is full and more output waits.
    output_pending = 1,
    /// A frame ended; input may remain.
    frame_end = 2,
    /// Bytes of a file are missing that the host has to provide.
    needs_bytes = 3,
    /// A ZPAQ post-processor is a program that the host may run itself.
    program_ready = 4,

    out_of_memory = -1,
    memory_limit = -2,
    output_too_small = -3,
    invalid_argument = -4,

    bad_magic = -10,
    version_unsupported = -11,
    frame_unsupported = -12,
    window_too_large = -13,

    corrupt = -20,
    checksum_mismatch = -21,
    truncated = -22,
    /// An lz4 block says that it is larger than its frame allows.
    block_too_large = -23,
    /// An lz4 block does not match its checksum.
    block_checksum = -24,
    /// An lz4 block breaks the rules of its format.
    block_corrupt = -25,
    /// A delta breaks the rules of its format, or does not fit its base.
    delta_corrupt = -26,
    /// A delta chain is longer than allowed, or a cycle.
    chain_too_long = -27,
    /// Content was made to collide with other content under SHA-1.
    sha1_collision = -28,

    dictionary_corrupt = -30,
    dictionary_mismatch = -31,
    dictionary_creation_failed = -32,

    parameter_unsupported = -40,
    parameter_combination_unsupported = -41,
    parameter_out_of_range = -42,

    /// A value is larger than what the call handles in memory.
    value_too_large = -50,

    stage_wrong = -60,
    init_missing = -61,

    input_size_mismatch = -70,
    no_progress = -71,

    /// The system refused; its number is in the step's detail, 0 where a file ended too early.
    system_call_failed = -80,
    not_found = -81,
    /// A delta names a base that is not in the store.
    base_missing = -82,

    generic = -90,
    /// The system can't read a file.
    read_failed = -91,

    /// A ZPAQL program ran into an opcode that is an error, or jumped out of itself.
    program_failed = -100,
    /// A ZPAQL program ran longer than its budget.
    budget_exceeded = -101,
    /// A ZPAQ segment starts with a post-processor of unknown type.
    post_type_unknown = -102,
    /// A ZPAQ post-processor has no program.
    post_empty = -103,

    pub fn code(self: Result) i32 {
        return @intFromEnum(self);
    }
};

/// Numbers that a call reports beside its result. Each call documents the fields that it sets.
pub const Step = extern struct {
    /// Bytes taken from the source.
    consumed: u32 = 0,
    /// Bytes written to the target.
    produced: u32 = 0,
    /// How many input bytes the codec would like next; 0 says nothing.
    hint: u32 = 0,
    /// The codec library's own error number, or the parameter that was refused.
    detail: u32 = 0,
    /// Two 64-bit values in halves.
    value_low: u32 = 0,
    value_high: u32 = 0,
    other_low: u32 = 0,
    other_high: u32 = 0,

    pub fn setValue(self: *Step, value: u64) void {
        self.value_low = @truncate(value);
        self.value_high = @truncate(value >> 32);
    }

    /// Notes why a call that returns an object, not a result, returned none.
    pub fn setFailure(self: *Step, result: Result) void {
        self.detail = @bitCast(result.code());
    }

    /// The result of a call of the system: the number of its failure goes to `detail`.
    pub fn systemCall(self: *Step, errno: ?u32) Result {
        self.detail = errno orelse return .ok;
        return .system_call_failed;
    }

    pub fn setOther(self: *Step, value: u64) void {
        self.other_low = @truncate(value);
        self.other_high = @truncate(value >> 32);
    }
};

comptime {
    std.debug.assert(@sizeOf(Step) == 32);
    std.debug.assert(@alignOf(Step) == 4);
}

/// The bytes `[pos, end)` of what `pointer` leads to, or null where the three numbers make no slice.
pub fn sourceSlice(pointer: ?[*]const u8, pos: u32, end: u32) ?[]const u8 {
    if (pos > end) return null;
    if (pos == end) return &.{};
    const base = pointer orelse return null;
    return base[pos..end];
}

/// As `sourceSlice`, for bytes that the call may write.
pub fn targetSlice(pointer: ?[*]u8, pos: u32, end: u32) ?[]u8 {
    if (pos > end) return null;
    if (pos == end) return &.{};
    const base = pointer orelse return null;
    return base[pos..end];
}

test "slices are refused when positions make no sense" {
    var bytes = [_]u8{ 1, 2, 3, 4 };
    try std.testing.expectEqualSlices(u8, &.{ 2, 3 }, sourceSlice(&bytes, 1, 3).?);
    try std.testing.expectEqual(0, sourceSlice(null, 7, 7).?.len);
    try std.testing.expect(sourceSlice(&bytes, 3, 1) == null);
    try std.testing.expect(targetSlice(null, 0, 1) == null);
}

test "Step carries 64-bit values in halves" {
    var step: Step = .{};
    step.setValue(0x1_0000_0002);
    try std.testing.expectEqual(2, step.value_low);
    try std.testing.expectEqual(1, step.value_high);
}
