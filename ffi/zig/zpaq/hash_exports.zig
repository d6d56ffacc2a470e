//! SHA-1 and SHA-256 of content that passes in pieces, for an archiver that compares it with what an archive says.

const memory = @import("../core/memory.zig");
const result = @import("../core/result.zig");
const Sha1 = @import("../hash/sha1.zig").Sha1;
const Sha256 = @import("../hash/sha256.zig").Sha256;
const Result = @import("../core/result.zig").Result;

/// Which hash.
pub const Kind = struct {
    pub const sha1: u32 = 0;
    pub const sha256: u32 = 1;
};

/// Bytes of a digest; null for a kind that there is not.
pub fn sizeOf(kind: u32) ?usize {
    return switch (kind) {
        Kind.sha1 => Sha1.digest_length,
        Kind.sha256 => Sha256.digest_length,
        else => null,
    };
}

/// The digest of bytes, of a kind that there is.
pub fn hashOf(kind: u32, bytes: []const u8, output: []u8) void {
    if (kind == Kind.sha1) return Sha1.hash(bytes, output[0..Sha1.digest_length]);
    var state: Sha256 = .init(.{});
    state.update(bytes);
    state.final(output[0..Sha256.digest_length]);
}

const Hash = struct { state: union(enum) { sha1: Sha1, sha256: Sha256 } };

/// A hash of a `Kind`; null for another, or when there is no memory.
fn new(kind: u32) ?*Hash {
    if (sizeOf(kind) == null) return null;
    const self = memory.createContext(Hash) orelse return null;
    self.* = .{ .state = if (kind == Kind.sha1) .{ .sha1 = .init(.{}) } else .{ .sha256 = .init(.{}) } };
    return self;
}

/// Frees a hash; null is fine.
fn free(self: ?*Hash) void {
    memory.destroyContext(self orelse return);
}

fn update(self: *Hash, bytes: []const u8) Result {
    switch (self.state) {
        inline else => |*state| state.update(bytes),
    }
    return .ok;
}

/// The digest of the bytes so far, which may go on. Sets `produced`.
fn digest(self: *const Hash, output: []u8, step: *result.Step) Result {
    step.* = .{};
    switch (self.state) {
        inline else => |state| {
            const size = @TypeOf(state).digest_length;
            if (output.len < size) return .output_too_small;
            var copy = state;
            copy.final(output[0..size]);
            step.produced = size;
        },
    }
    return .ok;
}

pub const exports = .{
    .{ "sluice_zpaq_hash_new", new },
    .{ "sluice_zpaq_hash_free", free },
    .{ "sluice_zpaq_hash_update", update },
    .{ "sluice_zpaq_hash_digest", digest },
};
