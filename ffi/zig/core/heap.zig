//! Where every block of memory comes from, for our Zig and for the vendored C, which is built with `malloc` and its kin
//! named as here. `heap_state.zig` has what is behind it, once in each library.

extern fn sluice_heap_malloc(size: usize) ?*anyopaque;
extern fn sluice_heap_calloc(count: usize, size: usize) ?*anyopaque;
extern fn sluice_heap_free(block: ?*anyopaque) void;

pub const take = sluice_heap_malloc;
/// As `take`, filled with zeros; large blocks come zeroed from the system.
pub const takeZeroed = sluice_heap_calloc;
pub const give = sluice_heap_free;

/// As `take`, as bytes.
pub fn takeBytes(size: usize) ?[]u8 {
    const block: [*]u8 = @ptrCast(take(size) orelse return null);
    return block[0..size];
}
