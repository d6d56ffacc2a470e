//! The library module pdiffcopy_file: files of a copy; native only.

pub const name = "pdiffcopy_file";

/// Elsewhere every function says that it can't be used.
pub const is_supported = @import("../core/linux_file.zig").is_supported;

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("file_exports.zig").exports ++ @import("name_exports.zig").exports ++
    @import("small_file_exports.zig").exports ++ @import("rolling_file_exports.zig").exports;

/// Numbers that both sides use; the meaning of each is at its declaration.
pub const constants = .{
    .{ "OPEN", @import("../core/linux_file.zig").OpenFlags },
    .{ "ACTION", @import("file_exports.zig").Action },
    .{ "SMALL_FILE", @import("small_files.zig").Record },
    .{ "SMALL_FILE_WRITE", @import("small_files.zig").WriteFlags },
    .{ "DIRECTORY_SUMMARY", @import("directory_summary.zig").Summary },
    .{ "FILE_STATUS", @import("file_exports.zig").Status },
};
