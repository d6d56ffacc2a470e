//! Input and output errors on demand, for tests: loaded before the system's C library, it fails writes to files below
//! `SLUICE_FAULT_FOLDER` after the first `SLUICE_FAULT_BYTES` bytes of the process with the error `SLUICE_FAULT_ERRNO`.

const std = @import("std");
const linux = std.os.linux;

extern fn getenv(name: [*:0]const u8) ?[*:0]const u8;
extern fn __errno_location() *c_int;

var written = std.atomic.Value(u64).init(0);

fn number(name: [*:0]const u8) u64 {
    const text = getenv(name) orelse return 0;
    return std.fmt.parseInt(u64, std.mem.span(text), 10) catch 0;
}

/// Whether a descriptor is open on a file below the folder.
fn concerns(fd: c_int) bool {
    const folder = std.mem.span(getenv("SLUICE_FAULT_FOLDER") orelse return false);
    var link: [64]u8 = undefined;
    const name = std.fmt.bufPrintZ(&link, "/proc/self/fd/{d}", .{fd}) catch return false;
    var path: [4096]u8 = undefined;
    const size = linux.readlink(name, &path, path.len);
    return linux.errno(size) == .SUCCESS and std.mem.startsWith(u8, path[0..size], folder);
}

fn fails(fd: c_int, size: usize) bool {
    if (!concerns(fd)) return false;
    return written.fetchAdd(size, .monotonic) + size > number("SLUICE_FAULT_BYTES");
}

fn finish(result: usize) isize {
    const code = linux.errno(result);
    if (code == .SUCCESS) return @bitCast(result);
    __errno_location().* = @intFromEnum(code);
    return -1;
}

fn fault() isize {
    __errno_location().* = @intCast(number("SLUICE_FAULT_ERRNO"));
    return -1;
}

export fn write(fd: c_int, bytes: [*]const u8, size: usize) isize {
    return if (fails(fd, size)) fault() else finish(linux.write(fd, bytes, size));
}

export fn pwrite64(fd: c_int, bytes: [*]const u8, size: usize, offset: i64) isize {
    return if (fails(fd, size)) fault() else finish(linux.pwrite(fd, bytes, size, offset));
}

export fn writev(fd: c_int, parts: [*]const std.posix.iovec_const, count: c_int) isize {
    var size: usize = 0;
    for (parts[0..@intCast(count)]) |part| size += part.len;
    return if (fails(fd, size)) fault() else finish(linux.writev(fd, parts, @intCast(count)));
}

export fn fsync(fd: c_int) c_int {
    return if (fails(fd, 0)) @intCast(fault()) else @intCast(finish(linux.fsync(fd)));
}

export fn fdatasync(fd: c_int) c_int {
    return if (fails(fd, 0)) @intCast(fault()) else @intCast(finish(linux.fdatasync(fd)));
}
