//! The programs of contexts that zpaq itself writes for levels 3 to 5, compiled in; they hold no loops.

const std = @import("std");
const machine_module = @import("machine.zig");
const hex = @import("../core/hex.zig").hex;
const Machine = @import("machine.zig").Machine;
const Work = @import("machine.zig").Work;

const known = [_][]const u8{
    // level 3
    hex("126887ff58725f00345f004a46193b703800"),
    // level 4, and the same for text
    hex("126887ff58725f00345f004a46193b0970193b0970193b0970193b0970193b093b705f064697188501703800"),
    hex("126887ff58725f00345f004a46193b0970193b0970193b0970193b0970193b093b705f0646971885017045afdf8f41afffe71a2f" ++
        "0a5f074697148501703f035f07343800"),
    // level 5, and the same for text
    hex("126887ff587245afdf8f41afffe71a2f0a5f004697148501703f035f00345f004a46193b705f02345f03345f034a46193b097019" ++
        "3b0970193b0970193b0970193b0970193b0970193b093b705f0b4697188501705f0c3442af013c4a09443c5f0c4a46193b705f0e" ++
        "3442a7033c4a0909443c5f0e4a46193b705f103442af033c4a090909443c5f104a46193b705f13344a04cf0884cf08705f15344a" ++
        "04cf088409cf0884d705cf08703800"),
    hex("126887ff587245afdf8f41afffe71a2f115f00469714850170194697148501703f085f004619705f00345f023447ff870a58468a" ++
        "efff2f0247ff5f023c4a443c5f024a46193b705f04345f05345f054a46193b0970193b0970193b0970193b0970193b0970193b09" ++
        "70193b093b705f0d4697188501705f0e3442af013c4a09443c5f0e4a46193b705f103442a7033c4a0909443c5f104a46193b705f" ++
        "123442af033c4a090909443c5f124a46193b705f15344a04cf0884cf08705f17344a04cf088409cf0884d705cf08703800"),
};

/// Which of the programs this is: 0 for none.
pub fn find(hcomp: []const u8) u32 {
    for (known, 1..) |program, i| if (std.mem.eql(u8, program, hcomp)) return @intCast(i);
    return 0;
}

/// Runs the program that `find` named, from A.
pub noinline fn run(index: u32, machine: *Machine) void {
    switch (index) {
        inline 1...known.len => |i| Program(known[i - 1]).run(machine),
        else => {},
    }
}

/// A program without loops as code: straight pieces between its jumps and their targets.
fn Program(comptime code: []const u8) type {
    return struct {
        const starts = findStarts(code);

        fn run(machine: *Machine) void {
            @setEvalBranchQuota(100_000);
            @setRuntimeSafety(false); // as in `Work.step`; every piece has its prong
            var work: Work = .init(machine);
            piece: switch (@as(usize, 0)) {
                inline 0...starts.len - 1 => |id| {
                    comptime var pc = starts[id];
                    inline while (true) {
                        const op = code[pc];
                        if (op == 56) break :piece;
                        const after = pc + 1 + comptime machine_module.operandSize(op);
                        if (comptime isJump(op)) {
                            const taken = switch (op) {
                                39 => work.f,
                                47 => !work.f,
                                else => true,
                            };
                            if (taken) continue :piece comptime pieceAt(code, starts, targetOf(code, pc));
                            continue :piece comptime pieceAt(code, starts, after);
                        }
                        work.step(op, code[pc + 1]);
                        pc = after;
                        if (comptime std.mem.findScalar(u32, starts, after) != null) continue :piece comptime pieceAt(code, starts, after);
                    }
                },
                else => unreachable,
            }
            work.store(machine);
        }
    };
}

fn isJump(op: u8) bool {
    return op == 39 or op == 47 or op == 63;
}

fn targetOf(code: []const u8, pc: u32) u32 {
    return pc + 2 + code[pc + 1]; // only forward, as `findStarts` checks
}

fn pieceAt(code: []const u8, starts: []const u32, address: u32) usize {
    std.debug.assert(address < code.len);
    return std.mem.findScalar(u32, starts, address).?;
}

/// Where pieces start: the beginning, what jumps lead to, and what stands after jumps.
fn findStarts(comptime code: []const u8) []const u32 {
    @setEvalBranchQuota(100_000);
    var starts: []const u32 = &.{0};
    var pc: u32 = 0;
    while (code[pc] != 56) {
        const after = pc + 1 + machine_module.operandSize(code[pc]);
        if (isJump(code[pc])) {
            std.debug.assert(code[pc + 1] < 128);
            for ([_]u32{ after, targetOf(code, pc) }) |start| {
                if (std.mem.findScalar(u32, starts, start) == null) starts = starts ++ .{start};
            }
        }
        pc = after;
    }
    return starts;
}

test "compiled programs leave the machine as interpreted ones do" {
    var random: std.Random.DefaultPrng = .init(1);
    inline for (known, 1..) |program, index| {
        try std.testing.expectEqual(index, find(program));
        var h: [2][512]u32 = @splat(@splat(0));
        var m: [2][65536]u8 = @splat(@splat(0));
        const code = program ++ &[_]u8{0} ** machine_module.code_slack;
        var machines: [2]Machine = undefined;
        for (&machines, &h, &m) |*machine, *numbers, *bytes| machine.* = .{
            .h = numbers,
            .m = bytes,
            .h_mask = 511,
            .m_mask = 65535,
            .code = code.ptr,
            .code_len = program.len,
        };
        for (0..70_000) |_| {
            const byte: u8 = if (random.random().boolean()) random.random().int(u8) else 'a' + random.random().uintLessThan(u8, 26);
            for (&machines) |*machine| {
                machine.start(byte);
                machine.budget = program.len;
            }
            try std.testing.expectEqual(.halted, machines[0].run(null));
            run(index, &machines[1]);
            try std.testing.expectEqualSlices(u32, &h[0], &h[1]);
        }
        try std.testing.expectEqualSlices(u8, &m[0], &m[1]);
    }
}
