//! What the threads of a job fill during one call: an arena of the host with bytes, and a table of records.

const std = @import("std");

pub const Record = extern struct {
    item: u32,
    result: i32,
    kind: u32,
    depth: u32,
    size_low: u32,
    size_high: u32,
    start: u32,
    pack: u32,
    offset_low: u32,
    offset_high: u32,
};
pub const record_length = @sizeOf(Record) / 4;

/// The host's arena and table, and what the call has to say in the end.
pub const Output = struct {
    arena: []u8,
    arena_used: std.atomic.Value(usize) = .init(0),
    records: []Record,
    record_count: std.atomic.Value(u32) = .init(0),
    /// The least room that an object needs which did not fit.
    wanted: std.atomic.Value(usize) = .init(0),
    waiting: std.atomic.Value(bool) = .init(false),
    /// The system had no memory for some object.
    exhausted: std.atomic.Value(bool) = .init(false),

    pub fn room(self: *Output, size: usize) ?[]u8 {
        var used = self.arena_used.load(.monotonic);
        while (true) {
            if (size > self.arena.len - used) {
                _ = self.wanted.fetchMax(size, .monotonic);
                return null;
            }
            used = self.arena_used.cmpxchgWeak(used, used + size, .monotonic, .monotonic) orelse
                return self.arena[used..][0..size];
        }
    }

    pub fn isFull(self: *Output) bool {
        return self.record_count.load(.monotonic) >= self.records.len;
    }

    pub fn record(self: *Output, value: Record) bool {
        const at = self.record_count.fetchAdd(1, .monotonic);
        if (at >= self.records.len) return false;
        self.records[at] = value;
        return true;
    }
};
