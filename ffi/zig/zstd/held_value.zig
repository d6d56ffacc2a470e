//! One value that a context holds and compresses in slices of a few blocks. The bytes are those of a single call: the
//! whole value lies in one piece, and blocks end where `ZSTD_compress2` ends them.

const Memory = @import("../core/memory.zig").Memory;
const c = @import("common.zig").c;

/// Content bytes of a full block; only full blocks are split (`ZSTD_optimalBlockSize` in zstd_compress.c).
const full_block = 128 * 1024;
/// Bytes that have to be saved before a block is split.
const savings_min = 3;
/// How closely a block is looked at before it is split, for each strategy from `fast` to `btultra2`.
const split_levels = [_]c_int{ 0, 0, 1, 2, 2, 3, 3, 4, 4, 4 };
/// The most bytes that a frame header has.
pub const header_max = 18;
/// Whether a context copies its input or may rely on it staying where it is (`ZSTD_c_stableInBuffer`).
pub const input_buffered = 0;
pub const input_stable = 1;

pub const HeldValue = struct {
    /// Apart from the context's: a limit on that never counts what the caller holds.
    memory: Memory = .init(0),
    bytes: []u8 = &.{},
    /// Bytes that have been filled in.
    filled: usize = 0,
    /// Content bytes in blocks that are complete, and where the block at hand ends.
    pos: usize = 0,
    end: usize = 0,
    /// Bytes of the block at hand that the codec has taken.
    taken: usize = 0,
    /// Bytes of the frame so far, without its header once that is out.
    produced: i64 = 0,
    has_header: bool = false,
    block_max: usize = full_block,
    /// Null where blocks are never split.
    split_level: ?c_int = null,
    /// What the splitter works in.
    workspace: []u8 = &.{},

    /// Makes room for a value and reads what its blocks depend on from the parameters of a context without a dictionary.
    /// False when there is no memory.
    pub fn begin(self: *HeldValue, context: *c.ZSTD_CCtx, size: usize) bool {
        self.release();
        if (!self.memory.resize(&self.bytes, size)) return false;
        if (!self.memory.resize(&self.workspace, c.ZSTD_SLIPBLOCK_WORKSPACESIZE)) return false;
        const window_log = parameter(context, c.ZSTD_c_windowLog);
        const block_max = parameter(context, c.ZSTD_c_maxBlockSize);
        self.block_max = full_block;
        if (window_log > 0) self.block_max = @min(self.block_max, @as(usize, 1) << @intCast(window_log));
        if (block_max > 0) self.block_max = @min(self.block_max, @as(usize, @intCast(block_max)));
        self.split_level = splitLevel(context, size);
        return true;
    }

    /// Forgets the value.
    pub fn release(self: *HeldValue) void {
        self.memory.drop(&self.bytes);
        self.memory.drop(&self.workspace);
        self.* = .{ .memory = self.memory };
    }

    /// Appends bytes; false when they are more than the value has.
    pub fn fill(self: *HeldValue, source: []const u8) bool {
        if (source.len > self.bytes.len - self.filled) return false;
        @memcpy(self.bytes[self.filled..][0..source.len], source);
        self.filled += source.len;
        return true;
    }

    /// Chooses where the next block ends.
    pub fn nextBlock(self: *HeldValue) void {
        self.end = self.pos + self.blockSize();
    }

    fn blockSize(self: *HeldValue) usize {
        const rest = self.bytes[self.pos..];
        if (rest.len < full_block or self.block_max < full_block) return @min(rest.len, self.block_max);
        const saved = @as(i64, @intCast(self.pos)) - self.produced;
        const level = self.split_level orelse return full_block;
        if (saved < savings_min) return full_block;
        return c.ZSTD_splitBlock(rest.ptr, full_block, level, self.workspace.ptr, self.workspace.len);
    }
};

fn parameter(context: *c.ZSTD_CCtx, name: c.ZSTD_cParameter) c_int {
    var value: c_int = 0;
    _ = c.ZSTD_CCtx_getParameter(context, name, &value);
    return value;
}

fn splitLevel(context: *c.ZSTD_CCtx, size: usize) ?c_int {
    const given = parameter(context, c.ZSTD_c_blockSplitterLevel);
    if (given == 1) return null;
    if (given > 1) return given - 2;
    const strategy = parameter(context, c.ZSTD_c_strategy);
    if (strategy > 0) return split_levels[@intCast(strategy)];
    const level = parameter(context, c.ZSTD_c_compressionLevel);
    return split_levels[@intCast(c.ZSTD_getCParams(level, size, 0).strategy)];
}

/// The size of the frame header that `frame` starts with (RFC 8878, 3.1.1.1).
pub fn headerSize(context: *c.ZSTD_CCtx, frame: []const u8) usize {
    const magic_size: usize = if (parameter(context, c.ZSTD_c_format) == c.ZSTD_f_zstd1_magicless) 0 else 4;
    const descriptor = frame[magic_size];
    const single = descriptor & 0x20 != 0;
    const id_sizes = [_]usize{ 0, 1, 2, 4 };
    const content_sizes = [_]usize{ if (single) 1 else 0, 2, 4, 8 };
    const window_size: usize = if (single) 0 else 1;
    return magic_size + 1 + window_size + id_sizes[descriptor & 3] + content_sizes[descriptor >> 6];
}
