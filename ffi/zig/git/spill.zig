//! A temporary file for a delta base that does not fit the memory of a stream. It has no name once it is made, so that
//! nothing is left behind however the process ends.

const std = @import("std");
const files = @import("files.zig");

pub const Error = error{SpillFailed};

const path_size_max = 4096;

pub const Spill = struct {
    descriptor: i32,
    size: u64 = 0,

    /// A file in this folder; where files have no paths there is none.
    pub fn create(folder: []const u8) Error!Spill {
        if (!files.has_paths) return error.SpillFailed;
        var buffer: [path_size_max:0]u8 = undefined;
        var attempt: u32 = 0;
        while (attempt < 100) : (attempt += 1) {
            const name = std.fmt.bufPrintZ(&buffer, "{s}/sluice-{d}-{d}", .{ folder, std.c.getpid(), next.fetchAdd(1, .monotonic) }) catch
                return error.SpillFailed;
            const descriptor = std.c.open(name, .{ .ACCMODE = .RDWR, .CREAT = true, .EXCL = true, .CLOEXEC = true }, @as(std.c.mode_t, 0o600));
            if (descriptor < 0) {
                if (std.c.errno(descriptor) == .EXIST) continue;
                return error.SpillFailed;
            }
            _ = std.c.unlink(name);
            return .{ .descriptor = descriptor };
        }
        return error.SpillFailed;
    }

    pub fn close(self: *Spill) void {
        if (files.has_paths) _ = std.c.close(self.descriptor);
    }

    pub fn append(self: *Spill, bytes: []const u8) Error!void {
        if (!files.has_paths) return error.SpillFailed;
        var done: usize = 0;
        while (done < bytes.len) {
            const count = std.c.pwrite(self.descriptor, bytes.ptr + done, bytes.len - done, @intCast(self.size));
            if (count < 0) {
                if (std.c.errno(count) == .INTR) continue;
                return error.SpillFailed;
            }
            done += @intCast(count);
            self.size += @intCast(count);
        }
    }

    pub fn read(self: *const Spill, offset: u64, target: []u8) Error!void {
        if (!files.has_paths) return error.SpillFailed;
        var done: usize = 0;
        while (done < target.len) {
            const count = std.c.pread(self.descriptor, target.ptr + done, target.len - done, @intCast(offset + done));
            if (count < 0 and std.c.errno(count) == .INTR) continue;
            if (count <= 0) return error.SpillFailed;
            done += @intCast(count);
        }
    }
};

var next: std.atomic.Value(u32) = .init(0);

test "what is spilled comes back, and a folder that is not there is refused" {
    var spill = try Spill.create("/tmp");
    defer spill.close();
    try spill.append("one");
    try spill.append("two");
    var target: [4]u8 = undefined;
    try spill.read(2, &target);
    try std.testing.expectEqualStrings("etwo", &target);
    try std.testing.expectError(error.SpillFailed, spill.read(4, &target));
    try std.testing.expectError(error.SpillFailed, Spill.create("/nowhere at all"));
}
