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

const invalid = Result.invalid_argument.code();
const unsupported = Result.parameter_unsupported.code();
const type_mask = 0o170000;
const regular_file = 0o100000;

/// Kinds of `change`.
pub const Kind = struct {
    pub const folder: u32 = 0;
    pub const rename: u32 = 1;
    pub const hard_link: u32 = 2;
    pub const symbolic_link: u32 = 3;
};

fn finish(step: *Step, code: usize) i32 {
    const signed: isize = @bitCast(code);
    if (signed >= 0) return Result.ok.code();
    step.detail = @intCast(-signed);
    return Result.system_call_failed.code();
}

/// Makes a folder `to`, gives `from` the name `to` instead of its own or beside it, or makes a link `to` that leads to
/// `from`. With the system's number in `detail` where that fails.
fn change(kind: u32, from: ?[*]const u8, from_pos: u32, from_end: u32, to: ?[*]const u8, to_pos: u32, to_end: u32, step: *Step) callconv(.c) i32 {
    step.* = .{};
    if (!files.is_supported) return unsupported;
    var first: Path = .{};
    var second: Path = .{};
    const old = first.of(result.sourceSlice(from, from_pos, from_end) orelse return invalid) orelse return invalid;
    const new = second.of(result.sourceSlice(to, to_pos, to_end) orelse return invalid) orelse return invalid;
    const current = linux.AT.FDCWD;
    return finish(step, switch (kind) {
        Kind.folder => linux.mkdirat(current, new.ptr, 0o777),
        Kind.rename => linux.renameat2(current, old.ptr, current, new.ptr, .{}),
        Kind.hard_link => linux.linkat(current, old.ptr, current, new.ptr, 0),
        Kind.symbolic_link => linux.symlinkat(old.ptr, current, new.ptr),
        else => return invalid,
    });
}

/// Reads a regular file from a position on, no link followed. Sets `produced`, which is less than the target at its end.
fn readAt(
    source: ?[*]const u8,
    source_pos: u32,
    source_end: u32,
    offset_low: u32,
    offset_high: u32,
    target: ?[*]u8,
    target_pos: u32,
    target_end: u32,
    step: *Step,
) callconv(.c) i32 {
    step.* = .{};
    if (!files.is_supported) return unsupported;
    var buffer: Path = .{};
    const path = buffer.of(result.sourceSlice(source, source_pos, source_end) orelse return invalid) orelse return invalid;
    const output = result.targetSlice(target, target_pos, target_end) orelse return invalid;
    if (offset_high > std.math.maxInt(i31)) return invalid;
    const file: File = switch (File.open(null, path.ptr, .{ .no_follow = true }, 0)) {
        .value => |descriptor| .{ .descriptor = @intCast(descriptor) },
        .failed => |errno| {
            step.detail = errno;
            return Result.system_call_failed.code();
        },
    };
    defer file.close();
    const errno: ?files.Errno = switch (file.status()) {
        .value => |status| if (status.mode & type_mask == regular_file) null else @intFromEnum(linux.E.INVAL),
        .failed => |number| number,
    };
    if (errno) |number| {
        step.detail = number;
        return Result.system_call_failed.code();
    }
    switch (file.read(@as(u64, offset_high) << 32 | offset_low, output)) {
        .value => |count| step.produced = @intCast(count),
        .failed => |number| {
            step.detail = number;
            return Result.system_call_failed.code();
        },
    }
    return Result.ok.code();
}

pub const exports = .{
    .{ "sluice_zpaq_tree_change", change },
    .{ "sluice_zpaq_tree_read_at", readAt, .off_loop },
};

test "what is no path or no kind is refused" {
    if (!files.is_supported) return;
    var step: Step = undefined;
    try std.testing.expectEqual(invalid, change(99, "a", 0, 1, "b", 0, 1, &step));
    try std.testing.expectEqual(invalid, change(Kind.rename, "a\x00b", 0, 3, "b", 0, 1, &step));
    try std.testing.expectEqual(Result.system_call_failed.code(), change(Kind.rename, "", 0, 0, "", 0, 0, &step));
    var target: [1]u8 = undefined;
    try std.testing.expectEqual(invalid, readAt("a", 0, 1, 0, 0xffff_ffff, &target, 0, 1, &step));
    try std.testing.expectEqual(Result.system_call_failed.code(), readAt("/dev/zero", 0, 9, 0, 0, &target, 0, 1, &step));
    try std.testing.expectEqual(@intFromEnum(linux.E.INVAL), step.detail);
}
