//! Names and attributes for hosts: what an open directory holds, and what a file has beside its content. Where the
//! target has no such files every call answers `parameter_unsupported`.

const std = @import("std");
const files = @import("../core/linux_file.zig");
const names = @import("../core/linux_names.zig");
const result = @import("../core/result.zig");
const summaries = @import("directory_summary.zig");
const Path = @import("path.zig").Path;
const File = @import("../core/linux_file.zig").File;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Writes records of the names in a directory, as `names.Record` says; `output_pending` where names remain, which the
/// next call without `restart` writes. `output_too_small` where not even one would fit. With `attributes` the extended
/// attributes of a name follow its record, as `readAttributes` writes them.
fn list(self: *const File, restart: u32, attributes: u32, output: []u8, step: *Step) Result {
    if (output.len < names.room_min) return .output_too_small;
    switch (listAs(self, restart != 0, attributes, output)) {
        .failed => |errno| return step.systemCall(errno),
        .written => |written| {
            if (written.more and written.count == 0) return .output_too_small;
            step.produced = @intCast(written.count);
            return if (written.more) .output_pending else .ok;
        },
    }
}

fn listAs(directory: *const File, restart: bool, attributes: u32, output: []u8) names.Listed {
    return if (attributes != 0) names.list(directory, restart, .attributes, output) else names.list(directory, restart, .facts, output);
}

/// One directory of several: the records of its names follow.
const ListHead = extern struct {
    /// Why it could not be listed; 0 where it was.
    errno: u32 = 0,
    /// Bytes of the records.
    size: u32 = 0,
};

/// Lists directories of this one, whose names follow each other in the source, each ended by a zero: for each a
/// `ListHead`, and records as `list` writes them. Stops before one that does not fit whole; `value` is how many were
/// listed, 0 where not even the first fits.
fn listMany(self: *const File, wanted: []const u8, attributes: u32, output: []u8, step: *Step) Result {
    return writeMany(self, wanted, attributes, output, step, ListHead, listWhole);
}

/// As `listMany`, for summaries: for each a `Summary`, and the records of directories in it.
fn summarizeMany(self: *const File, wanted: []const u8, attributes: u32, output: []u8, step: *Step) Result {
    return writeMany(self, wanted, attributes, output, step, summaries.Summary, summarizeAs);
}

/// Writes what `write` says of directories: a head, and what it left behind that.
fn writeMany(
    self: *const File,
    wanted: []const u8,
    attributes: u32,
    output: []u8,
    step: *Step,
    comptime Head: type,
    comptime write: fn (*const File, u32, []u8) ?Head,
) Result {
    var at: usize = 0;
    var written: usize = 0;
    var count: u64 = 0;
    while (at < wanted.len and output.len - written >= @sizeOf(Head) + names.room_min) {
        const end = std.mem.findScalarPos(u8, wanted, at, 0) orelse return .invalid_argument;
        const rest = output[written + @sizeOf(Head) ..];
        const head: Head = switch (File.open(self, wanted[at..end :0], .{ .directory = true, .beneath = true, .no_follow = true }, 0)) {
            .failed => |errno| .{ .errno = errno },
            .value => |descriptor| found: {
                const directory: File = .{ .descriptor = @intCast(descriptor) };
                defer directory.close();
                break :found write(&directory, attributes, rest) orelse break;
            },
        };
        @memcpy(output[written..][0..@sizeOf(Head)], std.mem.asBytes(&head));
        written += @sizeOf(Head) + head.size;
        count += 1;
        at = end + 1;
    }
    step.produced = @intCast(written);
    step.setValue(count);
    return .ok;
}

/// Null where the output has no room for all of it.
fn listWhole(directory: *const File, attributes: u32, output: []u8) ?ListHead {
    return switch (listAs(directory, true, attributes, output)) {
        .failed => |errno| .{ .errno = errno },
        .written => |written| if (written.more) null else .{ .size = @intCast(written.count) },
    };
}

