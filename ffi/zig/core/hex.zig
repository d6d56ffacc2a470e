//! Bytes written as hex digits, read at compile time.

const std = @import("std");

pub fn hex(comptime text: []const u8) []const u8 {
    @setEvalBranchQuota(10_000);
    var bytes: [text.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&bytes, text) catch unreachable;
    const result = bytes;
    return &result;
}
