//! The library module zpaq_tree: what the system knows of the files of a backup; native only.

pub const name = "zpaq_tree";

/// Elsewhere every function says that it can't be used.
pub const is_supported = @import("../core/linux_file.zig").is_supported;

/// Every exported function with its symbol; `abi.zig` says what a row may hold.
pub const exports = @import("tree_exports.zig").exports ++ @import("tree_content.zig").exports ++ @import("tree_names.zig").exports;

/// Numbers that both sides use; the meaning of each is at its declaration.
pub const constants = .{
    .{ "FILE_FACTS", @import("tree_exports.zig").Facts },
    .{ "FILE_FACTS_SET", @import("tree_path.zig").Set },
    .{ "ZPAQ_CHANGE_FOLDER", @import("tree_names.zig").Kind.folder },
    .{ "ZPAQ_CHANGE_RENAME", @import("tree_names.zig").Kind.rename },
    .{ "ZPAQ_CHANGE_HARD_LINK", @import("tree_names.zig").Kind.hard_link },
    .{ "ZPAQ_CHANGE_SYMBOLIC_LINK", @import("tree_names.zig").Kind.symbolic_link },
    .{ "ZPAQ_CONTENT", @import("tree_content.zig").Content },
    .{ "ZPAQ_NEW_FILE", @import("tree_content.zig").NewFile },
    .{ "ZPAQ_WRITTEN", @import("tree_content.zig").Written },
    .{ "ZPAQ_CONTENT_TOO_LARGE", @import("tree_content.zig").too_large },
    .{ "ZPAQ_CONTENT_FRAGMENT_NUMBERS", @import("tree_content.zig").fragment_numbers },
};
