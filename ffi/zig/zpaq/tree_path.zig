//! Paths that hosts pass to the module of file facts, and which facts they set.

const std = @import("std");

pub const path_size_max = 4096;

/// Which facts are set.
pub const Set = packed struct(u32) { owner: bool = false, mode: bool = false, time: bool = false, attributes: bool = false, rest: u28 = 0 };

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
