//! The ZPAQL machine: four registers, a flag, 256 numbers, an array of u32 and one of bytes. It computes the contexts
//! of a model (HCOMP) and undoes transforms (PCOMP).

const std = @import("std");

/// Zeros behind a program, so that an operand cut off by its end reads as one and the machine stops at an error.
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
    /// are checked and the zeros behind the program are errors, and numbers wrap. An instruction cost 2.3 times as much
    /// with it. Fuzzed by zpaq/fuzz_test.ts.
    pub fn run(self: *Machine, output: ?*Output) Outcome {
        @setRuntimeSafety(false);
        var a = self.a;
        var b = self.b;
        var c = self.c;
        var d = self.d;
        var f = self.f != 0;
        const h = self.h;
        const m = self.m;
        const h_mask = self.h_mask;
        const m_mask = self.m_mask;
        const code = self.code;
        const r = &self.r;
        var pc: u32 = self.pc;
        var block_start = pc;
        const outcome: Outcome = dispatch: while (true) switch (code[pc]) {
            // zig fmt: off
            inline 1...4, 8...12, 16...20, 24...28, 32...36, 40...44, 48...52 => |op| {
                pc += 1;
                const x = a;
                switch (op >> 3) {
                    0 => a = unary(op & 7, a),
                    1 => if (op & 7 == 0) { a = b; b = x; } else { b = unary(op & 7, b); },
                    2 => if (op & 7 == 0) { a = c; c = x; } else { c = unary(op & 7, c); },
                    3 => if (op & 7 == 0) { a = d; d = x; } else { d = unary(op & 7, d); },
                    4, 5 => {
                        const cell = &m[(if (op >> 3 == 4) b else c) & m_mask];
                        if (op & 7 == 0) {
                            a = (a & 0xffff_ff00) | cell.*;
                            cell.* = @truncate(x);
                        } else cell.* = @truncate(unary(op & 7, cell.*));
                    },
                    else => {
                        const cell = &h[d & h_mask];
                        if (op & 7 == 0) { a = cell.*; cell.* = x; } else cell.* = unary(op & 7, cell.*);
                    },
                }
                continue;
            },
            7 => { a = r[code[pc + 1]]; pc += 2; continue; },
            15 => { b = r[code[pc + 1]]; pc += 2; continue; },
            23 => { c = r[code[pc + 1]]; pc += 2; continue; },
            31 => { d = r[code[pc + 1]]; pc += 2; continue; },
            inline 39, 47, 63 => |op| {
                const taken = switch (op) { 39 => f, 47 => !f, else => true };
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
            55 => { r[code[pc + 1]] = a; pc += 2; continue; },
            56 => break :dispatch .halted,
            57 => {
                if (output) |out| {
                    if (out.len == out.bytes.len) {
                        self.budget -|= pc - block_start;
                        break :dispatch .output_full;
                    }
                    out.bytes[out.len] = @truncate(a);
                    out.len += 1;
                    self.budget +|= output_budget;
                }
                pc += 1;
                continue;
            },
            59 => { a = (a +% m[b & m_mask] +% 512) *% 773; pc += 1; continue; },
            60 => {
                const cell = &h[d & h_mask];
                cell.* = (cell.* +% a +% 512) *% 773;
                pc += 1;
                continue;
            },
            inline 64...119 => |op| {
                const value: u32 = switch (op & 7) {
                    0 => a, 1 => b, 2 => c, 3 => d,
                    4 => m[b & m_mask], 5 => m[c & m_mask], 6 => h[d & h_mask],
                    else => code[pc + 1],
                };
                switch ((op - 64) >> 3) {
                    0 => a = value,
                    1 => b = value,
                    2 => c = value,
                    3 => d = value,
                    4 => m[b & m_mask] = @truncate(value),
                    5 => m[c & m_mask] = @truncate(value),
                    else => h[d & h_mask] = value,
                }
                pc += if (op & 7 == 7) 2 else 1;
                continue;
            },
            inline 128...239 => |op| {
                const value: u32 = switch (op & 7) {
                    0 => a, 1 => b, 2 => c, 3 => d,
                    4 => m[b & m_mask], 5 => m[c & m_mask], 6 => h[d & h_mask],
                    else => code[pc + 1],
                };
                const shift: u5 = @truncate(value);
                switch ((op - 128) >> 3) {
                    0 => a +%= value,
                    1 => a -%= value,
                    2 => a *%= value,
                    3 => a = if (value == 0) 0 else a / value,
                    4 => a = if (value == 0) 0 else a % value,
                    5 => a &= value,
                    6 => a &= ~value,
                    7 => a |= value,
                    8 => a ^= value,
                    9 => a <<= shift,
                    10 => a >>= shift,
                    11 => f = a == value,
                    12 => f = a < value,
                    else => f = a > value,
                }
                pc += if (op & 7 == 7) 2 else 1;
                continue;
            },
            else => break :dispatch .bad_opcode,
            // zig fmt: on
        };
        self.a = a;
        self.b = b;
        self.c = c;
        self.d = d;
        self.f = @intFromBool(f);
        self.pc = pc;
        return outcome;
    }
};

inline fn unary(comptime operation: u8, value: u32) u32 {
    return switch (operation) {
        1 => value +% 1,
        2 => value -% 1,
        3 => ~value,
        else => 0,
    };
}

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
