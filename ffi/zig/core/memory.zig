//! The memory of one codec context: every byte that a vendored codec allocates goes through here, is counted,
//! and is refused past the context's limit. Codec threads may allocate at the same time.

const std = @import("std");
const heap = @import("heap.zig");
const Result = @import("result.zig").Result;

/// Room before each block for its size; keeps malloc's alignment.
const header_size = 16;

fn blockOf(size: usize) ?*anyopaque {
    return heap.take(size);
}

fn zeroedBlockOf(size: usize) ?*anyopaque {
    return heap.takeZeroed(1, size);
}

pub const Memory = struct {
    used: std.atomic.Value(usize) = .init(0),
    limit: usize,
    /// Set when a request was refused, by the limit or by the system.
    refused: std.atomic.Value(bool) = .init(false),
    /// Set when the limit was what refused it.
    limit_hit: std.atomic.Value(bool) = .init(false),

    /// A limit in bytes; a value that is no positive number, or too large for the target, means none.
    pub fn init(limit: f64) Memory {
        const max: f64 = @floatFromInt(@as(u64, std.math.maxInt(usize) / 2));
        return .{ .limit = if (limit > 0 and limit < max) @intFromFloat(limit) else std.math.maxInt(usize) };
    }

    pub fn allocate(self: *Memory, size: usize) ?*anyopaque {
        return self.take(size, blockOf);
    }

    /// As `allocate`, filled with zeros; large blocks come zeroed from the system.
    pub fn allocateZeroed(self: *Memory, size: usize) ?*anyopaque {
        return self.take(size, zeroedBlockOf);
    }

    fn take(self: *Memory, size: usize, comptime source: fn (usize) ?*anyopaque) ?*anyopaque {
        const total = std.math.add(usize, size, header_size) catch {
            self.refuseForLimit();
            return null;
        };
        const before = self.used.fetchAdd(total, .monotonic);
        if (before > self.limit or total > self.limit - before) {
            self.refuseForLimit();
            _ = self.used.fetchSub(total, .monotonic);
            return null;
        }
        const block = source(total) orelse {
            self.refused.store(true, .monotonic);
            _ = self.used.fetchSub(total, .monotonic);
            return null;
        };
        const base: [*]u8 = @ptrCast(block);
        std.mem.writeInt(usize, base[0..@sizeOf(usize)], total, .native);
        return base + header_size;
    }

    /// Notes that the limit, or what the target can address at all, does not allow a request.
    pub fn refuseForLimit(self: *Memory) void {
        self.refused.store(true, .monotonic);
        self.limit_hit.store(true, .monotonic);
    }

    pub fn release(self: *Memory, address: ?*anyopaque) void {
        const bytes: [*]u8 = @ptrCast(address orelse return);
        const base = bytes - header_size;
        const total = std.mem.readInt(usize, base[0..@sizeOf(usize)], .native);
        _ = self.used.fetchSub(total, .monotonic);
        heap.give(base);
    }

    /// Makes `slot`, a slice that this memory owns or an empty one, hold at least `count` items. Where it has to grow, its
    /// content is lost. False when there is no memory; the slot is then empty.
    pub fn resize(self: *Memory, slot: anytype, count: usize) bool {
        const Item = std.meta.Elem(@TypeOf(slot.*));
        if (slot.len >= count) return true;
        self.drop(slot);
        const size = std.math.mul(usize, count, @sizeOf(Item)) catch {
            self.refuseForLimit();
            return false;
        };
        const items: [*]Item = @ptrCast(@alignCast(self.allocate(size) orelse return false));
        slot.* = items[0..count];
        return true;
    }

    /// Gives back what a slot holds and leaves it empty.
    pub fn drop(self: *Memory, slot: anytype) void {
        if (slot.len > 0) self.release(@ptrCast(@constCast(slot.ptr)));
        slot.* = &.{};
    }

    /// Why an allocation of this memory failed.
    pub fn failure(self: *const Memory) Result {
        return if (self.limit_hit.load(.monotonic)) .memory_limit else .out_of_memory;
    }

    pub fn bytesUsed(self: *const Memory) u64 {
        return self.used.load(.monotonic);
    }

    /// Hooks in the shape that zstd and lz4 share: a context pointer and a size or an address.
    pub fn allocateHook(context: ?*anyopaque, size: usize) callconv(.c) ?*anyopaque {
        const self: *Memory = @ptrCast(@alignCast(context orelse return null));
        return self.allocate(size);
    }

    pub fn releaseHook(context: ?*anyopaque, address: ?*anyopaque) callconv(.c) void {
        const self: *Memory = @ptrCast(@alignCast(context orelse return));
        self.release(address);
    }
};

/// One context on the heap; null when there is no memory.
pub fn createContext(comptime T: type) ?*T {
    const block = heap.take(@sizeOf(T)) orelse return null;
    return @ptrCast(@alignCast(block));
}

pub fn destroyContext(context: *anyopaque) void {
    heap.give(context);
}

test "Memory counts what is taken and refuses past its limit" {
    var memory: Memory = .init(1000);
    const first = memory.allocate(500).?;
    try std.testing.expectEqual(516, memory.bytesUsed());
    try std.testing.expect(memory.allocate(500) == null);
    try std.testing.expect(memory.limit_hit.load(.monotonic));
    try std.testing.expectEqual(516, memory.bytesUsed());
    memory.release(first);
    memory.release(null);
    try std.testing.expectEqual(0, memory.bytesUsed());
}

test "a slot that can not grow is empty, and what it had is given back" {
    var memory: Memory = .init(1000);
    var slot: []u16 = &.{};
    try std.testing.expect(memory.resize(&slot, 100));
    try std.testing.expectEqual(100, slot.len);
    try std.testing.expect(memory.resize(&slot, 50));
    try std.testing.expectEqual(100, slot.len);
    try std.testing.expect(!memory.resize(&slot, 1000));
    try std.testing.expectEqual(0, slot.len);
    try std.testing.expectEqual(0, memory.bytesUsed());
    try std.testing.expectEqual(Result.memory_limit, memory.failure());
    memory.drop(&slot);
}

test "Memory refuses a size that overflows" {
    var memory: Memory = .init(0);
    try std.testing.expect(memory.allocate(std.math.maxInt(usize)) == null);
}
