//! zstd decompression for hosts: translation between the host's plain numbers and the C library, nothing else.

const std = @import("std");
const common = @import("common.zig");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const c = @import("common.zig").c;
const Memory = @import("../core/memory.zig").Memory;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

const block_header_size = 3;

pub const Decompressor = struct {
    memory: Memory,
    context: *c.ZSTD_DCtx,
    /// The dictionary in use, for batches, whose threads have contexts of their own.
    dictionary: ?*c.ZSTD_DDict,
    /// Input bytes that complete the header, block or checksum at hand; 0 where that is not known.
    needed: usize = 0,
    /// Input bytes of it that the library holds already.
    loaded: u32 = 0,
    /// Whether a full target may have left output in the library.
    pending: bool = false,

    /// After any failure zstd leaves a context undefined; a reset makes it ready for a new frame.
    pub fn fail(self: *Decompressor, size: usize, step: *Step) Result {
        const failed = common.failure(size, &self.memory, step);
        _ = c.ZSTD_DCtx_reset(self.context, c.ZSTD_reset_session_only);
        self.needed = 0;
        self.loaded = 0;
        self.pending = false;
        return failed;
    }
};

/// A context whose allocations stay below `memory_limit` bytes (0: no limit); null when there is no memory.
fn new(memory_limit: f64, step: *Step) ?*Decompressor {
    step.setFailure(.out_of_memory);
    const self = memory_module.createContext(Decompressor) orelse return null;
    self.* = .{ .memory = .init(memory_limit), .context = undefined, .dictionary = null };
    self.context = c.ZSTD_createDCtx_advanced(common.customMemory(&self.memory)) orelse {
        step.setFailure(self.memory.failure());
        memory_module.destroyContext(self);
        return null;
    };
    return self;
}

/// Frees a context; null is fine.
fn free(self: ?*Decompressor) void {
    const it = self orelse return;
    _ = c.ZSTD_freeDCtx(it.context);
    memory_module.destroyContext(it);
}

/// Sets `count` parameters given as pairs (number, value). A refused one is named in `step.detail`.
fn set(self: *Decompressor, pairs: [*]const i32, count: u32, step: *Step) Result {
    for (0..count) |i| {
        const number = pairs[2 * i];
        const size = if (common.parameter(c.ZSTD_dParameter, number)) |parameter|
            c.ZSTD_DCtx_setParameter(self.context, parameter, pairs[2 * i + 1])
        else
            @as(usize, @bitCast(-@as(isize, c.ZSTD_error_parameter_unsupported)));
        if (c.ZSTD_isError(size) != 0) {
            const failed = self.fail(size, step);
            step.detail = @bitCast(number);
            return failed;
        }
    }
    return .ok;
}

/// Forgets the frame in progress; parameters stay.
fn reset(self: *Decompressor) void {
    self.needed = 0;
    self.loaded = 0;
    self.pending = false;
    _ = c.ZSTD_DCtx_reset(self.context, c.ZSTD_reset_session_only);
}

/// Decodes whole frames from source into target, which must have room for all of it. Sets `produced`.
fn decompress(self: *Decompressor, input: []const u8, output: []u8, step: *Step) Result {
    const size = c.ZSTD_decompressDCtx(self.context, output.ptr, output.len, input.ptr, input.len);
    if (c.ZSTD_isError(size) != 0) return self.fail(size, step);
    std.debug.assert(size <= output.len);
    step.consumed = @intCast(input.len);
    step.produced = @intCast(size);
    return .ok;
}

