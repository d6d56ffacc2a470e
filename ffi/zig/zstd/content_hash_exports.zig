//! XXH64 of content, whose low 32 bits are the checksum of zstd frames and seek tables.

const std = @import("std");
const memory_module = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const c = @import("common.zig").c;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

const ContentHash = struct {
    state: c.XXH64_state_t,
};

/// A hash of nothing so far, with seed 0; null when there is no memory.
fn new() ?*ContentHash {
    const self = memory_module.createContext(ContentHash) orelse return null;
    reset(self);
    return self;
}

/// Frees a hash; null is fine.
fn free(self: ?*ContentHash) void {
    memory_module.destroyContext(self orelse return);
}

/// Starts over.
fn reset(self: *ContentHash) void {
    _ = c.ZSTD_XXH64_reset(&self.state, 0);
}

/// Takes the next bytes in; they are not needed after the call.
fn update(self: *ContentHash, input: []const u8) Result {
    _ = c.ZSTD_XXH64_update(&self.state, input.ptr, input.len);
    return .ok;
}

/// The hash of all bytes so far, in `value`. More may follow.
fn digest(self: *const ContentHash, step: *Step) void {
    step.setValue(c.ZSTD_XXH64_digest(&self.state));
}

pub const exports = .{
    .{ "sluice_zstd_content_hash_new", new },
    .{ "sluice_zstd_content_hash_free", free },
    .{ "sluice_zstd_content_hash_reset", reset },
    .{ "sluice_zstd_content_hash_update", update },
    .{ "sluice_zstd_content_hash_digest", digest },
};

test "the hash is the published one, in one piece and in two" {
    var step: Step = .{};
    const self = new().?;
    defer free(self);
    digest(self, &step);
    try std.testing.expectEqual(0x51d8e999, step.value_low);
    try std.testing.expectEqual(0xef46db37, step.value_high);

    const content = "the quick brown fox jumps over the lazy dog, more than once";
    try std.testing.expectEqual(.ok, update(self, content[0..40]));
    try std.testing.expectEqual(.ok, update(self, content[40..]));
    digest(self, &step);
    const expected = std.hash.XxHash64.hash(0, content);
    try std.testing.expectEqual(@as(u32, @truncate(expected)), step.value_low);
    try std.testing.expectEqual(@as(u32, @truncate(expected >> 32)), step.value_high);

    reset(self);
    digest(self, &step);
    try std.testing.expectEqual(0x51d8e999, step.value_low);
}
