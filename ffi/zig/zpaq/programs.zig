//! The post-processors that zpaq 7 stores in its archives, in the bytes it stores, so that archives come out equal; a
//! decoder knows them by these bytes and does their work natively.

const std = @import("std");
const hex = @import("../core/hex.zig").hex;

/// No stored program is longer.
pub const size_max = 512;

pub const Transform = enum { bit_lz77, byte_lz77, bwt, e8e9 };

/// A stored program, told apart from others by its bytes.
pub const Known = struct {
    transform: Transform,
    /// Whether E8E9 is undone after the transform.
    e8e9: bool = false,
    /// Low bits of offsets, or the least length of a match.
    parameter: u8 = 0,
};

const Program = struct {
    known: Known,
    code: []const u8,
    /// Places of operands that depend on the parameter.
    holes: []const Hole = &.{},
};

const Hole = struct { at: u16, value: enum { parameter, parameter_less_one, all_ones } };

/// Operands of the bit codes for large blocks, moved by how many bytes stand in front.
fn largeHoles(comptime move: u16) []const Hole {
    return &.{
        .{ .at = 156 + move, .value = .parameter_less_one },
        .{ .at = 161 + move, .value = .all_ones },
        .{ .at = 208 + move, .value = .all_ones },
        .{ .at = 166 + move, .value = .parameter },
        .{ .at = 170 + move, .value = .parameter },
        .{ .at = 203 + move, .value = .parameter },
    };
}

