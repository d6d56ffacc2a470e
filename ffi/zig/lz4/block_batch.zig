//! Independent blocks that follow each other, decoded into one target on several threads.

const std = @import("std");
const block_format = @import("block.zig");
const common = @import("common.zig");
const c = @import("common.zig").c;

/// Blocks of one batch.
pub const jobs_max = 256;

/// What `Job.size` is before its block is decoded.
const job_pending = std.math.maxInt(u32) - 1;
/// What it is when the block does not decode into its room, whatever the reason.
const job_failed = std.math.maxInt(u32);

/// One block, and the room that its content has.
pub const Job = struct {
    data: []const u8,
    stored: bool,
    /// The checksum of `data`, where it is to be compared.
    checksum: ?u32,
    /// Bytes of the whole block with its word and checksum.
    input_size: usize,
    room: []u8,
    size: u32 = job_pending,

    /// The content, or null where the block failed.
    pub fn content(self: *const Job) ?[]u8 {
        return if (self.size == job_failed) null else self.room[0..self.size];
    }
};

/// The blocks, and what all of them share.
pub const Batch = struct {
    jobs: [jobs_max]Job = undefined,
    count: u32 = 0,
    /// The history of every block.
    dictionary: []const u8,
    /// Whether blocks must keep the rules that the decoder does not need; `block_max` is one of them.
    strict: bool,
    block_max: u32,
    /// The hash of the content up to the first block that failed, in order; null where none is wanted.
    hash: ?*c.XXH32_state_t,
    next: std.atomic.Value(u32) = .init(0),
    /// Whether a thread hashes; it alone touches `hash` and `hashed_count`.
    hashing: std.atomic.Value(bool) = .init(false),
    hashed_count: u32 = 0,

    pub fn add(self: *Batch, job: Job) void {
        self.jobs[self.count] = job;
        self.count += 1;
    }

    /// Decodes all blocks on up to so many threads.
    pub fn run(self: *Batch, threads: u32) void {
        common.runThreads(self, @min(threads, self.count));
        self.hashReady();
    }

    /// Takes jobs until none is left.
    pub fn work(self: *Batch) void {
        while (true) {
            const index = self.next.fetchAdd(1, .monotonic);
            if (index >= self.count) return;
            const job = &self.jobs[index];
            @atomicStore(u32, &job.size, self.decode(job) orelse job_failed, .release);
            self.hashReady();
        }
    }

    /// Hashes the content that is there, unless another thread does: what that one misses is found by the next.
    fn hashReady(self: *Batch) void {
        const hash = self.hash orelse return;
        if (self.hashing.swap(true, .acquire)) return;
        defer self.hashing.store(false, .release);
        while (self.hashed_count < self.count) : (self.hashed_count += 1) {
            const job = &self.jobs[self.hashed_count];
            const size = @atomicLoad(u32, &job.size, .acquire);
            if (size == job_pending or size == job_failed) return;
            _ = c.LZ4_XXH32_update(hash, job.room.ptr, size);
        }
    }

    fn decode(self: *const Batch, job: *const Job) ?u32 {
        const data = job.data;
        if (job.checksum) |expected| if (c.LZ4_XXH32(data.ptr, data.len, 0) != expected) return null;
        if (job.stored) {
            if (data.len > job.room.len) return null;
            @memcpy(job.room[0..data.len], data);
            return @intCast(data.len);
        }
        if (self.strict and !block_format.isStrict(data, self.dictionary.len, self.block_max)) return null;
        const size = c.LZ4_decompress_safe_usingDict(
            data.ptr,
            job.room.ptr,
            @intCast(data.len),
            @intCast(job.room.len),
            self.dictionary.ptr,
            @intCast(self.dictionary.len),
        );
        return if (size < 0) null else @intCast(size);
    }
};
