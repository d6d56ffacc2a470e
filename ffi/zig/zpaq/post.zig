//! The post-processor of a block: what the decoded bytes go through. Programs that zpaq itself stores are recognized
//! and replaced by native code; any other runs on the machine.

const std = @import("std");
const bwt = @import("bwt.zig");
const large_pages = @import("../core/large_pages.zig");
const lz77 = @import("lz77_decode.zig");
const machine_module = @import("machine.zig");
const programs = @import("programs.zig");
const Memory = @import("../core/memory.zig").Memory;
const Machine = @import("machine.zig").Machine;
const Output = @import("machine.zig").Output;

pub const Failure = error{ OutOfMemory, BadType, EmptyProgram, BadOpcode, BudgetExceeded, Corrupt };

/// What PCOMP gets at the end of a segment.
const end_of_segment = 0xffff_ffff;
const bwt_counts = 256;

const Stage = enum {
    /// The first byte: pass through, or a program.
    kind,
    size_low,
    size_high,
    program,
    /// A program that native code does not know waits for what the host says.
    offered,
    pass,
    machine,
    bit_lz77,
    byte_lz77,
    /// A block to invert is collected, then given.
    bwt,
    e8e9,
};

pub const Post = struct {
    memory: *Memory,
    ph: u6,
    pm: u6,
    budget: u64,
    /// Whether known programs run natively.
    native: bool,
    /// Whether the reader keeps each segment's output before where it wants more.
    contiguous: bool,
    /// Whether the host is asked who runs a program that native code does not know.
    offer: bool,
    stage: Stage = .kind,
    /// Room for the program and the zeros after it.
    code: []u8 = &.{},
    code_len: u32 = 0,
    machine: ?*Machine = null,
    /// The transform stopped for want of room: it has more to write before it takes more input.
    pending: bool = false,
    known: programs.Known = .{ .transform = .e8e9 },
    m: ?[]u8 = null,
    h: ?[]u32 = null,
    window: lz77.Window = .empty,
    bits: lz77.BitDecoder = undefined,
    bytes: lz77.ByteDecoder = undefined,
    /// What of the window or the collected block the reader has, and whether the segment's end has come.
    given: u64 = 0,
    ended: bool = false,
    collected: u32 = 0,
    /// The block is given; the program would go on in the state that leaves.
    spent: bool = false,
    inverse: ?bwt.Inverse = null,
    /// E8E9 after BWT: the text so far, untransformed at the end of the segment.
    filter: E8e9 = .{},

    pub fn deinit(self: *Post) void {
        self.freeMachine();
        if (self.m) |m| self.memory.release(m.ptr);
        if (self.h) |h| self.memory.release(h.ptr);
        if (self.code.len > 0) self.memory.release(self.code.ptr);
        self.* = undefined;
    }

    fn freeMachine(self: *Post) void {
        const machine = self.machine orelse return;
        self.memory.release(machine);
        self.machine = null;
    }

    fn arraySizes(self: *const Post) struct { m: u64, h: u64 } {
        return .{ .m = @as(u64, 1) << self.pm, .h = @as(u64, 1) << self.ph };
    }

    fn needM(self: *Post) Failure![]u8 {
        if (self.m) |m| return m;
        const size = self.arraySizes().m + lz77.window_slack;
        const block = self.memory.allocateZeroed(std.math.cast(usize, size) orelse return error.OutOfMemory) orelse
            return error.OutOfMemory;
        self.m = @as([*]u8, @ptrCast(block))[0..@intCast(size)];
        large_pages.advise(self.m.?);
        return self.m.?;
    }

    fn needH(self: *Post) Failure![]u32 {
        if (self.h) |h| return h;
        const size = self.arraySizes().h;
        const block = self.memory.allocateZeroed(std.math.cast(usize, 4 * size) orelse return error.OutOfMemory) orelse
            return error.OutOfMemory;
        self.h = @as([*]u32, @ptrCast(@alignCast(block)))[0..@intCast(size)];
        large_pages.advise(std.mem.sliceAsBytes(self.h.?));
        return self.h.?;
    }

    /// Takes decoded bytes as far as there is room for what comes of them; returns how many.
    pub fn feed(self: *Post, input: []const u8, output: *Output) Failure!usize {
        var at: usize = 0;
        while (true) {
            try self.resumeOutput(output);
            if (self.pending or at == input.len) return at;
            switch (self.stage) {
                .kind, .size_low, .size_high, .program => {
                    try self.readProgram(input[at]);
                    at += 1;
                },
                .offered => return at,
                .pass => {
                    const count = @min(input.len - at, output.room());
                    @memcpy(output.bytes[output.len..][0..count], input[at..][0..count]);
                    output.len += count;
                    return at + count;
                },
                .machine => {
                    const machine = self.machine.?;
                    machine.start(input[at]);
                    machine.budget = self.budget;
                    at += 1;
                    try self.call(output);
                },
                .bit_lz77, .byte_lz77 => at += try self.feedWindow(input[at..], output),
                .bwt => {
                    if (self.spent) {
                        try self.replay();
                        continue;
                    }
                    const m = try self.needM();
                    const room = self.arraySizes().m - self.collected;
                    const count: usize = @intCast(@min(room, input.len - at));
                    if (count == 0) {
                        try self.replay();
                        continue;
                    }
                    @memcpy(m[self.collected..][0..count], input[at..][0..count]);
                    self.collected += @intCast(count);
                    at += count;
                },
                .e8e9 => {
                    while (at < input.len) {
                        if (output.room() == 0) return at;
                        self.filter.push(input[at], output);
                        at += 1;
                    }
                },
            }
        }
    }

    /// Writes what the transform still has from input that it has taken, as far as there is room.
    pub fn resumeOutput(self: *Post, output: *Output) Failure!void {
        while (self.pending and output.room() > 0) {
            if (self.stage == .machine) try self.call(output) else _ = try self.feedWindow(&.{}, output);
        }
    }

    /// Says that a segment ends; true when all of its output is written, else it is to be called again.
    pub fn finish(self: *Post, output: *Output) Failure!bool {
        try self.resumeOutput(output);
        if (self.pending) return false;
        switch (self.stage) {
            .kind, .pass => return true,
            .size_low, .size_high, .program => return error.Corrupt,
            .offered => unreachable, // the decoder asks the host before it goes on
            .machine => {
                if (!self.ended) {
                    self.ended = true;
                    self.machine.?.start(end_of_segment);
                    self.machine.?.budget = self.budget;
                    try self.call(output);
                    if (self.pending) return false;
                }
                self.ended = false;
                return true;
            },
            .bit_lz77, .byte_lz77 => return self.finishWindow(output),
            .bwt => return self.finishBwt(output),
            .e8e9 => return self.filter.finish(output),
        }
    }

    fn readProgram(self: *Post, byte: u8) Failure!void {
        switch (self.stage) {
            .kind => switch (byte) {
                0 => self.stage = .pass,
                1 => self.stage = .size_low,
                else => return error.BadType,
            },
            .size_low => {
                self.code_len = byte;
                self.stage = .size_high;
            },
            .size_high => {
                const size = self.code_len | @as(u32, byte) << 8;
                if (size == 0) return error.EmptyProgram;
                const room = size + machine_module.code_slack;
                const block = self.memory.allocateZeroed(room) orelse return error.OutOfMemory;
                self.code = @as([*]u8, @ptrCast(block))[0..room];
                self.code_len = 0;
                self.stage = .program;
            },
            else => {
                self.code[self.code_len] = byte;
                self.code_len += 1;
                if (self.code_len + machine_module.code_slack == self.code.len) try self.startProgram();
            },
        }
    }

    /// A program is complete: native code when there is some and the machine's arrays are what that needs.
    fn startProgram(self: *Post) Failure!void {
        if (self.native) if (programs.recognize(self.code[0..self.code_len])) |known| {
            self.known = known;
            const stage: ?Stage = switch (known.transform) {
                .bit_lz77 => if (self.pm >= 8 and self.pm < 32) .bit_lz77 else null,
                .byte_lz77 => if (self.pm >= 8 and self.pm < 32) .byte_lz77 else null,
                .bwt => if (self.pm == self.ph and self.pm >= 9 and self.pm < 30 and (known.parameter > 0 or self.pm <= 24)) .bwt else null,
                .e8e9 => if (self.pm == 0) .e8e9 else null,
            };
            if (stage) |found| {
                self.stage = found;
                self.bits = .{ .low_bits = @intCast(known.parameter & 31) };
                self.bytes = .{ .length_min = known.parameter };
                return;
            }
        };
        if (self.offer) self.stage = .offered else try self.startMachine();
    }

    /// The program that waits for the host; null where none does.
    pub fn offered(self: *const Post) ?[]const u8 {
        return if (self.stage == .offered) self.code[0..self.code_len] else null;
    }

    /// What becomes of the offered program: the host runs it over what passes through, or the machine does.
    pub fn settle(self: *Post, hosted: bool) Failure!void {
        std.debug.assert(self.stage == .offered);
        if (hosted) self.stage = .pass else try self.startMachine();
    }

    fn startMachine(self: *Post) Failure!void {
        const m = try self.needM();
        const h = try self.needH();
        const block = self.memory.allocate(@sizeOf(Machine)) orelse return error.OutOfMemory;
        const machine: *Machine = @ptrCast(@alignCast(block));
        const sizes = self.arraySizes();
        machine.* = .{
            .h = h.ptr,
            .m = m.ptr,
            .h_mask = @truncate(sizes.h - 1),
            .m_mask = @truncate(sizes.m - 1),
            .code = self.code.ptr,
            .code_len = self.code_len,
        };
        self.machine = machine;
        self.stage = .machine;
    }

    /// Runs the machine on, from the start of a call or from where the output was full.
    fn call(self: *Post, output: *Output) Failure!void {
        const machine = self.machine.?;
        const outcome = machine.run(output);
        self.pending = outcome == .output_full;
        switch (outcome) {
            .halted, .output_full => {},
            .bad_opcode => return error.BadOpcode,
            .budget_exceeded => return error.BudgetExceeded,
        }
    }

    /// Where the text goes: the reader's memory, or a ring that is made when the first byte comes.
    fn openWindow(self: *Post, output: *Output) Failure!void {
        if (!self.contiguous) {
            if (self.m == null) self.window = .ring(try self.needM());
            return;
        }
        const room = output.bytes[output.len..];
        if (self.window.written == 0) large_pages.advise(room);
        const start = room.ptr - @as(usize, @intCast(self.given));
        self.window = .flat(start[0..@intCast(self.given + room.len)], self.arraySizes().m, self.window.written);
    }

    fn feedWindow(self: *Post, input: []const u8, output: *Output) Failure!usize {
        try self.openWindow(output);
        const window = &self.window;
        const whole = self.known.e8e9;
        // With E8E9 the text stays in the window until the segment ends.
        // Else it must not overwrite what the reader does not have yet.
        const room = if (self.contiguous or whole) window.bytes.len - window.written else @min(output.room(), window.mask + 1);
        var taken: usize = 0;
        const progress = switch (self.stage) {
            .bit_lz77 => self.bits.run(input, &taken, window, room),
            else => self.bytes.run(input, &taken, window, room),
        };
        // A transform that is full has more to write: part of a match, or codes in the bits that it holds.
        self.pending = progress == .full;
        if (progress == .corrupt or whole and window.written > self.arraySizes().m) return error.Corrupt;
        if (!whole or progress == .full) self.give(output);
        return taken;
    }

    fn give(self: *Post, output: *Output) void {
        const window = &self.window;
        const count: usize = if (self.contiguous)
            @intCast(window.written - self.given)
        else
            window.read(self.given, output.bytes[output.len..]);
        self.given += count;
        output.len += count;
    }

    fn finishWindow(self: *Post, output: *Output) Failure!bool {
        try self.openWindow(output);
        const window = &self.window;
        if (self.known.e8e9 and !self.ended) bwt.undoE8e9(window.bytes[0..@intCast(window.written)]);
        self.ended = true;
        self.give(output);
        if (self.given < window.written) return false;
        window.written = 0;
        self.given = 0;
        self.ended = false;
        self.bits.reset();
        self.bytes.reset();
        return true;
    }

    fn finishBwt(self: *Post, output: *Output) Failure!bool {
        if (self.spent) {
            try self.replay();
            return self.finish(output);
        }
        if (!self.ended) {
            self.ended = true;
            const block = (try self.needM())[0..self.collected];
            const links = try self.needH();
            // A block that leaves no room for the program's counts, or has no valid index, is the program's business.
            const fits = block.len + bwt_counts <= links.len;
            self.inverse = if (fits) .init(block, links, self.known.parameter == 0) else null;
            if (self.inverse == null) {
                try self.replay();
                return self.finish(output);
            }
            self.filter = .{};
        }
        const inverse = &self.inverse.?;
        if (!inverse.begun and output.room() >= inverse.sizeMax()) {
            const text = output.bytes[output.len..][0..inverse.readAll(output.bytes[output.len..])];
            if (self.known.e8e9) bwt.undoE8e9(text);
            output.len += text.len;
            self.spent = true;
            return true;
        }
        if (!self.known.e8e9) {
            output.len += inverse.read(output.bytes[output.len..]);
            self.spent = inverse.done();
            return self.spent;
        }
        while (!inverse.done()) {
            if (output.room() == 0) return false;
            var chunk: [4096]u8 = undefined;
            const count = inverse.read(chunk[0..@min(chunk.len, output.room())]);
            for (chunk[0..count]) |byte| self.filter.push(byte, output);
        }
        self.spent = self.filter.finish(output);
        return self.spent;
    }

    /// The machine takes over a block that native code has begun: it reads what was collected once more, and gives again
    /// what was given, which nobody sees.
    fn replay(self: *Post) Failure!void {
        self.ended = false;
        self.inverse = null;
        const collected = self.memory.allocate(@max(self.collected, 1)) orelse return error.OutOfMemory;
        defer self.memory.release(collected);
        const copy = @as([*]u8, @ptrCast(collected))[0..self.collected];
        @memcpy(copy, (try self.needM())[0..self.collected]);
        @memset(try self.needM(), 0);
        @memset(try self.needH(), 0);
        try self.startMachine();
        const machine = self.machine.?;
        for (copy) |byte| {
            machine.start(byte);
            machine.budget = self.budget;
            try outcomeOf(machine.run(null));
        }
        if (!self.spent) return;
        machine.start(end_of_segment);
        machine.budget = self.budget;
        try outcomeOf(machine.run(null));
    }
};