const programs = [_]Program{
    .{
        .known = .{ .transform = .bit_lz77 },
        .code = hex("" ++
            "efff2f0d040c141c370137023703370438cb8250470883580701df002f334701370242af03ef002f1e02cf03370342d70250" ++
            "0f03af0781370342d70350438f0558470137013f0a42d702501a1a470337010701df012f3d43ef022f3842af01df012f1542" ++
            "d701500f0242af018181370242d701501a1a3f1a42d701500702cf024842af0381370242d702501a1a1a470237013fbd0701" ++
            "df022f390703eb27344237064337070f034701c95802aa83580f04418b501f0243ef002f081a45601109393ff34137040706" ++
            "0f03d150070789580437010701df032f2b43ef012f2642af01df012f1442d701500f02af018181370242d701501a1a3f0942" ++
            "d701501a470437013fcf0701df042f2243ef072f1d0f044260390941370442d70850438f08580702023702df002f03043701" ++
            "3800"),
    },
    .{
        .known = .{ .transform = .bit_lz77 },
        .code = hex("" ++
            "efff2f0d040c141c370137023703370438cb8250470883580701df002f334701370242af03ef002f1e02cf03370342d70250" ++
            "0f03af0781370342d70350438f0558470137013f0a42d702501a1a470337010701df012f3d43ef022f3842af01df012f1542" ++
            "d701500f0242af018181370242d701501a1a3f1a42d701500702cf024842af0381370242d702501a1a1a470537013fbd0701" ++
            "df052f1643ef002f1142af01370542d70150438f0158470237010701df022f400703eb273b4237064337070f034701c95802" ++
            "aa83cf011f05838f01580f04418b501f0243ef002f081a45601109393ff341370407060f03d150070789580437010701df03" ++
            "2f2b43ef012f2642af01df012f1442d701500f02af018181370242d701501a1a3f0942d701501a470437013fcf0701df042f" ++
            "2243ef072f1d0f044260390941370442d70850438f08580702023702df002f030437013800"),
        .holes = largeHoles(0),
    },
    .{
        .known = .{ .transform = .bit_lz77, .e8e9 = true },
        .code = hex("" ++
            "efff2f490c1f0441db27358704e32f2b44affedfe82f2451090909094401affedf002f160a440acf08840acf0884890160d7" ++
            "080960d7080960094a4439093fc7040c141c370137023703370438cb8250470883580701df002f334701370242af03ef002f" ++
            "1e02cf03370342d702500f03af0781370342d70350438f0558470137013f0a42d702501a1a470337010701df012f3d43ef02" ++
            "2f3842af01df012f1542d701500f0242af018181370242d701501a1a3f1a42d701500702cf024842af0381370242d702501a" ++
            "1a1a470237013fbd0701df022f380703eb27334237064337070f034701c95802aa83580f04418b501f0243ef002f071a4560" ++
            "11093ff441370407060f03d150070789580437010701df032f2b43ef012f2642af01df012f1442d701500f02af0181813702" ++
            "42d701501a1a3f0942d701501a470437013fcf0701df042f2143ef072f1c0f0442600941370442d70850438f085807020237" ++
            "02df002f030437013800"),
    },
    .{
        .known = .{ .transform = .bit_lz77, .e8e9 = true },
        .code = hex("" ++
            "efff2f490c1f0441db27358704e32f2b44affedfe82f2451090909094401affedf002f160a440acf08840acf0884890160d7" ++
            "080960d7080960094a4439093fc7040c141c370137023703370438cb8250470883580701df002f334701370242af03ef002f" ++
            "1e02cf03370342d702500f03af0781370342d70350438f0558470137013f0a42d702501a1a470337010701df012f3d43ef02" ++
            "2f3842af01df012f1542d701500f0242af018181370242d701501a1a3f1a42d701500702cf024842af0381370242d702501a" ++
            "1a1a470537013fbd0701df052f1643ef002f1142af01370542d70150438f0158470237010701df022f3f0703eb273a423706" ++
            "4337070f034701c95802aa83cf011f05838f01580f04418b501f0243ef002f071a456011093ff441370407060f03d1500707" ++
            "89580437010701df032f2b43ef012f2642af01df012f1442d701500f02af018181370242d701501a1a3f0942d701501a4704" ++
            "37013fcf0701df042f2143ef072f1c0f0442600941370442d70850438f08580702023702df002f030437013800"),
        .holes = largeHoles(60),
    },
    .{
        .known = .{ .transform = .byte_lz77 },
        .code = hex("" ++
            "efff2f090c141c0437013702385043df002f1e42d7060158df012f088237010437023f0b1942af3f870c37010437023f39df" ++
            "012f1042600939070102df002f011c37013f25ef022f0a0702cf08ba37021a3f170702cf08ba50418a02501f014560110939" ++
            "1a43ef0027f53800"),
        .holes = &.{.{ .at = 41, .value = .parameter }},
    },
    .{
        .known = .{ .transform = .byte_lz77, .e8e9 = true },
        .code = hex("" ++
            "efff2f44590c41db27358704e32f2b44affedfe82f2451090909094401affedf002f160a440acf08840acf0884890160d708" ++
            "0960d7080960094a4439093fc70c141c0437013702385043df002f1e42d7060158df012f088237010437023f0b1942af3f87" ++
            "0c37010437023f37df012f0f426009070102df002f011c37013f24ef022f0a0702cf08ba37021a3f160702cf08ba50418a02" ++
            "501f01456011091a43ef0027f63800"),
        .holes = &.{.{ .at = 100, .value = .parameter }},
    },
    .{
        .known = .{ .transform = .bwt },
        .code = hex("" ++
            "efff27056009ff79000a440acf08840acf08840acf088450370141370241ef002f0a0a4401afff581b313ff11c1b77010486" ++
            "701a1803efff03182ff50c42e92f095c1b315e1a71093ff34a09170242e92f095c1b315e1a71093ff30c42e92f095946cf08" ++
            "8470093ff31f010c43df00270846d7085846393ff33800"),
    },
    .{
        .known = .{ .transform = .bwt, .parameter = 1 },
        .code = hex("" ++
            "efff27056009ff68000a440acf08840acf08840acf088450370141370241ef002f0a0a4401afff581b313ff11c1b77010486" ++
            "701a1803efff03182ff50c42e92f095c1b315e1a71093ff34a09170242e92f095c1b315e1a71093ff31f0143df0027065e4b" ++
            "44393ff53800"),
    },
    .{
        .known = .{ .transform = .bwt, .e8e9 = true },
        .code = hex("" ++
            "efff27056009ffb4000a440acf08840acf08840acf088450370141370241ef002f0a0a4401afff581b313ff11c1b77010486" ++
            "701a1803efff03182ff50c42e92f095c1b315e1a71093ff34a09170242e92f095c1b315e1a71093ff30c42e92f095946cf08" ++
            "8470093ff31f010c43df00270846d7085866093ff3590c41db27358704e32f2b44affedfe82f2451090909094401affedf00" ++
            "2f160a440acf08840acf0884890160d7080960d7080960094a4439093fc73800"),
    },
    .{
        .known = .{ .transform = .bwt, .e8e9 = true, .parameter = 1 },
        .code = hex("" ++
            "efff27056009ffd1000a440acf08840acf08840acf088450370141370241ef002f0a0a4401afff581b313ff11c1b77010486" ++
            "701a1803efff03182ff50c42e92f095c1b315e1a71093ff34a09170242e92f095c1b315e1a71093ff30702023702141f0143" ++
            "df0027425e4b44cf184807043705d708b9370442ef032f230705affedfe82f1b0704d7184801affee7022f0f07048a8704cf" ++
            "08d70808cf1881370442ef032f03070539113fb90f0442ef03412f0139d7084842ef02412f0139d7084842ef01412f0139d7" ++
            "084842ef00412f01393800"),
    },
    .{
        .known = .{ .transform = .e8e9, .e8e9 = true },
        .code = hex("" ++
            "efff2f2142ef042f0457043f09038705cf035841d34842ef002f084139d70848123ff33f3161cf185841d70883481142ef04" ++
            "2f224439affedfe82f1a41d71801affedf002f1041d718cf1858418a8705cf08d708bb483800"),
    },
};

