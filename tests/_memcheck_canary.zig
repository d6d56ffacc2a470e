//! Faults on purpose, each of a kind that the memory checker must report: the proof that it sees what the library does.

extern fn malloc(size: usize) ?[*]u8;
extern fn free(block: ?*anyopaque) void;

/// Reads one byte past a block.
export fn canary_read_past(size: u32) u8 {
    const block: [*]volatile u8 = malloc(size) orelse return 0;
    defer free(@volatileCast(block));
    return block[size];
}

/// Writes to a block that was given back.
export fn canary_use_freed(size: u32) void {
    const block: [*]volatile u8 = malloc(size) orelse return;
    free(@volatileCast(block));
    block[0] = 1;
}

/// Gives a block back twice.
export fn canary_free_twice(size: u32) u32 {
    const block: [*]volatile u8 = malloc(size) orelse return 0;
    block[0] = 1;
    free(@volatileCast(block));
    free(@volatileCast(block));
    return size;
}

/// Branches on a byte that nobody wrote.
export fn canary_uninitialized(size: u32) u32 {
    const block: [*]volatile u8 = malloc(size) orelse return 0;
    defer free(@volatileCast(block));
    if (block[1] > 7) block[0] = 1;
    return 2;
}