fn summarizeAs(directory: *const File, attributes: u32, output: []u8) ?summaries.Summary {
    return if (attributes != 0)
        summaries.summarize(directory, .attributes, output)
    else
        summaries.summarize(directory, .facts, output);
}

/// What `change` does to a name of a directory.
pub const Change = enum(u32) { make_directory = 0, make_link = 1, remove_directory = 2, make_pipe = 3, make_socket = 4, _ };

/// Does one change; `other` is the content of a link, `mode` that of a new directory, pipe or socket.
fn change(self: *const File, what: u32, source: []const u8, other: []const u8, mode: u32, step: *Step) Result {
    var name: Path = .{};
    var content: Path = .{};
    if (!name.set(source) or !content.set(other)) return .invalid_argument;
    return step.systemCall(switch (@as(Change, @enumFromInt(what))) {
        .make_directory => names.makeDirectory(self, name.pointer(), mode),
        .make_link => names.makeSymbolicLink(self, name.pointer(), content.pointer()),
        .remove_directory => names.removeDirectory(self, name.pointer()),
        .make_pipe => names.makePipe(self, name.pointer(), mode),
        .make_socket => names.makeSocket(self, name.pointer(), mode),
        _ => return .invalid_argument,
    });
}

/// Gives a file of this directory another name in a second one.
fn link(self: *const File, directory: *const File, source: []const u8, other: []const u8, step: *Step) Result {
    var old: Path = .{};
    var new: Path = .{};
    if (!old.set(source) or !new.set(other)) return .invalid_argument;
    return step.systemCall(names.makeHardLink(self, old.pointer(), directory, new.pointer()));
}

/// Sets mode, owner and time of a name, or of the open file itself where the name is empty.
fn setFacts(
    self: *const File,
    source: []const u8,
    what: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    seconds_low: u32,
    seconds_high: u32,
    nanoseconds: u32,
    step: *Step,
) Result {
    var name: Path = .{};
    if (!name.set(source)) return .invalid_argument;
    if (nanoseconds >= std.time.ns_per_s) return .invalid_argument;
    const facts: names.Facts = .{
        .mode = mode,
        .uid = uid,
        .gid = gid,
        .seconds = @bitCast(@as(u64, seconds_high) << 32 | seconds_low),
        .nanoseconds = nanoseconds,
    };
    return step.systemCall(names.setFacts(self, name.text(), @bitCast(what), facts));
}

/// Writes the extended attributes of a file: `produced` bytes; `output_too_small` where they do not fit.
fn readAttributes(self: *const File, output: []u8, step: *Step) Result {
    switch (names.readAttributes(self, output)) {
        .failed => |errno| return step.systemCall(errno),
        .too_small => return .output_too_small,
        .written => |count| step.produced = @intCast(count),
    }
    return .ok;
}

/// Makes the extended attributes of a file those of a list; `hint` is how many the system refused, `detail` why it
/// refused the last of them.
fn writeAttributes(self: *const File, input: []const u8, step: *Step) Result {
    const written = names.writeAttributes(self, input);
    if (written.is_invalid) return .invalid_argument;
    step.hint = written.refused;
    step.detail = written.errno;
    return .ok;
}

pub const exports = .{
    .{ "sluice_pdiffcopy_names_list", list, .off_loop },
    .{ "sluice_pdiffcopy_names_list_many", listMany, .off_loop },
    .{ "sluice_pdiffcopy_names_summarize_many", summarizeMany, .off_loop },
    .{ "sluice_pdiffcopy_names_change", change },
    .{ "sluice_pdiffcopy_names_link", link },
    .{ "sluice_pdiffcopy_names_set_facts", setFacts },
    .{ "sluice_pdiffcopy_names_read_attributes", readAttributes },
    .{ "sluice_pdiffcopy_names_write_attributes", writeAttributes },
};
