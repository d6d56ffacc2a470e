//! Small things that both git modules have: zlib streams, deltas and hashes of values in memory.

const c = @import("libdeflate_c");
const checksums = @import("../hash/crc32.zig");
const deltas = @import("delta.zig");
const hashes = @import("hash.zig");
const memory = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const Inflater = @import("inflater.zig").Inflater;
const Program = @import("delta_program.zig").Program;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Inflates one zlib stream from the front of the source into exactly the target. Sets `consumed` and `produced`.
fn inflate(input: []const u8, output: []u8, step: *Step) Result {
    const decompressor = c.libdeflate_alloc_decompressor() orelse return .out_of_memory;
    defer c.libdeflate_free_decompressor(decompressor);
    var consumed: usize = 0;
    const outcome = c.libdeflate_zlib_decompress_ex(decompressor, input.ptr, input.len, output.ptr, output.len, &consumed, null);
    if (outcome != c.LIBDEFLATE_SUCCESS) return .corrupt;
    step.consumed = @intCast(consumed);
    step.produced = @intCast(output.len);
    return .ok;
}

fn inflaterNew() ?*Inflater {
    const inflater = memory.createContext(Inflater) orelse return null;
    inflater.reset();
    return inflater;
}

fn inflaterFree(inflater: ?*Inflater) void {
    memory.destroyContext(inflater orelse return);
}

/// Takes input and gives output. Sets `consumed`, `produced` and `value` to the size of the stream so far; `frame_end` at
/// its end, `output_pending` when the target is full.
fn inflaterStep(inflater: *Inflater, input: []const u8, output: []u8, step: *Step) Result {
    const made = inflater.step(input, output) catch return .corrupt;
    step.consumed = @intCast(made.consumed);
    step.produced = @intCast(made.produced);
    step.setValue(inflater.total_in);
    if (made.done) return .frame_end;
    return if (made.produced == output.len) .output_pending else .ok;
}

/// The sizes of the base and of the target, in `value` and `other`.
fn deltaSizes(delta: []const u8, step: *Step) Result {
    const sizes = deltas.sizes(delta) catch return .delta_corrupt;
    step.setValue(sizes.source);
    step.setOther(sizes.target);
    return .ok;
}

/// Applies a delta to its base; the target has exactly the size that the delta tells. Sets `produced`.
fn deltaApply(from: []const u8, delta: []const u8, output: []u8, step: *Step) Result {
    deltas.apply(from, delta, output) catch return .delta_corrupt;
    step.produced = @intCast(output.len);
    return .ok;
}

const HashContext = struct { hash: hashes.Hash };

/// 1 stands for bytes from outside.
fn trustOf(number: u32) hashes.Trust {
    return if (number == 0) .own else .outside;
}

/// A hash in progress with digests of 20 or 32 bytes.
fn hashNew(hash_size: u32, trust: u32) ?*HashContext {
    const hash = hashes.Hash.init(hash_size, trustOf(trust)) orelse return null;
    const context = memory.createContext(HashContext) orelse return null;
    context.hash = hash;
    return context;
}

fn hashFree(context: ?*HashContext) void {
    memory.destroyContext(context orelse return);
}

fn hashUpdate(context: *HashContext, source: []const u8) void {
    context.hash.update(source);
}

/// The hash of the bytes so far, which may go on. Sets `produced`.
fn hashDigest(context: *HashContext, output: []u8, step: *Step) Result {
    var copy = context.hash;
    var digest: [32]u8 = undefined;
    if (output.len > digest.len) return .invalid_argument;
    copy.final(&digest) catch return .sha1_collision;
    @memcpy(output, digest[0..output.len]);
    step.produced = @intCast(output.len);
    return .ok;
}

/// The hash of a value, or of an object where `kind` is one of the four types; as long as the target. Sets `produced`.
fn hashOnce(kind: u32, trust: u32, input: []const u8, output: []u8, step: *Step) Result {
    var hash = hashes.Hash.init(@intCast(output.len), trustOf(trust)) orelse return .invalid_argument;
    if (hashes.typeName(kind)) |name| hash.beginObject(name, input.len);
    hash.update(input);
    var digest: [32]u8 = undefined;
    hash.final(&digest) catch return .sha1_collision;
    @memcpy(output, digest[0..output.len]);
    step.produced = @intCast(output.len);
    return .ok;
}

/// CRC-32 as indexes have it, going on from `before` (0 at the start).
fn crc32(input: []const u8, before: u32) u32 {
    return checksums.crc32(before, input);
}

/// A program of at most so many segments.
fn programNew(segments_max: u32) ?*Program {
    const program = memory.createContext(Program) orelse return null;
    program.* = .{ .segments_max = segments_max };
    return program;
}

fn programFree(program: ?*Program) void {
    const context = program orelse return;
    context.deinit();
    memory.destroyContext(context);
}

/// Takes the next older delta. Sets `value` to the size of the target, `other` to that of the base, `detail` to the count
/// of segments.
fn programPush(program: *Program, delta: []const u8, step: *Step) Result {
    program.push(delta) catch |failure| return switch (failure) {
        error.DeltaCorrupt => .delta_corrupt,
        error.LimitExceeded => .memory_limit,
        error.OutOfMemory => .out_of_memory,
    };
    describeProgram(program, step);
    return .ok;
}

fn describeProgram(program: *const Program, step: *Step) void {
    step.setValue(program.target_size);
    step.setOther(program.source_size);
    step.detail = @intCast(program.segments.items.len);
}

/// Joins literals that stand side by side; sets what `push` sets.
fn programCoalesce(program: *Program, step: *Step) Result {
    program.coalesce() catch return .out_of_memory;
    describeProgram(program, step);
    return .ok;
}

/// Makes the bytes of the target from `from` on; the base has the size that the program tells. Sets `produced`.
fn programApply(program: *Program, input: []const u8, from: f64, output: []u8, step: *Step) Result {
    if (!(from >= 0 and from < 1 << 53)) return .invalid_argument;
    if (input.len != program.source_size) return .delta_corrupt;
    step.produced = @intCast(program.produce(input, @intFromFloat(from), output));
    return .ok;
}

pub const exports = .{
    .{ "sluice_git_program_new", programNew },
    .{ "sluice_git_program_free", programFree },
    .{ "sluice_git_program_push", programPush },
    .{ "sluice_git_program_coalesce", programCoalesce },
    .{ "sluice_git_program_apply", programApply },
    .{ "sluice_git_inflate", inflate },
    .{ "sluice_git_inflater_new", inflaterNew },
    .{ "sluice_git_inflater_free", inflaterFree },
    .{ "sluice_git_inflater_step", inflaterStep },
    .{ "sluice_git_delta_sizes", deltaSizes },
    .{ "sluice_git_delta_apply", deltaApply },
    .{ "sluice_git_hash_new", hashNew },
    .{ "sluice_git_hash_free", hashFree },
    .{ "sluice_git_hash_update", hashUpdate },
    .{ "sluice_git_hash_digest", hashDigest },
    .{ "sluice_git_hash_once", hashOnce },
    .{ "sluice_git_crc32", crc32 },
};
