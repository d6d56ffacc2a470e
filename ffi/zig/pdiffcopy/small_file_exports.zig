//! Many small files in one call, for hosts. Where the target has no such files every call answers
//! `parameter_unsupported`.

const files = @import("../core/linux_file.zig");
const small_files = @import("small_files.zig");
const hashing = @import("hash.zig");
const result = @import("../core/result.zig");
const File = @import("../core/linux_file.zig").File;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Reads the files that records name below a directory, and writes records with their digests, and with their content
/// unless `content` is 0: `consumed` bytes of the source were used, `produced` written. `output_pending` where records of
/// the source remain.
fn readAll(
    self: *const File,
    wanted: []const u8,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    content: u32,
    output: []u8,
    step: *Step,
) Result {
    const spec = hashing.Spec.init(id, seed_low, seed_high) orelse return .invalid_argument;
    if (!small_files.isUsable(spec)) return .invalid_argument;
    const done = small_files.readAll(self, wanted, output, spec, content != 0);
    step.consumed = @intCast(done.taken);
    step.produced = @intCast(done.written);
    return if (done.taken < wanted.len) .output_pending else .ok;
}

/// Writes the files of records below a directory, which must have the digests of their records. `results` gets a number for each
/// record, 0 or the system's; `value` is how many there were.
fn writeAll(
    self: *const File,
    records: []const u8,
    id: u32,
    seed_low: u32,
    seed_high: u32,
    flags: u32,
    results: []u32,
    step: *Step,
) Result {
    const spec = hashing.Spec.init(id, seed_low, seed_high) orelse return .invalid_argument;
    if (!small_files.isUsable(spec)) return .invalid_argument;
    step.setValue(small_files.writeAll(self, records, spec, @bitCast(flags), results));
    return .ok;
}

pub const exports = .{
    .{ "sluice_pdiffcopy_small_files_read", readAll, .off_loop },
    .{ "sluice_pdiffcopy_small_files_write", writeAll, .off_loop },
};
