//! The little of libc that the vendored codecs need on wasm32-freestanding, and the memory calls of the host.
//! memcpy, memmove, memset and memcmp come with the compiler.

const std = @import("std");

/// Room before each block for its size; keeps blocks aligned to 16 bytes as C expects.
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

fn lessThan(compare: Comparison, left: u32, right: u32) bool {
    // The dictionary builder breaks ties by address: of equal items the one in front counts as less. The sort asks
    // whether a later item goes before an earlier one, so the later one is put at the higher address.
    const pair = [2]u32{ right, left };
    return compare(&pair[1], &pair[0]) < 0;
}

/// The codecs sort only arrays of u32, and want equal items kept in order, as the libraries of most systems do.
fn qsort(base: [*]u32, count: usize, item_size: usize, compare: Comparison) callconv(.c) void {
    std.debug.assert(item_size == @sizeOf(u32));
    std.sort.block(u32, base[0..count], compare, lessThan);
}

/// Exports the memory calls of the host, and to the codecs what they need of libc.
pub fn exportAll() void {
    inline for (.{ "malloc", "calloc", "free", "qsort" }, .{ malloc, calloc, free, qsort }) |name, function| {
        @export(&function, .{ .name = name, .visibility = .hidden });
    }
    @export(&malloc, .{ .name = "sluice_allocate" });
    @export(&free, .{ .name = "sluice_release" });
}
