//! The ZPAQL machine: four registers, a flag, 256 numbers, an array of u32 and one of bytes. It computes the contexts
//! of a model (HCOMP) and undoes transforms (PCOMP).

const std = @import("std");

/// Zeros after a program, so that an operand cut off by its end reads as one and the machine stops at an error.
pub const code_slack = 4;

/// Bytes of program that each byte of output lets a call run.
const output_budget = 64;

pub const Outcome = enum(u32) {
    halted,
    /// The output is full; `run` goes on where it stopped.
    output_full,
    /// An opcode that is an error, or a jump out of the program; `pc` says where.
    bad_opcode,
    budget_exceeded,
};

/// Where OUT writes; HCOMP has none.
pub const Output = struct {
    bytes: []u8,
    len: usize = 0,

    pub fn room(self: *const Output) usize {
        return self.bytes.len - self.len;
    }
};

pub const Machine = extern struct {
    a: u32 = 0,
    b: u32 = 0,
    c: u32 = 0,
    d: u32 = 0,
    f: u32 = 0,
    /// Where the next instruction stands; after `bad_opcode` the one that failed.
    pc: u32 = 0,
    h: [*]u32,
    m: [*]u8,
    h_mask: u32,
    m_mask: u32,
    /// The program, followed by `code_slack` zeros.
    code: [*]const u8,
    code_len: u32,
    /// Bytes of program that may still run.
    budget: u64 = 0,
    r: [256]u32 = @splat(0),

    /// Starts a call with `input` in A.
    pub fn start(self: *Machine, input: u32) void {
        self.a = input;
        self.pc = 0;
    }

    /// Runs to HALT. Without `output` OUT does nothing.
    ///
    /// Runtime safety is off: every index is masked by the size of its array, `pc` is at most `code_len` because jumps
    /// are checked and the zeros after the program are errors, and numbers wrap. An instruction cost 2.3 times as much
    /// with it. Fuzzed by zpaq/fuzz_test.ts.
    pub fn run(self: *Machine, output: ?*Output) Outcome {
        @setRuntimeSafety(false);
        @setEvalBranchQuota(10_000);
        var work: Work = .init(self);
        const code = self.code;
        var pc: u32 = self.pc;
        var block_start = pc;
        const outcome: Outcome = dispatch: while (true) switch (code[pc]) {
            // zig fmt: off
            inline 39, 47, 63 => |op| {
                const taken = switch (op) { 39 => work.f, 47 => !work.f, else => true };
                if (!taken) { pc += 2; continue; }
                const offset: i8 = @bitCast(code[pc + 1]);
                const after = pc + 2;
                const target = after +% @as(u32, @bitCast(@as(i32, offset)));
                if (target >= self.code_len) break :dispatch .bad_opcode;
                const cost = after - block_start;
                if (cost > self.budget) break :dispatch .budget_exceeded;
                self.budget -= cost;
                pc = target;
                block_start = pc;
                continue;
            },
            255 => {
                const target = @as(u32, code[pc + 1]) | @as(u32, code[pc + 2]) << 8;
                if (target >= self.code_len) break :dispatch .bad_opcode;
                const cost = pc + 3 - block_start;
                if (cost > self.budget) break :dispatch .budget_exceeded;
                self.budget -= cost;
                pc = target;
                block_start = pc;
                continue;
            },
            56 => break :dispatch .halted,
            57 => {
                if (output) |out| {
                    if (out.len == out.bytes.len) {
                        self.budget -|= pc - block_start;
                        break :dispatch .output_full;
                    }
                    out.bytes[out.len] = @truncate(work.a);
                    out.len += 1;
                    self.budget +|= output_budget;
                }
                pc += 1;
                continue;
            },
            inline 1...4, 7...12, 15...20, 23...28, 31...36, 40...44, 48...52, 55, 59, 60, 64...119, 128...239 => |op| {
                work.step(op, code[pc + 1]);
                pc += 1 + comptime operandSize(op);
                continue;
            },
            else => break :dispatch .bad_opcode,
            // zig fmt: on
        };
        work.store(self);
        self.pc = pc;
        return outcome;
    }
};

/// Bytes after an opcode that belong to it.
pub fn operandSize(op: u8) u32 {
    return if (op == 255) 2 else if (op & 7 == 7) 1 else 0;
}

