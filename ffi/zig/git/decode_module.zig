//! The library module git_decode: reading git packs and objects.

pub const name = "git_decode";

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("store_exports.zig").exports ++
    @import("scan_exports.zig").exports ++
    @import("codec_exports.zig").exports;

/// Numbers that both sides use; the meaning of each is at its declaration.
pub const constants = .{
    .{ "GIT_PAGE_SIZE", @import("files.zig").page_size },
    .{ "GIT_RECORD", @import("job_output.zig").Record },
    .{ "GIT_JOB_FLAG", @import("job_plan.zig").Flags },
    .{ "GIT_ANY_PACK", @import("job_plan.zig").none },
    .{ "GIT_ENTRY", @import("store_exports.zig").Entry },
    .{ "GIT_INDEX_LAYOUT", @import("index.zig").Layout },
    .{ "GIT_SCAN_ROW", @import("pack_scan.zig").Row },
    .{ "GIT_SCAN_FAULT", @import("pack_scan.zig").Fault },
};
