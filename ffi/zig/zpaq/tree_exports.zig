//! The facts of many files for hosts, in one call: modes, owners, times to the nanosecond, links and extended attributes
//! are read of a whole directory, and set for a list of paths. Where the target has no such files every call answers
//! `parameter_unsupported`.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const names = @import("../core/linux_names.zig");
const result = @import("../core/result.zig");
const Path = @import("tree_path.zig").Path;
const Set = @import("tree_path.zig").Set;
const path_size_max = @import("tree_path.zig").path_size_max;
const File = files.File;
const Result = result.Result;
const Step = result.Step;

const invalid = Result.invalid_argument.code();
const unsupported = Result.parameter_unsupported.code();
const current_directory: File = .{ .descriptor = -100 };

/// One file: this record, its name or path, the content of a link, and its extended attributes, each as two u32 sizes,
/// name and value.
pub const Facts = extern struct {
    /// Bytes of the record and all that follows it.
    size: u32,
    /// Bytes of the name, and in the upper half those of the link.
    name_and_link_size: u32,
    /// Why the system says nothing; 0 where it does. To be set: bits of `Set`.
    errno: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    links: u32,
    nanoseconds: u32,
    seconds_low: u32,
    seconds_high: u32,
    bytes_low: u32,
    bytes_high: u32,
    inode_low: u32,
    inode_high: u32,
    device_low: u32,
    device_high: u32,
};

comptime {
    std.debug.assert(@sizeOf(Facts) == @sizeOf(names.Record));
}

fn finish(step: *Step, errno: files.Errno) i32 {
    step.detail = errno;
    return Result.system_call_failed.code();
}

/// Writes the records of all names in a directory; `output_too_small` where they do not fit.
fn list(source: ?[*]const u8, source_pos: u32, source_end: u32, target: ?[*]u8, target_pos: u32, target_end: u32, step: *Step) callconv(.c) i32 {
    step.* = .{};
    if (!files.is_supported) return unsupported;
    const text = result.sourceSlice(source, source_pos, source_end) orelse return invalid;
    const output = result.targetSlice(target, target_pos, target_end) orelse return invalid;
    if (output.len < names.room_min) return Result.output_too_small.code();
    var buffer: Path = .{};
    const path = buffer.of(text) orelse return invalid;
    const directory: File = switch (File.open(null, path.ptr, .{ .directory = true, .no_follow = true }, 0)) {
        .value => |descriptor| .{ .descriptor = @intCast(descriptor) },
        .failed => |errno| return finish(step, errno),
    };
    defer directory.close();
    switch (names.list(&directory, true, .attributes, output)) {
        .failed => |errno| return finish(step, errno),
        .written => |written| {
            step.produced = @intCast(written.count);
            return if (written.more) Result.output_too_small.code() else Result.ok.code();
        },
    }
}

/// Writes the records of all names in directories, whose paths each end with a zero. `results` gets two numbers each: why
/// it can't be listed or 0, and bytes of records. Stops before one that does not fit; `detail` is how many were listed.
fn listMany(
    source: ?[*]const u8,
    source_pos: u32,
    source_end: u32,
    target: ?[*]u8,
    target_pos: u32,
    target_end: u32,
    results: [*]u32,
    result_numbers: u32,
    step: *Step,
) callconv(.c) i32 {
    step.* = .{};
    if (!files.is_supported) return unsupported;
    var paths = result.sourceSlice(source, source_pos, source_end) orelse return invalid;
    const output = result.targetSlice(target, target_pos, target_end) orelse return invalid;
    while (paths.len > 0 and 2 * (step.detail + 1) <= result_numbers) {
        const end = std.mem.findScalar(u8, paths, 0) orelse return invalid;
        var inner: Step = undefined;
        const listed = list(paths.ptr, 0, @intCast(end), output.ptr, step.produced, @intCast(output.len), &inner);
        if (listed == Result.output_too_small.code()) break;
        if (listed != Result.ok.code() and listed != Result.system_call_failed.code()) return listed;
        results[2 * step.detail] = inner.detail;
        results[2 * step.detail + 1] = inner.produced;
        step.produced += inner.produced;
        step.detail += 1;
        paths = paths[end + 1 ..];
    }
    return Result.ok.code();
}

