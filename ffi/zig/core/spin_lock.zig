//! A lock for sections of a few instructions; a waiting thread gives its time slice away after some tries.

const std = @import("std");
const builtin = @import("builtin");

pub const SpinLock = struct {
    held: std.atomic.Value(bool) = .init(false),

    pub fn lock(self: *SpinLock) void {
        if (builtin.single_threaded) return;
        var tries: u32 = 0;
        while (self.held.swap(true, .acquire)) {
            tries += 1;
            if (tries % 64 == 0) std.Thread.yield() catch {} else std.atomic.spinLoopHint();
        }
    }

    pub fn unlock(self: *SpinLock) void {
        if (builtin.single_threaded) return;
        self.held.store(false, .release);
    }
};
