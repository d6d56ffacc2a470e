//! The little of libc that the vendored codecs need on wasm32-freestanding, and the memory calls of the host.
//! memcpy, memmove, memset and memcmp come with the compiler.

const std = @import("std");
const abi = @import("abi.zig");

/// A failed check traps without a message: text for it would cost a tenth of the decoder's size.
pub const panic = std.debug.no_panic;

/// Room in front of each block for its size; keeps blocks aligned to 16 bytes as C expects.
const header_size = 16;
const allocator = std.heap.wasm_allocator;

fn malloc(size: usize) callconv(.c) ?[*]u8 {
    const total = std.math.add(usize, size, header_size) catch return null;
    const block = allocator.alignedAlloc(u8, .@"16", total) catch return null;
    std.mem.writeInt(usize, block[0..@sizeOf(usize)], total, .little);
    return block.ptr + header_size;
}

fn calloc(count: usize, size: usize) callconv(.c) ?[*]u8 {
    const total = std.math.mul(usize, count, size) catch return null;
    const block = malloc(total) orelse return null;
    @memset(block[0..total], 0);
    return block;
}

fn free(address: ?[*]u8) callconv(.c) void {
    const base: [*]align(16) u8 = @alignCast((address orelse return) - header_size);
    const total = std.mem.readInt(usize, base[0..@sizeOf(usize)], .little);
    allocator.free(base[0..total]);
}

const Comparison = *const fn (?*const anyopaque, ?*const anyopaque) callconv(.c) c_int;

/// Items of any size, swapped byte by byte; the dictionary builder sorts a few thousand small ones.
const SortContext = struct {
    base: [*]u8,
    item_size: usize,
    compare: Comparison,

    pub fn lessThan(self: SortContext, a: usize, b: usize) bool {
        return self.compare(self.base + a * self.item_size, self.base + b * self.item_size) < 0;
    }

    pub fn swap(self: SortContext, a: usize, b: usize) void {
        const left = self.base[a * self.item_size ..][0..self.item_size];
        const right = self.base[b * self.item_size ..][0..self.item_size];
        for (left, right) |*x, *y| std.mem.swap(u8, x, y);
    }
};

fn qsort(base: [*]u8, count: usize, item_size: usize, compare: Comparison) callconv(.c) void {
    std.sort.heapContext(0, count, SortContext{ .base = base, .item_size = item_size, .compare = compare });
}

comptime {
    for (.{ "malloc", "calloc", "free", "qsort" }, .{ malloc, calloc, free, qsort }) |name, function| {
        @export(&function, .{ .name = name, .visibility = .hidden });
    }
    @export(&malloc, .{ .name = "sluice_allocate" });
    @export(&free, .{ .name = "sluice_release" });
    _ = abi;
}