/// Writes the record of one path, a link not followed; `output_too_small` where it does not fit.
fn describe(source: ?[*]const u8, source_pos: u32, source_end: u32, target: ?[*]u8, target_pos: u32, target_end: u32, step: *Step) callconv(.c) i32 {
    step.* = .{};
    if (!files.is_supported) return unsupported;
    const text = result.sourceSlice(source, source_pos, source_end) orelse return invalid;
    const output = result.targetSlice(target, target_pos, target_end) orelse return invalid;
    if (output.len < names.room_min + path_size_max) return Result.output_too_small.code();
    var buffer: Path = .{};
    const path = buffer.of(text) orelse return invalid;
    const count = names.describe(&current_directory, path, .attributes, output) orelse return Result.output_too_small.code();
    if (count == 0) return finish(step, @intFromEnum(std.os.linux.E.NOENT));
    step.produced = @intCast(count);
    return Result.ok.code();
}

/// Sets the facts of paths, no link followed: for each record a number, 0 or the system's.
fn set(source: ?[*]const u8, source_pos: u32, source_end: u32, results: [*]u32, result_count: u32, step: *Step) callconv(.c) i32 {
    step.* = .{};
    if (!files.is_supported) return unsupported;
    const input = result.sourceSlice(source, source_pos, source_end) orelse return invalid;
    var at: usize = 0;
    var index: usize = 0;
    while (at < input.len) : (index += 1) {
        if (index >= result_count or input.len - at < @sizeOf(Facts)) return invalid;
        var facts: Facts = undefined;
        @memcpy(std.mem.asBytes(&facts), input[at..][0..@sizeOf(Facts)]);
        const name_size: usize = facts.name_and_link_size & 0xffff;
        const attributes_at: usize = @sizeOf(Facts) + name_size + (facts.name_and_link_size >> 16);
        if (facts.size > input.len - at or attributes_at > facts.size) return invalid;
        const record = input[at..][0..facts.size];
        var buffer: Path = .{};
        const path = buffer.of(record[@sizeOf(Facts)..][0..name_size]) orelse return invalid;
        if (path.len == 0 or facts.nanoseconds >= std.time.ns_per_s) return invalid;
        results[index] = apply(path, facts, record[attributes_at..]);
        at += facts.size;
    }
    step.detail = @intCast(index);
    return Result.ok.code();
}

fn apply(path: [:0]const u8, facts: Facts, attributes: []const u8) u32 {
    const what: Set = @bitCast(facts.errno);
    const values: names.Facts = .{
        .mode = facts.mode,
        .uid = facts.uid,
        .gid = facts.gid,
        .seconds = @bitCast(@as(u64, facts.seconds_high) << 32 | facts.seconds_low),
        .nanoseconds = facts.nanoseconds,
    };
    var failed: u32 = 0;
    // An owner takes capabilities away, and a mode may forbid what follows.
    if (what.owner) failed = names.setFacts(&current_directory, path, .{ .owner = true }, values) orelse 0;
    if (what.attributes) {
        const written = names.writeAttributesAt(path.ptr, attributes);
        if (written.is_invalid) failed = @intFromEnum(std.os.linux.E.INVAL);
        if (written.refused > 0) failed = written.errno;
    }
    if (what.mode or what.time) {
        failed = names.setFacts(&current_directory, path, .{ .mode = what.mode, .time = what.time }, values) orelse failed;
    }
    return failed;
}

pub const exports = .{
    .{ "sluice_zpaq_tree_list", list, .off_loop },
    .{ "sluice_zpaq_tree_list_many", listMany, .off_loop },
    .{ "sluice_zpaq_tree_describe", describe },
    .{ "sluice_zpaq_tree_set", set, .off_loop },
};

test "records that lie about their sizes are refused" {
    if (!files.is_supported) return;
    var step: Step = undefined;
    var results: [1]u32 = undefined;
    var facts = std.mem.zeroes(Facts);
    for ([_]u32{ 0, 1, @sizeOf(Facts) - 1, @sizeOf(Facts) + 1, 0xffff_ffff }) |size| {
        facts.size = size;
        facts.name_and_link_size = 1;
        const bytes = std.mem.asBytes(&facts);
        try std.testing.expectEqual(invalid, set(bytes, 0, bytes.len, &results, 1, &step));
    }
}
