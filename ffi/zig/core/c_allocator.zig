//! Zig's allocator interface over the heap, which both builds have.

const std = @import("std");
const heap = @import("heap.zig");

/// Blocks aligned to at most 16 bytes.
pub const c_allocator: std.mem.Allocator = .{ .ptr = undefined, .vtable = &vtable };

const vtable: std.mem.Allocator.VTable = .{
    .alloc = allocate,
    .resize = std.mem.Allocator.noResize,
    .remap = std.mem.Allocator.noRemap,
    .free = release,
};

fn allocate(_: *anyopaque, size: usize, alignment: std.mem.Alignment, _: usize) ?[*]u8 {
    if (alignment.toByteUnits() > 16) return null;
    return @ptrCast(heap.take(size) orelse return null);
}

fn release(_: *anyopaque, block: []u8, _: std.mem.Alignment, _: usize) void {
    heap.give(block.ptr);
}
