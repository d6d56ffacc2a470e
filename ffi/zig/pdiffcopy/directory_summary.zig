//! What a directory holds in few bytes: the records of its directories, and a digest of everything else, so that two
//! sides tell equal directories without listing them.

const std = @import("std");
const names = @import("../core/linux_names.zig");
const File = @import("../core/linux_file.zig").File;
const Blake3 = std.crypto.hash.Blake3;
const Record = names.Record;

/// One directory; records of the directories in it follow, as `names.list` writes them.
pub const Summary = extern struct {
    /// Why it could not be listed; 0 where it was.
    errno: u32 = 0,
    /// Bytes of the records that follow.
    size: u32 = 0,
    /// Regular files in it.
    files: u32 = 0,
    /// Whether the digest tells all of it apart from its directories; else its names have to be listed.
    is_whole: u32 = 0,
    digest: [32]u8 = @splat(0),
};

const kind_mask = 0o170000;
const directory_kind = 0o040000;
const regular_kind = 0o100000;
const link_kind = 0o120000;

/// Summarizes a directory, and writes the records of those in it; null where the output has no room.
pub fn summarize(directory: *const File, comptime extent: names.Extent, output: []u8) ?Summary {
    // Places of records grow from the end down: 4 bytes for each, and a record takes more than 64.
    const room = output.len - output.len / 16;
    if (room < names.room_min) return null;
    const size = switch (names.list(directory, true, extent, output[0..room])) {
        .failed => |errno| return .{ .errno = errno },
        .written => |written| if (written.more) return null else written.count,
    };
    const records: Records = .{ .bytes = output[0..size] };
    const places = placesAt(output[room..]);
    var count: usize = 0;
    var summary: Summary = .{ .is_whole = 1 };
    var at: usize = 0;
    while (at < size) : (at += records.at(at).size) {
        const record = records.at(at);
        if (record.mode & kind_mask == directory_kind and record.errno == 0) continue;
        if (record.mode & kind_mask == regular_kind) summary.files += 1;
        if (!isToldByDigest(record, records.nameAt(at), extent)) summary.is_whole = 0;
        places[count] = @intCast(at);
        count += 1;
    }
    std.mem.sortUnstable(u32, places[0..count], records, Records.isBefore);
    var hasher = Blake3.init(.{});
    hasher.update("sluice names 1 " ++ @tagName(extent));
    for (places[0..count]) |place| records.hash(&hasher, place, extent);
    hasher.final(&summary.digest);
    summary.size = @intCast(records.keepDirectories());
    return summary;
}

fn placesAt(bytes: []u8) []u32 {
    const start = std.mem.alignForward(usize, @intFromPtr(bytes.ptr), @alignOf(u32)) - @intFromPtr(bytes.ptr);
    const aligned: []align(@alignOf(u32)) u8 = @alignCast(bytes[start..]);
    return std.mem.bytesAsSlice(u32, aligned[0 .. aligned.len / 4 * 4]);
}

/// Whether nobody has to look at a name that both sides have alike. Files with several names have to be looked at
/// together, unfinished copies are no content, and the rest can't be copied or not always.
fn isToldByDigest(record: Record, name: []const u8, comptime extent: names.Extent) bool {
    if (record.errno != 0 or isUnfinished(name)) return false;
    return switch (record.mode & kind_mask) {
        regular_kind => extent == .facts or record.links == 1,
        link_kind => true,
        else => false,
    };
}

fn isUnfinished(name: []const u8) bool {
    if (!std.mem.startsWith(u8, name, ".")) return false;
    for ([_][]const u8{ ".pdiff-part", ".pdiff-journal", ".pdiff-undo" }) |ending| {
        if (std.mem.endsWith(u8, name, ending)) return true;
    }
    return false;
}

/// Records of names, one after the other.
const Records = struct {
    bytes: []u8,

    fn at(self: Records, place: usize) Record {
        return std.mem.bytesToValue(Record, self.bytes[place..][0..@sizeOf(Record)]);
    }

    fn nameAt(self: Records, place: usize) []const u8 {
        const size = std.mem.bytesToValue(u16, self.bytes[place + @offsetOf(Record, "name_size") ..][0..2]);
        return self.bytes[place + @sizeOf(Record) ..][0..size];
    }

    fn isBefore(self: Records, a: u32, b: u32) bool {
        return std.mem.lessThan(u8, self.nameAt(a), self.nameAt(b));
    }

    /// Takes in all that copies carry of a name: sizes first, so that no two lists of names give the same bytes.
    fn hash(self: Records, hasher: *Blake3, place: u32, comptime extent: names.Extent) void {
        const record = self.at(place);
        const size = if (record.mode & kind_mask == regular_kind) record.bytes else 0;
        const owner: [2]u32 = if (extent == .attributes) .{ record.uid, record.gid } else .{ 0, 0 };
        const rest = self.bytes[place + @sizeOf(Record) .. place + record.size];
        var facts: [40]u8 = undefined;
        for ([_]u32{ @intCast(rest.len), record.name_size, record.link_size, record.mode, owner[0], owner[1] }, 0..) |value, index| {
            std.mem.writeInt(u32, facts[index * 4 ..][0..4], value, .little);
        }
        std.mem.writeInt(u64, facts[24..32], size, .little);
        std.mem.writeInt(i64, facts[32..40], record.seconds, .little);
        hasher.update(&facts);
        var nanoseconds: [4]u8 = undefined;
        std.mem.writeInt(u32, &nanoseconds, record.nanoseconds, .little);
        hasher.update(&nanoseconds);
        hasher.update(rest);
    }

    /// Moves the records of directories to the front; returns their bytes.
    fn keepDirectories(self: Records) usize {
        var kept: usize = 0;
        var place: usize = 0;
        while (place < self.bytes.len) {
            const record = self.at(place);
            const next = place + record.size;
            if (record.mode & kind_mask == directory_kind and record.errno == 0) {
                @memmove(self.bytes[kept..][0..record.size], self.bytes[place..next]);
                kept += record.size;
            }
            place = next;
        }
        return kept;
    }
};
