//! C functions for hosts of ordinary functions of ours. A host passes a slice in parts: bytes as a pointer, a position and
//! an end, numbers as a pointer and a count. The parts are put together and checked here alone: where they make no slice,
//! the call ends with `invalid_argument`. Every call starts with an empty `Step`.

const std = @import("std");
const result = @import("result.zig");
const Result = result.Result;
const Step = result.Step;

/// What a host passes for a parameter.
fn partsOf(comptime T: type) []const type {
    return switch (T) {
        []const u8 => &.{ ?[*]const u8, u32, u32 },
        []u8 => &.{ ?[*]u8, u32, u32 },
        []const u32 => &.{ [*]const u32, u32 },
        []u32 => &.{ [*]u32, u32 },
        []const i32 => &.{ [*]const i32, u32 },
        else => &.{T},
    };
}

/// What a host passes for all parameters.
fn partsOfAll(comptime function: anytype) []const type {
    comptime var parts: []const type = &.{};
    inline for (@typeInfo(@TypeOf(function)).@"fn".params) |parameter| parts = parts ++ partsOf(parameter.type.?);
    return parts;
}

/// What a host gets: a result as its number, everything else as it is.
fn Answer(comptime T: type) type {
    return if (T == Result) i32 else T;
}

/// What a host gets in place of a call: nothing or 0 from a function that has no other answer.
fn refuse(comptime T: type, step: ?*Step, why: Result) Answer(T) {
    if (T == Result) return why.code();
    if (step) |it| it.setFailure(why);
    return if (@typeInfo(T) == .optional) null else std.mem.zeroes(T);
}

inline fn call(comptime function: anytype, comptime is_supported: bool, parts: anytype) Answer(@typeInfo(@TypeOf(function)).@"fn".return_type.?) {
    const info = @typeInfo(@TypeOf(function)).@"fn";
    const has_step = parts.len > 0 and @TypeOf(parts[parts.len -| 1]) == *Step;
    const step: ?*Step = if (has_step) parts[parts.len - 1] else null;
    if (step) |it| it.* = .{};
    const R = info.return_type.?;
    if (!is_supported) return refuse(R, step, .parameter_unsupported);
    var arguments: std.meta.ArgsTuple(@TypeOf(function)) = undefined;
    comptime var at = 0;
    inline for (info.params, 0..) |parameter, i| {
        const T = parameter.type.?;
        arguments[i] = switch (T) {
            []const u8 => result.sourceSlice(parts[at], parts[at + 1], parts[at + 2]) orelse return refuse(R, step, .invalid_argument),
            []u8 => result.targetSlice(parts[at], parts[at + 1], parts[at + 2]) orelse return refuse(R, step, .invalid_argument),
            []const u32, []u32, []const i32 => parts[at][0..parts[at + 1]],
            else => parts[at],
        };
        at += comptime partsOf(T).len;
    }
    const answer = @call(.auto, function, arguments);
    return if (@TypeOf(answer) == Result) answer.code() else answer;
}

