//! The facts of many files for hosts, in one call: modes, owners, times to the nanosecond, links and extended attributes
//! are read of a whole directory, and set for a list of paths. Where the target has no such files every call answers
//! `parameter_unsupported`.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const names = @import("../core/linux_names.zig");
const result = @import("../core/result.zig");
const Path = @import("tree_path.zig").Path;
const setFacts = @import("tree_path.zig").setFacts;
const path_size_max = @import("tree_path.zig").path_size_max;
const File = files.File;
const Result = result.Result;
const Step = result.Step;

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

/// Writes the records of all names in a directory; `output_too_small` where they do not fit.
fn list(text: []const u8, output: []u8, step: *Step) Result {
    if (output.len < names.room_min) return .output_too_small;
    var buffer: Path = .{};
    const path = buffer.of(text) orelse return .invalid_argument;
    const directory: File = switch (File.open(null, path.ptr, .{ .directory = true, .no_follow = true }, 0)) {
        .value => |descriptor| .{ .descriptor = @intCast(descriptor) },
        .failed => |errno| return step.systemCall(errno),
    };
    defer directory.close();
    switch (names.list(&directory, true, .attributes, output)) {
        .failed => |errno| return step.systemCall(errno),
        .written => |written| {
            step.produced = @intCast(written.count);
            return if (written.more) .output_too_small else .ok;
        },
    }
}

/// Writes the records of all names in directories, whose paths each end with a zero. `results` gets two numbers each: why
/// it can't be listed or 0, and bytes of records. Stops before one that does not fit; `detail` is how many were listed.
fn listMany(source: []const u8, output: []u8, results: []u32, step: *Step) Result {
    var paths = source;
    while (paths.len > 0 and 2 * (step.detail + 1) <= results.len) {
        const end = std.mem.findScalar(u8, paths, 0) orelse return .invalid_argument;
        var inner: Step = .{};
        const listed = list(paths[0..end], output[step.produced..], &inner);
        if (listed == .output_too_small) break;
        if (listed != .ok and listed != .system_call_failed) return listed;
        results[2 * step.detail] = inner.detail;
        results[2 * step.detail + 1] = inner.produced;
        step.produced += inner.produced;
        step.detail += 1;
        paths = paths[end + 1 ..];
    }
    return .ok;
}

/// Writes the record of one path, a link not followed; `output_too_small` where it does not fit.
fn describe(text: []const u8, output: []u8, step: *Step) Result {
    if (output.len < names.room_min + path_size_max) return .output_too_small;
    var buffer: Path = .{};
    const path = buffer.of(text) orelse return .invalid_argument;
    const count = names.describe(&current_directory, path, .attributes, output) orelse return .output_too_small;
    if (count == 0) return step.systemCall(@intFromEnum(std.os.linux.E.NOENT));
    step.produced = @intCast(count);
    return .ok;
}

/// Sets the facts of paths, no link followed: for each record a number, 0 or the system's.
fn set(input: []const u8, results: []u32, step: *Step) Result {
    var at: usize = 0;
    var index: usize = 0;
    while (at < input.len) : (index += 1) {
        if (index >= results.len or input.len - at < @sizeOf(Facts)) return .invalid_argument;
        var facts: Facts = undefined;
        @memcpy(std.mem.asBytes(&facts), input[at..][0..@sizeOf(Facts)]);
        const name_size: usize = facts.name_and_link_size & 0xffff;
        const attributes_at: usize = @sizeOf(Facts) + name_size + (facts.name_and_link_size >> 16);
        if (facts.size > input.len - at or attributes_at > facts.size) return .invalid_argument;
        const record = input[at..][0..facts.size];
        var buffer: Path = .{};
        const path = buffer.of(record[@sizeOf(Facts)..][0..name_size]) orelse return .invalid_argument;
        if (path.len == 0 or facts.nanoseconds >= std.time.ns_per_s) return .invalid_argument;
        results[index] = apply(path, facts, record[attributes_at..]);
        at += facts.size;
    }
    step.detail = @intCast(index);
    return .ok;
}

fn apply(path: [:0]const u8, facts: Facts, attributes: []const u8) u32 {
    return setFacts(&current_directory, path, @bitCast(facts.errno), .ofRecord(facts), attributes);
}

pub const exports = .{
    .{ "sluice_zpaq_tree_list", list, .off_loop },
    .{ "sluice_zpaq_tree_list_many", listMany, .off_loop },
    .{ "sluice_zpaq_tree_describe", describe },
    .{ "sluice_zpaq_tree_set", set, .off_loop },
};

test "records that lie about their sizes are refused" {
    if (!files.is_supported) return;
    var step: Step = .{};
    var results: [1]u32 = undefined;
    var facts = std.mem.zeroes(Facts);
    for ([_]u32{ 0, 1, @sizeOf(Facts) - 1, @sizeOf(Facts) + 1, 0xffff_ffff }) |size| {
        facts.size = size;
        facts.name_and_link_size = 1;
        const bytes = std.mem.asBytes(&facts);
        try std.testing.expectEqual(.invalid_argument, set(bytes, &results, &step));
    }
}
