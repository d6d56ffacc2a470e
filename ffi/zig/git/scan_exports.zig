//! Walking packs that have no index, for hosts.

const result = @import("../core/result.zig");
const scans = @import("pack_scan.zig");
const Result = @import("../core/result.zig").Result;
const Scan = @import("pack_scan.zig").Scan;
const Step = @import("../core/result.zig").Step;

/// A walk over a pack of so many bytes and entries, none of them larger than allowed.
fn scanNew(hash_size: u32, size: f64, count: u32, object_size_max: f64) ?*Scan {
    if (hash_size != 20 and hash_size != 32) return null;
    if (!(size >= @as(f64, @floatFromInt(hash_size + 12)) and size < 1 << 53) or !(object_size_max >= 0)) return null;
    return Scan.create(.{
        .hash_size = hash_size,
        .size = @intFromFloat(size),
        .count = count,
        .object_size_max = if (object_size_max < 1 << 53) @intFromFloat(object_size_max) else 1 << 53,
    }) catch null;
}

fn scanFree(scan: ?*Scan) void {
    if (scan) |context| context.destroy();
}

/// Takes a window of the pack, and writes a `Row` for each entry that ends in it. Sets `consumed`, from where the next
/// window starts, and `produced`, the count of rows; `frame_end` when the checksum at the end was compared. Where the pack
/// is damaged, `detail` is a `Fault`, `value` the offset where the walk stopped, and `other` a number that goes with it.
fn scanPush(scan: *Scan, window: []const u8, table: []u32, step: *Step) Result {
    if (table.len < scans.row_length) return .invalid_argument;
    const rows: [*]scans.Row = @ptrCast(table.ptr);
    const progress = scan.push(window, rows[0 .. table.len / scans.row_length]) catch return .out_of_memory;
    step.consumed = @intCast(progress.consumed);
    step.produced = @intCast(progress.rows);
    step.detail = @intFromEnum(progress.fault);
    step.setValue(scan.position);
    step.setOther(progress.number);
    if (progress.fault != .none) return .corrupt;
    return if (progress.done) .frame_end else .ok;
}

pub const exports = .{
    .{ "sluice_git_scan_new", scanNew },
    .{ "sluice_git_scan_free", scanFree },
    .{ "sluice_git_scan_push", scanPush, .off_loop },
};
