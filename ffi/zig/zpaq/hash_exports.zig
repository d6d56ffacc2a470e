//! SHA-1 of content that passes in pieces, for an archiver that compares it with the digest of a segment.

const memory = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const Sha1 = @import("../hash/sha1.zig").Sha1;
const Result = @import("../core/result.zig").Result;

const Hash = struct { state: Sha1 };

fn new() callconv(.c) ?*Hash {
    const self = memory.createContext(Hash) orelse return null;
    self.* = .{ .state = .init(.{}) };
    return self;
}

/// Frees a hash; null is fine.
fn free(self: ?*Hash) callconv(.c) void {
    memory.destroyContext(self orelse return);
}

fn update(self: *Hash, source: ?[*]const u8, source_pos: u32, source_end: u32) callconv(.c) i32 {
    const bytes = result.sourceSlice(source, source_pos, source_end) orelse return Result.invalid_argument.code();
    self.state.update(bytes);
    return Result.ok.code();
}

/// The digest of the bytes so far, which may go on. Sets `produced`.
fn digest(self: *const Hash, target: ?[*]u8, target_pos: u32, target_end: u32, step: *result.Step) callconv(.c) i32 {
    step.* = .{};
    const output = result.targetSlice(target, target_pos, target_end) orelse return Result.invalid_argument.code();
    if (output.len < Sha1.digest_length) return Result.output_too_small.code();
    var copy = self.state;
    copy.final(output[0..Sha1.digest_length]);
    step.produced = Sha1.digest_length;
    return Result.ok.code();
}

pub const exports = .{
    .{ "sluice_zpaq_hash_new", new },
    .{ "sluice_zpaq_hash_free", free },
    .{ "sluice_zpaq_hash_update", update },
    .{ "sluice_zpaq_hash_digest", digest },
};