/// The registers while a program runs, and the arrays.
pub const Work = struct {
    a: u32,
    b: u32,
    c: u32,
    d: u32,
    f: bool,
    h: [*]u32,
    m: [*]u8,
    h_mask: u32,
    m_mask: u32,
    r: *[256]u32,

    pub inline fn init(machine: *Machine) Work {
        return .{
            .a = machine.a,
            .b = machine.b,
            .c = machine.c,
            .d = machine.d,
            .f = machine.f != 0,
            .h = machine.h,
            .m = machine.m,
            .h_mask = machine.h_mask,
            .m_mask = machine.m_mask,
            .r = &machine.r,
        };
    }

    pub inline fn store(self: *const Work, machine: *Machine) void {
        machine.a = self.a;
        machine.b = self.b;
        machine.c = self.c;
        machine.d = self.d;
        machine.f = @intFromBool(self.f);
    }

    /// Runs one instruction that is no jump, OUT, HALT or error.
    pub inline fn step(self: *Work, comptime op: u8, operand: u8) void {
        @setRuntimeSafety(false); // indexes are masked, numbers wrap
        switch (op) {
            7 => self.a = self.r[operand],
            15 => self.b = self.r[operand],
            23 => self.c = self.r[operand],
            31 => self.d = self.r[operand],
            55 => self.r[operand] = self.a,
            59 => self.a = (self.a +% self.m[self.b & self.m_mask] +% 512) *% 773,
            60 => {
                const cell = &self.h[self.d & self.h_mask];
                cell.* = (cell.* +% self.a +% 512) *% 773;
            },
            64...119 => self.put((op - 64) >> 3, self.value(op & 7, operand)),
            128...239 => self.calculate((op - 128) >> 3, self.value(op & 7, operand)),
            else => if (op & 7 == 0) self.swap(op >> 3) else self.put(op >> 3, switch (op & 7) {
                1 => self.value(op >> 3, 0) +% 1,
                2 => self.value(op >> 3, 0) -% 1,
                3 => ~self.value(op >> 3, 0),
                else => 0,
            }),
        }
    }

    inline fn value(self: *const Work, comptime place: u8, operand: u8) u32 {
        @setRuntimeSafety(false); // as in `step`
        return switch (place) {
            0 => self.a,
            1 => self.b,
            2 => self.c,
            3 => self.d,
            4 => self.m[self.b & self.m_mask],
            5 => self.m[self.c & self.m_mask],
            6 => self.h[self.d & self.h_mask],
            else => operand,
        };
    }

    inline fn put(self: *Work, comptime place: u8, number: u32) void {
        @setRuntimeSafety(false); // as in `step`
        switch (place) {
            0 => self.a = number,
            1 => self.b = number,
            2 => self.c = number,
            3 => self.d = number,
            4 => self.m[self.b & self.m_mask] = @truncate(number),
            5 => self.m[self.c & self.m_mask] = @truncate(number),
            else => self.h[self.d & self.h_mask] = number,
        }
    }

    /// Swaps A with a place; of A only the low byte goes to M, and is replaced from there.
    inline fn swap(self: *Work, comptime place: u8) void {
        const other = self.value(place, 0);
        self.put(place, self.a);
        self.a = if (place == 4 or place == 5) (self.a & 0xffff_ff00) | other else other;
    }

    inline fn calculate(self: *Work, comptime operation: u8, number: u32) void {
        @setRuntimeSafety(false); // as in `step`
        const shift: u5 = @truncate(number);
        switch (operation) {
            0 => self.a +%= number,
            1 => self.a -%= number,
            2 => self.a *%= number,
            3 => self.a = if (number == 0) 0 else self.a / number,
            4 => self.a = if (number == 0) 0 else self.a % number,
            5 => self.a &= number,
            6 => self.a &= ~number,
            7 => self.a |= number,
            8 => self.a ^= number,
            9 => self.a <<= shift,
            10 => self.a >>= shift,
            11 => self.f = self.a == number,
            12 => self.f = self.a < number,
            else => self.f = self.a > number,
        }
    }
};

fn runBytes(comptime program: []const u8, input: []const u8, output: *Output) Outcome {
    const code = program ++ &[_]u8{0} ** code_slack;
    var h: [4]u32 = @splat(0);
    var m: [4]u8 = @splat(0);
    var machine: Machine = .{ .h = &h, .m = &m, .h_mask = 3, .m_mask = 3, .code = code.ptr, .code_len = program.len };
    for (input) |byte| {
        machine.budget = 1000;
        machine.start(byte);
        const outcome = machine.run(output);
        if (outcome != .halted) return outcome;
    }
    return .halted;
}

test "the counting program keeps its state between calls" {
    var bytes: [8]u8 = undefined;
    var output: Output = .{ .bytes = &bytes };
    const program = "\xef\xff\x2f\x07\x07\x01\x39\x07\x02\x39\x38\x48\x07\x01\x01\x37\x01\x07\x02\x81\x37\x02\x38\x00";
    try std.testing.expectEqual(.halted, runBytes(program, "ABCD", &output));
    try std.testing.expectEqual(0, output.len);
}

test "an endless loop meets its budget, and errors stop the machine" {
    var output: Output = .{ .bytes = &.{} };
    try std.testing.expectEqual(.budget_exceeded, runBytes("\x3f\xfe\x00", "x", &output));
    try std.testing.expectEqual(.bad_opcode, runBytes("\x3f\xfd\x00", "x", &output));
    try std.testing.expectEqual(.bad_opcode, runBytes("\xff\x03\x00\x00", "x", &output));
    try std.testing.expectEqual(.bad_opcode, runBytes("\x47", "x", &output));
    try std.testing.expectEqual(.output_full, runBytes("\x39\x38\x00", "x", &output));
    for ([_]u8{ 0, 5, 6, 13, 14, 58, 61, 62, 120, 127, 240, 254 }) |op| {
        var code = [_]u8{ op, 0, 0, 0, 0, 0, 0 };
        var h: [1]u32 = .{0};
        var m: [1]u8 = .{0};
        var machine: Machine = .{ .h = &h, .m = &m, .h_mask = 0, .m_mask = 0, .code = &code, .code_len = 3, .budget = 100 };
        try std.testing.expectEqual(.bad_opcode, machine.run(null));
    }
}
