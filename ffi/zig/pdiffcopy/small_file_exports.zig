//! Many small files in one call, for hosts. Where the target has no such files every call answers
//! `parameter_unsupported`.

const files = @import("../core/linux_file.zig");
const small_files = @import("../core/linux_small_files.zig");
const result = @import("../core/result.zig");
const File = @import("../core/linux_file.zig").File;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

const invalid = Result.invalid_argument.code();
const unsupported = Result.parameter_unsupported.code();

/// Reads the files that records name below a directory, and writes records with their content: `consumed` bytes of the
/// source were used, `produced` written. `output_pending` where records of the source remain.
fn readAll(
    self: *const File,
    source: ?[*]const u8,
    source_pos: u32,
    source_end: u32,
    target: ?[*]u8,
    target_pos: u32,
    target_end: u32,
    step: *Step,
) callconv(.c) i32 {
    step.* = .{};
    if (!files.is_supported) return unsupported;
    const wanted = result.sourceSlice(source, source_pos, source_end) orelse return invalid;
    const output = result.targetSlice(target, target_pos, target_end) orelse return invalid;
    const done = small_files.readAll(self, wanted, output);
    step.consumed = @intCast(done.taken);
    step.produced = @intCast(done.written);
    return if (done.taken < wanted.len) Result.output_pending.code() else Result.ok.code();
}

/// Writes the files of records below a directory, under names that nothing has yet. `results` gets a number for each
/// record, 0 or the system's; `value` is how many there were.
fn writeAll(
    self: *const File,
    source: ?[*]const u8,
    source_pos: u32,
    source_end: u32,
    flags: u32,
    results: [*]u32,
    result_count: u32,
    step: *Step,
) callconv(.c) i32 {
    step.* = .{};
    if (!files.is_supported) return unsupported;
    const records = result.sourceSlice(source, source_pos, source_end) orelse return invalid;
    step.setValue(small_files.writeAll(self, records, @bitCast(flags), results[0..result_count]));
    return Result.ok.code();
}

pub const exports = .{
    .{ "sluice_pdiffcopy_small_files_read", readAll, .off_loop },
    .{ "sluice_pdiffcopy_small_files_write", writeAll, .off_loop },
};
