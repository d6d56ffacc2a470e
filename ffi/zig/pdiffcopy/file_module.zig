//! The library module pdiffcopy_file: files of a copy; native only.

pub const name = "pdiffcopy_file";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("file_exports.zig").exports ++ @import("name_exports.zig").exports;