fn outcomeOf(outcome: machine_module.Outcome) Failure!void {
    switch (outcome) {
        .halted, .output_full => {},
        .bad_opcode => return error.BadOpcode,
        .budget_exceeded => return error.BudgetExceeded,
    }
}

/// E8E9 as zpaq's programs for streams undo it: five bytes are held back.
const E8e9 = struct {
    /// The last four bytes, the newest on top.
    held: u32 = 0,
    count: u32 = 0,
    finishing: bool = false,

    fn push(self: *E8e9, byte: u8, output: *Output) void {
        const oldest: u8 = @truncate(self.held);
        self.held = self.held >> 8 | @as(u32, byte) << 24;
        self.count +%= 1;
        if (self.count <= 4) return;
        output.bytes[output.len] = oldest;
        output.len += 1;
        if (oldest & 0xfe != 0xe8 or (byte +% 1) & 0xfe != 0) return;
        self.held = (self.held -% self.count +% 5) & 0xff_ffff | @as(u32, byte) << 24;
    }

    /// Gives what is held; true when that is all.
    fn finish(self: *E8e9, output: *Output) bool {
        if (!self.finishing) {
            if (self.count > 4) self.count = 4;
            if (self.count > 0) self.held >>= @intCast((4 - self.count) * 8);
            self.finishing = true;
        }
        while (self.count > 0) {
            if (output.room() == 0) return false;
            output.bytes[output.len] = @truncate(self.held);
            output.len += 1;
            self.held >>= 8;
            self.count -= 1;
        }
        self.finishing = false;
        return true;
    }
};
