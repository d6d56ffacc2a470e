//! Large pages for blocks of memory that are written whole or read in no order: one entry of the processor's table of
//! pages then stands for 512.

const std = @import("std");
const builtin = @import("builtin");

/// Memory that stays: smaller blocks gain nothing.
const lasting_min = 4 << 20;
/// Output that is filled at once: where its memory is fresh, the faults of small pages take longer than decoding does.
const filled_min = 1 << 20;

/// Asks the system to back these bytes, which stay, by large pages; it may decline.
pub fn advise(bytes: []u8) void {
    if (bytes.len >= lasting_min) ask(bytes);
}

/// As `advise` for a target that is about to be filled.
pub fn adviseTarget(target: []u8) void {
    if (target.len >= filled_min) ask(target);
}

fn ask(bytes: []u8) void {
    if (builtin.os.tag != .linux) return;
    const page_size = std.heap.pageSize();
    const start = std.mem.alignForward(usize, @intFromPtr(bytes.ptr), page_size);
    const end = std.mem.alignBackward(usize, @intFromPtr(bytes.ptr) + bytes.len, page_size);
    std.debug.assert(start < end);
    _ = std.os.linux.madvise(@ptrFromInt(start), end - start, std.os.linux.MADV.HUGEPAGE);
}

test "advice about pages leaves the content alone" {
    const bytes = try std.testing.allocator.alloc(u8, 5 << 20);
    defer std.testing.allocator.free(bytes);
    for (bytes, 0..) |*byte, i| byte.* = @truncate(i);
    for ([_]usize{ 0, 1, filled_min - 1, filled_min, bytes.len }) |size| adviseTarget(bytes[bytes.len - size ..]);
    for (bytes, 0..) |byte, i| try std.testing.expectEqual(@as(u8, @truncate(i)), byte);
}