fn holeValue(hole: Hole, parameter: u8) u8 {
    return switch (hole.value) {
        .parameter => parameter,
        .parameter_less_one => parameter -% 1,
        .all_ones => if (parameter < 8) (@as(u8, 1) << @intCast(parameter)) - 1 else 255,
    };
}

fn parameterOf(program: Program, code: []const u8) u8 {
    for (program.holes) |hole| if (hole.value == .parameter) return code[hole.at];
    return program.known.parameter;
}

/// Which of the programs this is, if any.
pub fn recognize(code: []const u8) ?Known {
    for (programs) |program| {
        if (program.code.len != code.len) continue;
        var known = program.known;
        known.parameter = parameterOf(program, code);
        if (known.transform == .bit_lz77 and (known.parameter > 7 or (known.parameter == 0) != (program.holes.len == 0))) continue;
        var bytes: [size_max]u8 = undefined;
        write(program, known.parameter, bytes[0..code.len]);
        if (std.mem.eql(u8, bytes[0..code.len], code)) return known;
    }
    return null;
}

fn write(program: Program, parameter: u8, target: []u8) void {
    @memcpy(target, program.code);
    for (program.holes) |hole| target[hole.at] = holeValue(hole, parameter);
}

test "programs are known by their bytes, whatever their operands" {
    for (programs) |program| {
        try std.testing.expectEqual(program.known.transform, recognize(program.code).?.transform);
        var bytes: [size_max]u8 = undefined;
        const code = bytes[0..program.code.len];
        if (program.holes.len > 0) {
            write(program, 5, code);
            try std.testing.expectEqual(5, recognize(code).?.parameter);
        } else @memcpy(code, program.code);
        code[0] ^= 1;
        try std.testing.expect(recognize(code) == null);
    }
}

/// The program that undoes a transform, as zpaq stores it; `parameter` as in `Known`. Returns its length.
pub fn store(known: Known, target: []u8) usize {
    for (programs) |program| {
        if (program.known.transform != known.transform or program.known.e8e9 != known.e8e9) continue;
        const large = if (known.transform == .bwt) program.known.parameter > 0 else program.holes.len > 0;
        if (known.transform == .bwt or known.transform == .bit_lz77) if (large != (known.parameter > 0)) continue;
        write(program, known.parameter, target[0..program.code.len]);
        return program.code.len;
    }
    unreachable;
}