/// Decodes until the source is used up, the target is full, or the frame ends. Sets `consumed`, `produced`, `hint`. The
/// library gets one block at a time: a failure sets `consumed` and `produced` to what came before the block that failed,
/// and `value` to the bytes of it that earlier calls took, wherever chunks and targets end.
fn stepFrame(self: *Decompressor, source_slice: []const u8, target_slice: []u8, step: *Step) Result {
    var input: c.ZSTD_inBuffer = .{ .src = source_slice.ptr, .size = source_slice.len, .pos = 0 };
    var output: c.ZSTD_outBuffer = .{ .dst = target_slice.ptr, .size = target_slice.len, .pos = 0 };

    while (true) {
        const start = input.pos;
        const before = input.pos + output.pos;
        // What waits comes out alone: the next block may be one that fails. Without room nothing can come out, and the
        // library takes input only when nothing waits: the end of a frame needs no room.
        const flushing = self.pending and output.pos < output.size;
        if (flushing) {
            input.size = start;
        } else if (self.needed > 0) {
            input.size = @min(source_slice.len, start + self.needed);
        } else {
            input.size = source_slice.len;
        }
        const size = c.ZSTD_decompressStream(self.context, &output, &input);
        if (c.ZSTD_isError(size) != 0) {
            step.setValue(self.loaded);
            return self.fail(size, step);
        }
        step.consumed = @intCast(input.pos);
        step.produced = @intCast(output.pos);
        const used: u32 = @intCast(input.pos - start);
        if (!flushing) self.loaded = if (used < self.needed) self.loaded + used else 0;
        // What is wanted after a block includes the header of the next one.
        const with_header = c.ZSTD_nextInputType(self.context) == c.ZSTDnit_block;
        self.needed = if (with_header) size - block_header_size else size;
        self.pending = size > 0 and output.pos == output.size;
        if (size == 0) return .frame_end;
        step.hint = std.math.lossyCast(u32, size);
        if (self.pending) return .output_pending;
        if (flushing) continue;
        if (input.pos == source_slice.len or input.pos + output.pos == before) return .ok;
    }
}

const Dictionary = common.Dictionary(.decompression);

/// Digests a copy of the bytes. `content_type`: 0 tells formatted dictionaries by their magic number, 1 takes any bytes as
/// content, 2 insists on a formatted one. Null when the bytes are no dictionary of that type.
fn dictionaryNew(bytes: []const u8, content_type: u32, step: *Step) ?*Dictionary {
    const arguments = .{ bytes.ptr, bytes.len, c.ZSTD_dlm_byCopy, common.contentType(content_type) };
    return Dictionary.new(c.ZSTD_createDDict_advanced, arguments, step);
}

/// Uses a dictionary for all frames from now on; null for none. It must live as long as the context refers to it.
fn useDictionary(self: *Decompressor, dictionary: ?*Dictionary, step: *Step) Result {
    const digest = if (dictionary) |it| it.digest else null;
    const size = c.ZSTD_DCtx_refDDict(self.context, digest);
    if (c.ZSTD_isError(size) != 0) return self.fail(size, step);
    self.dictionary = digest;
    return .ok;
}

/// Bytes that the context holds, in `value`.
fn memoryUsed(self: *const Decompressor, step: *Step) void {
    step.setValue(self.memory.bytesUsed() + @sizeOf(Decompressor));
}

/// What a streaming decoder for this window would hold, in `value`, in bytes.
fn estimate(window_size: f64, step: *Step) void {
    const window: usize = if (window_size >= 1 and window_size < 1 << 31) @intFromFloat(window_size) else 1;
    step.setValue(c.ZSTD_estimateDStreamSize(window));
}

pub const exports = .{
    .{ "sluice_zstd_decompressor_new", new },
    .{ "sluice_zstd_decompressor_free", free },
    .{ "sluice_zstd_decompressor_set", set },
    .{ "sluice_zstd_decompressor_reset", reset },
    .{ "sluice_zstd_decompressor_decompress", decompress, .off_loop },
    .{ "sluice_zstd_decompressor_step", stepFrame, .off_loop },
    .{ "sluice_zstd_decompressor_use_dictionary", useDictionary },
    .{ "sluice_zstd_decompressor_dictionary_new", dictionaryNew },
    .{ "sluice_zstd_decompressor_dictionary_free", Dictionary.free },
    .{ "sluice_zstd_decompressor_memory", memoryUsed },
    .{ "sluice_zstd_decompressor_estimate", estimate },
};
