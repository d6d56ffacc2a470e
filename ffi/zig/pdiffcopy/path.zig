//! Names that come from a host, with the zero at their end that system calls need.

const std = @import("std");

const path_size_max = 4096;

pub const Path = struct {
    bytes: [path_size_max:0]u8 = undefined,
    size: usize = 0,

    /// False for a path that is too long, or has a zero inside.
    pub fn set(self: *Path, path: []const u8) bool {
        if (path.len >= path_size_max or std.mem.findScalar(u8, path, 0) != null) return false;
        @memcpy(self.bytes[0..path.len], path);
        self.bytes[path.len] = 0;
        self.size = path.len;
        return true;
    }

    pub fn pointer(self: *const Path) [*:0]const u8 {
        return &self.bytes;
    }

    pub fn text(self: *const Path) [:0]const u8 {
        return self.bytes[0..self.size :0];
    }
};
