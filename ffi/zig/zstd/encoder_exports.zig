//! zstd compression for hosts: translation between the host's plain numbers and the C library, nothing else.

const std = @import("std");
const common = @import("common.zig");
const held_value = @import("held_value.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const c = @import("common.zig").c;
const Memory = @import("../core/memory.zig").Memory;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// ZSTD_CONTENTSIZE_UNKNOWN, which the header defines by a wrap-around that C alone allows.
pub const content_size_unknown: c_ulonglong = std.math.maxInt(c_ulonglong);

/// The window of long-distance matching unless another one is asked for.
const long_distance_window_log = 27;

/// The bytes of a dictionary, and what they are to be taken for.
pub const LoadedDictionary = struct {
    bytes: []const u8,
    content_type: u32,

    /// Has a context load them for every frame; returns a result of zstd. They must outlive their use.
    pub fn load(self: LoadedDictionary, context: *c.ZSTD_CCtx) usize {
        return c.ZSTD_CCtx_loadDictionary_advanced(
            context,
            self.bytes.ptr,
            self.bytes.len,
            c.ZSTD_dlm_byRef,
            common.contentType(self.content_type),
        );
    }
};

pub const Compressor = struct {
    memory: Memory,
    context: *c.ZSTD_CCtx,
    /// Content that every frame starts from, held by the context: zstd itself drops a prefix after one frame.
    prefix: ?[]const u8,
    /// The dictionary in use, for batches, whose threads have contexts of their own.
    dictionary: ?*c.ZSTD_CDict,
    /// A dictionary that contexts load with their own parameters instead, held for the same reason.
    loaded: ?LoadedDictionary = null,
    /// Whether a streamed frame has begun and not ended.
    in_frame: bool,
    /// A value that is compressed in slices.
    held: held_value.HeldValue = .{},

    /// A copy in the context's own memory; null when that refuses it.
    fn copyOf(self: *Compressor, bytes: []const u8) ?[]u8 {
        const block: [*]u8 = @ptrCast(self.memory.allocate(bytes.len) orelse return null);
        @memcpy(block[0..bytes.len], bytes);
        return block[0..bytes.len];
    }

    /// Hands the prefix over again at the start of a frame.
    fn startFrame(self: *Compressor) usize {
        const prefix = self.prefix orelse return 0;
        return c.ZSTD_CCtx_refPrefix_advanced(self.context, prefix.ptr, prefix.len, c.ZSTD_dct_rawContent);
    }

    /// After any failure zstd leaves a context undefined; a reset makes it ready for a new frame.
    pub fn fail(self: *Compressor, size: usize, step: *Step) Result {
        const failed = common.failure(size, &self.memory, step);
        _ = c.ZSTD_CCtx_reset(self.context, c.ZSTD_reset_session_only);
        self.in_frame = false;
        self.endHeld();
        return failed;
    }

    /// Forgets the value that is compressed in slices, and that input stays where it is.
    fn endHeld(self: *Compressor) void {
        if (self.held.bytes.len == 0) return;
        _ = c.ZSTD_CCtx_setParameter(self.context, c.ZSTD_c_stableInBuffer, held_value.input_buffered);
        self.held.release();
    }

    /// The library clamps some values in silence; here all are compared with its own bounds. Zero is every parameter's
    /// default, and a parameter whose bounds are zero is one that this build does not have.
    pub fn setParameter(self: *Compressor, number: i32, value: i32, step: *Step) Result {
        const name = common.parameter(c.ZSTD_cParameter, number) orelse return .parameter_unsupported;
        const bounds = c.ZSTD_cParam_getBounds(name);
        if (c.ZSTD_isError(bounds.@"error") != 0) return .parameter_unsupported;
        if (value != 0) {
            if (bounds.lowerBound == 0 and bounds.upperBound == 0) return .parameter_unsupported;
            if (value < bounds.lowerBound or value > bounds.upperBound) return .parameter_out_of_range;
        }
        const size = c.ZSTD_CCtx_setParameter(self.context, name, value);
        return if (c.ZSTD_isError(size) != 0) common.failure(size, &self.memory, step) else .ok;
    }
};

/// A context whose allocations stay below `memory_limit` bytes (0: no limit). Null, with the result in `detail`, when the
/// limit or the system refuses the memory.
fn new(memory_limit: f64, step: *Step) ?*Compressor {
    step.setFailure(.out_of_memory);
    const self = memory_module.createContext(Compressor) orelse return null;
    self.* = .{ .memory = .init(memory_limit), .context = undefined, .prefix = null, .dictionary = null, .in_frame = false };
    self.context = c.ZSTD_createCCtx_advanced(common.customMemory(&self.memory)) orelse {
        step.setFailure(self.memory.failure());
        memory_module.destroyContext(self);
        return null;
    };
    return self;
}

/// Frees a context; null is fine.
fn free(self: ?*Compressor) void {
    const it = self orelse return;
    _ = c.ZSTD_freeCCtx(it.context);
    releasePrefix(it);
    releaseLoaded(it);
    it.held.release();
    memory_module.destroyContext(it);
}

/// Sets `count` parameters given as pairs (number, value). A refused one is named in `step.detail`.
fn set(self: *Compressor, pairs: [*]const i32, count: u32, step: *Step) Result {
    for (0..count) |i| {
        const failed = self.setParameter(pairs[2 * i], pairs[2 * i + 1], step);
        if (failed != .ok) {
            step.detail = @bitCast(pairs[2 * i]);
            return failed;
        }
    }
    return .ok;
}

/// Announces the size of the next frame's content in bytes; below 0 means that it is not known.
fn pledge(self: *Compressor, content_size: f64, step: *Step) Result {
    const size = c.ZSTD_CCtx_setPledgedSrcSize(
        self.context,
        if (content_size >= 0 and content_size < 1 << 53) @intFromFloat(content_size) else content_size_unknown,
    );
    if (c.ZSTD_isError(size) != 0) return self.fail(size, step);
    return .ok;
}

/// Forgets the frame in progress; parameters stay.
fn reset(self: *Compressor) void {
    _ = c.ZSTD_CCtx_reset(self.context, c.ZSTD_reset_session_only);
    self.in_frame = false;
    self.endHeld();
}

const Dictionary = common.Dictionary(.compression);

/// Digests a copy of the bytes with the parameters given as pairs. `content_type` as for decompression. Null, with the
/// result in `detail`, when the bytes are no dictionary of that type, a parameter is refused, or there is no memory.
fn dictionaryNew(bytes: []const u8, content_type: u32, pairs: [*]const i32, count: u32, step: *Step) ?*Dictionary {
    step.setFailure(.out_of_memory);
    const params = c.ZSTD_createCCtxParams() orelse return null;
    defer _ = c.ZSTD_freeCCtxParams(params);
    step.setFailure(.parameter_unsupported);
    for (0..count) |i| {
        const name = common.parameter(c.ZSTD_cParameter, pairs[2 * i]) orelse return null;
        if (c.ZSTD_isError(c.ZSTD_CCtxParams_setParameter(params, name, pairs[2 * i + 1])) != 0) return null;
    }
    const arguments = .{ bytes.ptr, bytes.len, c.ZSTD_dlm_byCopy, common.contentType(content_type), params };
    return Dictionary.new(c.ZSTD_createCDict_advanced2, arguments, step);
}

/// Uses a dictionary, with the parameters that it was digested for, for all frames from now on; null for none. It must
/// live as long as the context refers to it.
fn useDictionary(self: *Compressor, dictionary: ?*Dictionary, step: *Step) Result {
    const digest = if (dictionary) |it| it.digest else null;
    const size = c.ZSTD_CCtx_refCDict(self.context, digest);
    if (c.ZSTD_isError(size) != 0) return self.fail(size, step);
    releaseLoaded(self);
    self.dictionary = digest;
    return .ok;
}

/// Has every frame from now on load a copy of a dictionary with the context's own parameters: a digest brings its own.
fn loadDictionary(self: *Compressor, bytes: []const u8, content_type: u32, step: *Step) Result {
    const copy = self.copyOf(bytes) orelse return self.memory.failure();
    const loaded: LoadedDictionary = .{ .bytes = copy, .content_type = content_type };
    const size = loaded.load(self.context);
    releaseLoaded(self);
    if (c.ZSTD_isError(size) != 0) {
        self.memory.release(copy.ptr);
        return self.fail(size, step);
    }
    self.dictionary = null;
    self.loaded = loaded;
    return .ok;
}

/// Frees the bytes of a dictionary that the context has just forgotten.
fn releaseLoaded(self: *Compressor) void {
    if (self.loaded) |loaded| self.memory.release(@constCast(loaded.bytes.ptr));
    self.loaded = null;
}

/// Copies content that every frame from now on may refer to, as if it came before the input; empty for none.
fn setPrefix(self: *Compressor, bytes: []const u8) Result {
    releasePrefix(self);
    if (bytes.len == 0) return .ok;
    self.prefix = self.copyOf(bytes) orelse return self.memory.failure();
    return .ok;
}

fn releasePrefix(self: *Compressor) void {
    if (self.prefix) |prefix| self.memory.release(@constCast(prefix.ptr));
    self.prefix = null;
}

/// Compresses the source as one frame. Sets `produced`; a target that is too small is `output_too_small`.
fn compress(self: *Compressor, input: []const u8, output: []u8, step: *Step) Result {
    const started = self.startFrame();
    if (c.ZSTD_isError(started) != 0) return self.fail(started, step);
    const size = c.ZSTD_compress2(self.context, output.ptr, output.len, input.ptr, input.len);
    if (c.ZSTD_isError(size) != 0) return self.fail(size, step);
    std.debug.assert(size <= output.len);
    step.consumed = @intCast(input.len);
    step.produced = @intCast(size);
    return .ok;
}

/// Compresses until the source is used up and, for `operation` 1 (flush) and 2 (end), all output is out, or until the
/// target is full. Sets `consumed` and `produced`.
fn stepFrame(self: *Compressor, source_slice: []const u8, target_slice: []u8, operation: u32, step: *Step) Result {
    const directive: c.ZSTD_EndDirective = switch (operation) {
        0 => c.ZSTD_e_continue,
        1 => c.ZSTD_e_flush,
        2 => c.ZSTD_e_end,
        else => return .invalid_argument,
    };
    var input: c.ZSTD_inBuffer = .{ .src = source_slice.ptr, .size = source_slice.len, .pos = 0 };
    var output: c.ZSTD_outBuffer = .{ .dst = target_slice.ptr, .size = target_slice.len, .pos = 0 };

    if (!self.in_frame) {
        const started = self.startFrame();
        if (c.ZSTD_isError(started) != 0) return self.fail(started, step);
        self.in_frame = true;
    }
    // Ends: each pass consumes input, fills the target, or reports that nothing is left to write.
    while (true) {
        const size = c.ZSTD_compressStream2(self.context, &output, &input, directive);
        step.consumed = @intCast(input.pos);
        step.produced = @intCast(output.pos);
        if (c.ZSTD_isError(size) != 0) return self.fail(size, step);
        const finished = if (operation == 0) input.pos == input.size else size == 0;
        if (finished) {
            if (operation != 2) return .ok;
            self.in_frame = false;
            return .frame_end;
        }
        if (output.pos == output.size) return .output_pending;
    }
}

/// Makes room for a value that `step_held` compresses, without a dictionary or prefix, as `compress` would.
fn hold(self: *Compressor, size: u32, step: *Step) Result {
    if (self.prefix != null or self.dictionary != null or self.loaded != null or size == 0) return .invalid_argument;
    reset(self);
    if (!self.held.begin(self.context, size)) {
        self.held.release();
        return .out_of_memory;
    }
    var set_size = c.ZSTD_CCtx_setParameter(self.context, c.ZSTD_c_stableInBuffer, held_value.input_stable);
    if (c.ZSTD_isError(set_size) == 0) set_size = c.ZSTD_CCtx_setPledgedSrcSize(self.context, size);
    return if (c.ZSTD_isError(set_size) != 0) self.fail(set_size, step) else .ok;
}

/// Appends bytes to that value.
fn fill(self: *Compressor, bytes: []const u8) Result {
    return if (self.held.fill(bytes)) .ok else .invalid_argument;
}

/// Compresses blocks of that value, which must be complete, until the target is full or the frame has ended.
fn stepHeld(self: *Compressor, slice: []u8, step: *Step) Result {
    const held = &self.held;
    if (held.bytes.len == 0 or held.filled < held.bytes.len or slice.len < held_value.header_max) {
        return .invalid_argument;
    }
    var output: c.ZSTD_outBuffer = .{ .dst = slice.ptr, .size = slice.len, .pos = 0 };
    // Ends: each pass consumes a block, fills the target, or ends the frame.
    while (true) {
        if (held.pos == held.end) held.nextBlock();
        const is_last = held.end == held.bytes.len;
        const started = output.pos;
        var input: c.ZSTD_inBuffer = .{ .src = held.bytes.ptr, .size = held.end, .pos = held.pos + held.taken };
        const size = c.ZSTD_compressStream2(self.context, &output, &input, if (is_last) c.ZSTD_e_end else c.ZSTD_e_flush);
        step.produced = @intCast(output.pos);
        if (c.ZSTD_isError(size) != 0) return self.fail(size, step);
        if (!held.has_header) held.produced -= @intCast(held_value.headerSize(self.context, slice));
        held.has_header = true;
        held.produced += @intCast(output.pos - started);
        held.taken = input.pos - held.pos;
        if (size == 0 and is_last) {
            self.endHeld();
            return .frame_end;
        }
        if (size == 0) {
            held.pos = held.end;
            held.taken = 0;
        }
        if (output.pos == output.size) return .output_pending;
    }
}

/// Bytes that the context holds, in `value`.
fn memoryUsed(self: *const Compressor, step: *Step) void {
    step.setValue(self.memory.bytesUsed() + self.held.memory.bytesUsed() + @sizeOf(Compressor));
}

/// Writes ten u32: ingested, consumed, produced, flushed (each low, high), current job, active workers.
fn progress(self: *const Compressor, numbers: []u32) Result {
    if (numbers.len < 10) return .invalid_argument;
    const now = c.ZSTD_getFrameProgression(self.context);
    for ([_]u64{ now.ingested, now.consumed, now.produced, now.flushed }, 0..) |value, i| {
        numbers[2 * i] = @truncate(value);
        numbers[2 * i + 1] = @truncate(value >> 32);
    }
    numbers[8] = now.currentJobID;
    numbers[9] = now.nbActiveWorkers;
    return .ok;
}

/// Bounds of a compression parameter as two i32 in `value_low` and `other_low`.
fn parameterBounds(number: i32, step: *Step) Result {
    const parameter = common.parameter(c.ZSTD_cParameter, number) orelse return .parameter_unsupported;
    const bounds = c.ZSTD_cParam_getBounds(parameter);
    if (c.ZSTD_isError(bounds.@"error") != 0) return .parameter_unsupported;
    step.value_low = @bitCast(bounds.lowerBound);
    step.other_low = @bitCast(bounds.upperBound);
    return .ok;
}

/// Writes the seven numbers that a level stands for (windowLog, chainLog, hashLog, searchLog, minMatch, targetLength,
/// strategy) for content of `source_size` bytes (below 0: not known) and a dictionary of `dictionary_size` bytes.
fn parameters(level: i32, source_size: f64, dictionary_size: u32, numbers: []u32) Result {
    if (numbers.len < 7) return .invalid_argument;
    const known = source_size >= 0 and source_size < 1 << 53;
    const params = c.ZSTD_getCParams(
        level,
        if (known) @intFromFloat(source_size) else content_size_unknown,
        dictionary_size,
    );
    numbers[0] = params.windowLog;
    numbers[1] = params.chainLog;
    numbers[2] = params.hashLog;
    numbers[3] = params.searchLog;
    numbers[4] = params.minMatch;
    numbers[5] = params.targetLength;
    numbers[6] = @intCast(params.strategy);
    return .ok;
}

fn valueOf(params: *c.ZSTD_CCtx_params, parameter: c.ZSTD_cParameter) i32 {
    var value: c_int = 0;
    _ = c.ZSTD_CCtxParams_getParameter(params, parameter, &value);
    return value;
}

fn setIfZero(params: *c.ZSTD_CCtx_params, parameter: c.ZSTD_cParameter, value: i32) void {
    if (valueOf(params, parameter) == 0) _ = c.ZSTD_CCtxParams_setParameter(params, parameter, value);
}

/// The library's estimate takes the long-distance matcher's numbers as they are, divides by one of them, and derives
/// defaults only when a frame starts: here they are derived before, for the window of the parameters.
fn settleLongDistance(params: *c.ZSTD_CCtx_params) void {
    if (valueOf(params, c.ZSTD_c_enableLongDistanceMatching) != 1) return;
    const level = c.ZSTD_getCParams(valueOf(params, c.ZSTD_c_compressionLevel), content_size_unknown, 0);
    const given_window = valueOf(params, c.ZSTD_c_windowLog);
    const window_log = if (given_window == 0) long_distance_window_log else given_window;
    const given_strategy = valueOf(params, c.ZSTD_c_strategy);
    const strategy: i32 = if (given_strategy == 0) @intCast(level.strategy) else given_strategy;
    const rate_log = 7 - @divTrunc(strategy, 3);
    setIfZero(params, c.ZSTD_c_ldmMinMatch, if (strategy >= c.ZSTD_btultra) 32 else 64);
    setIfZero(params, c.ZSTD_c_ldmHashLog, std.math.clamp(window_log - rate_log, 6, 30));
    setIfZero(params, c.ZSTD_c_ldmBucketSizeLog, std.math.clamp(strategy, 4, 8));
}

/// What a context with these parameters would hold, in `value`, in bytes: for one-shot use, or streaming when
/// `streaming` is not 0. Without worker threads, as the library defines it.
fn estimate(pairs: [*]const i32, count: u32, streaming: u32, step: *Step) Result {
    var memory: Memory = .init(0);
    const params = c.ZSTD_createCCtxParams() orelse return .out_of_memory;
    defer _ = c.ZSTD_freeCCtxParams(params);
    for (0..count) |i| {
        const parameter = common.parameter(c.ZSTD_cParameter, pairs[2 * i]) orelse return .parameter_unsupported;
        const size = c.ZSTD_CCtxParams_setParameter(params, parameter, pairs[2 * i + 1]);
        if (c.ZSTD_isError(size) != 0) return common.failure(size, &memory, step);
    }
    settleLongDistance(params);
    const size = if (streaming != 0)
        c.ZSTD_estimateCStreamSize_usingCCtxParams(params)
    else
        c.ZSTD_estimateCCtxSize_usingCCtxParams(params);
    if (c.ZSTD_isError(size) != 0) return common.failure(size, &memory, step);
    step.setValue(size);
    return .ok;
}

pub const exports = .{
    .{ "sluice_zstd_compressor_new", new },
    .{ "sluice_zstd_compressor_free", free },
    .{ "sluice_zstd_compressor_set", set },
    .{ "sluice_zstd_compressor_pledge", pledge },
    .{ "sluice_zstd_compressor_reset", reset },
    .{ "sluice_zstd_compressor_compress", compress, .off_loop },
    .{ "sluice_zstd_compressor_step", stepFrame, .off_loop },
    .{ "sluice_zstd_compressor_hold", hold },
    .{ "sluice_zstd_compressor_fill", fill },
    .{ "sluice_zstd_compressor_step_held", stepHeld },
    .{ "sluice_zstd_compressor_use_dictionary", useDictionary },
    .{ "sluice_zstd_compressor_load_dictionary", loadDictionary },
    .{ "sluice_zstd_compressor_set_prefix", setPrefix },
    .{ "sluice_zstd_compressor_dictionary_new", dictionaryNew },
    .{ "sluice_zstd_compressor_dictionary_free", Dictionary.free },
    .{ "sluice_zstd_compressor_memory", memoryUsed },
    .{ "sluice_zstd_compressor_progress", progress },
    .{ "sluice_zstd_compressor_bounds", parameterBounds },
    .{ "sluice_zstd_compressor_parameters", parameters },
    .{ "sluice_zstd_compressor_estimate", estimate },
};
