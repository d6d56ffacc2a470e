//! SHA-1 that finds out when content was made to collide: each block is tested for the traces that known attacks leave
//! (M. Stevens, "Counter-cryptanalysis", 2013). For data from outside; a third as fast as the processor's instructions.

const std = @import("std");
const c = @import("sha1dc_c");

/// A hash in progress.
pub const DetectingSha1 = struct {
    context: c.SHA1_CTX,

    pub fn init() DetectingSha1 {
        var self: DetectingSha1 = undefined;
        c.SHA1DCInit(&self.context);
        return self;
    }

    pub fn update(self: *DetectingSha1, bytes: []const u8) void {
        c.SHA1DCUpdate(&self.context, bytes.ptr, bytes.len);
    }

    pub fn final(self: *DetectingSha1, digest: *[20]u8) error{Collision}!void {
        if (c.SHA1DCFinal(digest, &self.context) != 0) return error.Collision;
    }
};

test "both kinds of SHA-1 agree at every length and split" {
    var bytes: [200]u8 = undefined;
    var random: std.Random.DefaultPrng = .init(5);
    random.fill(&bytes);
    for (0..bytes.len + 1) |size| {
        var expected: [20]u8 = undefined;
        std.crypto.hash.Sha1.hash(bytes[0..size], &expected, .{});
        var hash: DetectingSha1 = .init();
        hash.update(bytes[0 .. size / 3]);
        hash.update(bytes[size / 3 .. size]);
        var actual: [20]u8 = undefined;
        try hash.final(&actual);
        try std.testing.expectEqual(expected, actual);
    }
}
