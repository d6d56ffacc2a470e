//! Paths that hosts pass to the module of file facts, and how those facts are set.

const std = @import("std");
const names = @import("../core/linux_names.zig");
const File = @import("../core/linux_file.zig").File;

pub const path_size_max = 4096;

/// Which facts are set.
pub const Set = packed struct(u32) { owner: bool = false, mode: bool = false, time: bool = false, attributes: bool = false, rest: u28 = 0 };

/// Sets facts of a name, or of the open file itself where the name is empty. Returns the number of the last failure, or 0.
pub fn setFacts(file: *const File, name: [:0]const u8, what: Set, values: names.Facts, attributes: []const u8) u32 {
    var failed: u32 = 0;
    // An owner takes capabilities away, and a mode may forbid what follows.
    if (what.owner) failed = names.setFacts(file, name, .{ .owner = true }, values) orelse 0;
    if (what.attributes) {
        const written = if (name.len == 0)
            names.writeAttributes(file, attributes)
        else
            names.writeAttributesAt(name.ptr, attributes);
        if (written.is_invalid) failed = @intFromEnum(std.os.linux.E.INVAL);
        if (written.refused > 0) failed = written.errno;
    }
    return names.setFacts(file, name, .{ .mode = what.mode, .time = what.time }, values) orelse failed;
}

/// Room for a path with the zero that ends it.
pub const Path = struct {
    bytes: [path_size_max:0]u8 = undefined,

    /// Null for a path that is too long or has a zero.
    pub fn of(self: *Path, text: []const u8) ?[:0]const u8 {
        if (text.len >= path_size_max or std.mem.findScalar(u8, text, 0) != null) return null;
        @memcpy(self.bytes[0..text.len], text);
        self.bytes[text.len] = 0;
        return self.bytes[0..text.len :0];
    }
};
