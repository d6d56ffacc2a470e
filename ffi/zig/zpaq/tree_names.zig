//! Names that are no text for hosts whose files need one: folders, links and renames by the bytes of their paths, and
//! content by position. Linux only, as `tree_exports.zig`.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const result = @import("../core/result.zig");
const Path = @import("tree_path.zig").Path;
const File = files.File;
const Result = result.Result;
const Step = result.Step;
const linux = std.os.linux;

/// Kinds of `change`.
pub const Kind = struct {
    pub const folder: u32 = 0;
    pub const rename: u32 = 1;
    pub const hard_link: u32 = 2;
    pub const symbolic_link: u32 = 3;
};

fn finish(step: *Step, code: usize) Result {
    const signed: isize = @bitCast(code);
    return step.systemCall(if (signed < 0) @intCast(-signed) else null);
}

/// Makes a folder `to`, gives `from` the name `to` instead of its own or beside it, or makes a link `to` that leads to
/// `from`. With the system's number in `detail` where that fails.
fn change(kind: u32, from: []const u8, to: []const u8, step: *Step) Result {
    var first: Path = .{};
    var second: Path = .{};
    const old = first.of(from) orelse return .invalid_argument;
    const new = second.of(to) orelse return .invalid_argument;
    const current = linux.AT.FDCWD;
    return finish(step, switch (kind) {
        Kind.folder => linux.mkdirat(current, new.ptr, 0o777),
        Kind.rename => linux.renameat2(current, old.ptr, current, new.ptr, .{}),
        Kind.hard_link => linux.linkat(current, old.ptr, current, new.ptr, 0),
        Kind.symbolic_link => linux.symlinkat(old.ptr, current, new.ptr),
        else => return .invalid_argument,
    });
}

/// Reads a regular file from a position on, no link followed. Sets `produced`, which is less than the target at its end.
fn readAt(source: []const u8, offset_low: u32, offset_high: u32, output: []u8, step: *Step) Result {
    var buffer: Path = .{};
    const path = buffer.of(source) orelse return .invalid_argument;
    if (offset_high > std.math.maxInt(i31)) return .invalid_argument;
    const file: File = switch (File.open(null, path.ptr, .{ .no_follow = true }, 0)) {
        .value => |descriptor| .{ .descriptor = @intCast(descriptor) },
        .failed => |errno| return step.systemCall(errno),
    };
    defer file.close();
    const errno: ?files.Errno = switch (file.status()) {
        .value => |status| if (linux.S.ISREG(status.mode)) null else @intFromEnum(linux.E.INVAL),
        .failed => |number| number,
    };
    if (errno) |number| return step.systemCall(number);
    switch (file.read(@as(u64, offset_high) << 32 | offset_low, output)) {
        .value => |count| step.produced = @intCast(count),
        .failed => |number| return step.systemCall(number),
    }
    return .ok;
}

pub const exports = .{
    .{ "sluice_zpaq_tree_change", change },
    .{ "sluice_zpaq_tree_read_at", readAt, .off_loop },
};

test "what is no path or no kind is refused" {
    if (!files.is_supported) return;
    var step: Step = .{};
    try std.testing.expectEqual(.invalid_argument, change(99, "a", "b", &step));
    try std.testing.expectEqual(.invalid_argument, change(Kind.rename, "a\x00b", "b", &step));
    try std.testing.expectEqual(.system_call_failed, change(Kind.rename, "", "", &step));
    var target: [1]u8 = undefined;
    try std.testing.expectEqual(.invalid_argument, readAt("a", 0, 0xffff_ffff, &target, &step));
    try std.testing.expectEqual(.system_call_failed, readAt("/dev/zero", 0, 0, &target, &step));
    try std.testing.expectEqual(@intFromEnum(linux.E.INVAL), step.detail);
}
