//! The root of the library module zpaq_tree: an object of the native library.

pub const panic = @import("core/panic.zig").panic;

comptime {
    @import("abi.zig").exportModule(@import("zpaq/tree_module.zig"));
}
