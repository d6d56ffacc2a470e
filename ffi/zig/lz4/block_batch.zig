//! Independent blocks that are decoded into one target on several threads.

const std = @import("std");
const common = @import("common.zig");
const c = @import("common.zig").c;

/// Jobs of `blocksDecompress`: where each block's data is, how much room its content has, what became of it.
pub const job_words = 5;

pub const job_pending = std.math.maxInt(u32) - 1;
const job_corrupt = std.math.maxInt(u32);

pub const Batch = struct {
    input: []const u8,
    output: []u8,
    jobs: []u32,
    next: std.atomic.Value(u32) = .init(0),
    /// Whether the content is hashed, in order, by whichever thread comes by.
    hash_content: bool,
    hash: c.XXH32_state_t,
    /// Whether a thread hashes; it alone touches `hash` and `hashed_count`.
    hashing: std.atomic.Value(bool) = .init(false),
    hashed_count: u32 = 0,

    /// Takes jobs until none is left. A job is: source position, size with the stored bit, target position, room, and
    /// in the end the size of the content, or 2^32 - 1 when the block is corrupt.
    pub fn work(self: *Batch) void {
        const count: u32 = @intCast(self.jobs.len / job_words);
        while (true) {
            const index = self.next.fetchAdd(1, .monotonic);
            if (index >= count) return;
            const job = self.jobAt(index);
            @atomicStore(u32, &job[4], self.decode(job) orelse job_corrupt, .release);
            if (self.hash_content) self.hashReady();
        }
    }

    fn jobAt(self: *Batch, index: u32) *[job_words]u32 {
        return self.jobs[index * job_words ..][0..job_words];
    }

    /// Hashes the content that is there, unless another thread does: what that one misses is found by the next.
    pub fn hashReady(self: *Batch) void {
        if (self.hashing.swap(true, .acquire)) return;
        defer self.hashing.store(false, .release);
        while (self.hashed_count * job_words < self.jobs.len) : (self.hashed_count += 1) {
            const job = self.jobAt(self.hashed_count);
            const size = @atomicLoad(u32, &job[4], .acquire);
            if (size == job_pending or size == job_corrupt) return;
            _ = c.LZ4_XXH32_update(&self.hash, self.output[job[2]..].ptr, size);
        }
    }

    fn decode(self: *Batch, job: *const [job_words]u32) ?u32 {
        const size = job[1] & ~common.stored_bit;
        if (job[0] > self.input.len or size > self.input.len - job[0]) return null;
        if (job[2] > self.output.len or job[3] > self.output.len - job[2]) return null;
        const data = self.input[job[0]..][0..size];
        const room = self.output[job[2]..][0..job[3]];
        if (job[1] & common.stored_bit != 0) {
            if (size > room.len) return null;
            @memcpy(room[0..size], data);
            return size;
        }
        if (room.len > common.int_max) return null;
        const length = c.LZ4_decompress_safe(data.ptr, room.ptr, @intCast(size), @intCast(room.len));
        return if (length < 0) null else @intCast(length);
    }
};
