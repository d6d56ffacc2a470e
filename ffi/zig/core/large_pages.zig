//! Large pages for blocks of memory that are written whole or read in no order: one entry of the processor's table of
//! pages then stands for 512.

const std = @import("std");
const builtin = @import("builtin");

/// Smaller blocks gain nothing.
const size_min = 4 << 20;

/// Asks the system to back these bytes by large pages; it may decline.
pub fn advise(bytes: []u8) void {
    if (builtin.os.tag != .linux or bytes.len < size_min) return;
    const page_size = std.heap.pageSize();
    const start = std.mem.alignForward(usize, @intFromPtr(bytes.ptr), page_size);
    const end = std.mem.alignBackward(usize, @intFromPtr(bytes.ptr) + bytes.len, page_size);
    std.debug.assert(start < end);
    _ = std.os.linux.madvise(@ptrFromInt(start), end - start, std.os.linux.MADV.HUGEPAGE);
}
