//! What both directions of lz4 share: the C declarations and the state of an XXH32 as plain numbers.

const std = @import("std");
pub const c = @import("lz4_c");
const builtin = @import("builtin");

/// A block word with this bit holds stored bytes.
pub const stored_bit: u32 = 1 << 31;
/// Matches reach back at most 65,535 bytes; contexts keep one more.
pub const window_size = 64 * 1024;
/// No more goes through one call of the C library, which counts in `int`.
pub const int_max: usize = std.math.maxInt(c_int);

pub fn newHash() c.XXH32_state_t {
    var hash: c.XXH32_state_t = undefined;
    _ = c.LZ4_XXH32_reset(&hash, 0);
    return hash;
}

/// How many u32 a hash state takes: total low, total high, four accumulators, 16 bytes of tail.
pub const hash_words = 10;

/// The state of a hash as plain numbers; the tail counts `total mod 16` bytes.
pub fn saveHash(hash: *const c.XXH32_state_t, total: u64, words: *[hash_words]u32) void {
    words.* = .{ @truncate(total), @truncate(total >> 32), hash.v1, hash.v2, hash.v3, hash.v4, 0, 0, 0, 0 };
    const tail = std.mem.sliceAsBytes(words[6..]);
    const held = std.mem.sliceAsBytes(hash.mem32[0..]);
    const size: usize = @intCast(total % 16);
    @memcpy(tail[0..size], held[0..size]);
}

/// The hash that such numbers stand for; any numbers make a usable one.
pub fn loadHash(words: *const [hash_words]u32) c.XXH32_state_t {
    var hash = newHash();
    const total = @as(u64, words[1]) << 32 | words[0];
    hash.total_len_32 = words[0];
    hash.large_len = @intFromBool(total >= 16);
    hash.v1 = words[2];
    hash.v2 = words[3];
    hash.v3 = words[4];
    hash.v4 = words[5];
    for (&hash.mem32, words[6..10]) |*word, value| word.* = value;
    hash.memsize = @intCast(total % 16);
    return hash;
}

const threads_max = 64;
/// Whether work can be shared by threads at all.
pub const has_threads = !builtin.single_threaded and !builtin.target.cpu.arch.isWasm();

/// Calls `batch.work()` on this thread and on up to `threads - 1` others, and waits for all. A thread that can't be had
/// is done without: the others take its work.
pub fn runThreads(batch: anytype, threads: u32) void {
    if (!has_threads) return batch.work();
    var others: [threads_max]std.Thread = undefined;
    const wanted = @min(threads -| 1, threads_max);
    var count: usize = 0;
    while (count < wanted) : (count += 1) {
        others[count] = std.Thread.spawn(.{}, @TypeOf(batch.*).work, .{batch}) catch break;
    }
    batch.work();
    for (others[0..count]) |thread| thread.join();
}

test "a hash goes on from its numbers" {
    var content: [1000]u8 = undefined;
    for (&content, 0..) |*byte, i| byte.* = @truncate(i * 7);
    for (0..content.len) |cut| {
        var hash = newHash();
        _ = c.LZ4_XXH32_update(&hash, &content, cut);
        var words: [hash_words]u32 = undefined;
        saveHash(&hash, cut, &words);
        var copy = loadHash(&words);
        _ = c.LZ4_XXH32_update(&copy, content[cut..].ptr, content.len - cut);
        try std.testing.expectEqual(c.LZ4_XXH32(&content, content.len, 0), c.LZ4_XXH32_digest(&copy));
    }
}