/// A type whose `host` is the C function. Where `is_supported` is false it refuses all calls with `parameter_unsupported`,
/// and the function itself is not compiled.
pub fn CFunction(comptime function: anytype, comptime is_supported: bool) type {
    @setEvalBranchQuota(10_000);
    const P = partsOfAll(function);
    const R = Answer(@typeInfo(@TypeOf(function)).@"fn".return_type.?);
    const conv: std.builtin.CallingConvention = .c;
    // A function can't be given parameters by their number, so that there is one for each number.
    return switch (P.len) {
        0 => struct {
            pub fn host() callconv(conv) R {
                return call(function, is_supported, .{});
            }
        },
        1 => struct {
            pub fn host(a: P[0]) callconv(conv) R {
                return call(function, is_supported, .{a});
            }
        },
        2 => struct {
            pub fn host(a: P[0], b: P[1]) callconv(conv) R {
                return call(function, is_supported, .{ a, b });
            }
        },
        3 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c });
            }
        },
        4 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d });
            }
        },
        5 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e });
            }
        },
        6 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f });
            }
        },
        7 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g });
            }
        },
        8 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h });
            }
        },
        9 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i });
            }
        },
        10 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j });
            }
        },
        11 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k });
            }
        },
        12 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l });
            }
        },
        13 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11], m: P[12]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l, m });
            }
        },
        14 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11], m: P[12], n: P[13]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l, m, n });
            }
        },
        15 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11], m: P[12], n: P[13], o: P[14]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l, m, n, o });
            }
        },
        16 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11], m: P[12], n: P[13], o: P[14], p: P[15]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p });
            }
        },
        17 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11], m: P[12], n: P[13], o: P[14], p: P[15], q: P[16]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q });
            }
        },
        18 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11], m: P[12], n: P[13], o: P[14], p: P[15], q: P[16], r: P[17]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r });
            }
        },
        19 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11], m: P[12], n: P[13], o: P[14], p: P[15], q: P[16], r: P[17], s: P[18]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s });
            }
        },
        20 => struct {
            pub fn host(a: P[0], b: P[1], c: P[2], d: P[3], e: P[4], f: P[5], g: P[6], h: P[7], i: P[8], j: P[9], k: P[10], l: P[11], m: P[12], n: P[13], o: P[14], p: P[15], q: P[16], r: P[17], s: P[18], t: P[19]) callconv(conv) R {
                return call(function, is_supported, .{ a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t });
            }
        },
        else => @compileError("a function has more parts than any before: add a row"),
    };
}

/// The functions that a host calls, by their symbols: what tests call.
pub fn HostFunctions(comptime exports: anytype) type {
    return struct {
        pub fn get(comptime symbol: []const u8) @TypeOf(CFunction(exports[position(symbol)][1], true).host) {
            return CFunction(exports[position(symbol)][1], true).host;
        }

        fn position(comptime symbol: []const u8) comptime_int {
            for (exports, 0..) |row, i| if (std.mem.eql(u8, row[0], symbol)) return i;
            @compileError("no symbol " ++ symbol);
        }
    };
}

fn join(first: []const u8, numbers: []const u32, second: []u8, step: *Step) Result {
    step.produced += @intCast(first.len);
    if (second.len < first.len) return .output_too_small;
    @memcpy(second[0..first.len], first);
    for (numbers) |number| step.hint += number;
    return .ok;
}

test "parts are put together and checked, the step is new, a result is its number" {
    const host = CFunction(join, true).host;
    var target: [4]u8 = @splat('.');
    var step: Step = .{ .produced = 99, .hint = 99 };
    const numbers = [_]u32{ 1, 2, 40 };
    try std.testing.expectEqual(0, host("abcd", 1, 3, &numbers, 2, &target, 2, 4, &step));
    try std.testing.expectEqualStrings("..bc", &target);
    try std.testing.expectEqual(2, step.produced);
    try std.testing.expectEqual(3, step.hint);
    try std.testing.expectEqual(-3, host("abcd", 0, 3, &numbers, 0, &target, 2, 4, &step));
    for ([_][2]u32{ .{ 3, 1 }, .{ 0, 0 } }) |bad| {
        try std.testing.expectEqual(-4, host(if (bad[0] == 0) null else "abcd", bad[0], 1, &numbers, 0, &target, 0, 4, &step));
    }
    try std.testing.expectEqual(-4, host("abcd", 0, 0, &numbers, 0, &target, 4, 2, &step));
}

fn make(source: []const u8, step: *Step) ?*const u8 {
    step.hint = 1;
    return if (source.len == 0) null else &source[0];
}

test "an object that can't be made says why, and what is not supported is not called" {
    var step: Step = .{};
    try std.testing.expectEqual('b', CFunction(make, true).host("ab", 1, 2, &step).?.*);
    try std.testing.expectEqual(null, CFunction(make, true).host("ab", 2, 1, &step));
    try std.testing.expectEqual(Result.invalid_argument.code(), @as(i32, @bitCast(step.detail)));
    try std.testing.expectEqual(null, CFunction(make, false).host("ab", 1, 2, &step));
    try std.testing.expectEqual(Result.parameter_unsupported.code(), @as(i32, @bitCast(step.detail)));
    try std.testing.expectEqual(0, step.hint);
}
