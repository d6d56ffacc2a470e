//! A model with its memory: what a decoder and an encoder of one block have in common.

const std = @import("std");
const coder = @import("coder.zig");
const contexts = @import("contexts.zig");
const large_pages = @import("../core/large_pages.zig");
const machine_module = @import("machine.zig");
const networks = @import("networks.zig");
const predictor_module = @import("predictor.zig");
const Memory = @import("../core/memory.zig").Memory;
const Header = @import("header.zig").Header;
const Machine = @import("machine.zig").Machine;
const Predictor = @import("predictor.zig").Predictor;

pub const Owned = struct {
    model: coder.Model,
    block: *anyopaque,

    /// Takes one block of memory for everything: the tables, the arrays of HCOMP and its program.
    pub fn init(header: Header, budget: u64, memory: *Memory) ?Owned {
        const alignment = predictor_module.table_alignment;
        const sizes = [_]u64{
            @sizeOf(Predictor),
            predictor_module.tableSize(header),
            @as(u64, 4) << header.hh,
            @as(u64, 1) << header.hm,
            header.hcomp.len + machine_module.code_slack,
        };
        var total: u64 = alignment;
        for (sizes) |size| total += std.mem.alignForward(u64, size, alignment);
        const size = std.math.cast(usize, total) orelse {
            memory.refuseForLimit();
            return null;
        };
        const block = memory.allocateZeroed(size) orelse return null;
        const bytes = @as([*]u8, @ptrCast(block))[0..size];
        large_pages.advise(bytes);
        var at = std.mem.alignForward(usize, @intFromPtr(block), alignment) - @intFromPtr(block);
        var parts: [sizes.len][]align(alignment) u8 = undefined;
        for (&parts, sizes) |*part, part_size| {
            part.* = @alignCast(bytes[at..][0..@intCast(part_size)]);
            at += std.mem.alignForward(usize, @intCast(part_size), alignment);
        }
        const predictor: *Predictor = @ptrCast(parts[0].ptr);
        predictor.init(header, parts[1]);
        @memcpy(parts[4][0..header.hcomp.len], header.hcomp);
        const machine: Machine = .{
            .h = @ptrCast(parts[2].ptr),
            .m = parts[3].ptr,
            .h_mask = @truncate((@as(u64, 1) << header.hh) - 1),
            .m_mask = @truncate((@as(u64, 1) << header.hm) - 1),
            .code = parts[4].ptr,
            .code_len = @intCast(header.hcomp.len),
        };
        predictor_module.Network(null).startByte(predictor);
        return .{
            .model = .{
                .predictor = predictor,
                .machine = machine,
                .budget = budget,
                .network = networks.find(header),
                // Without loops a program runs no longer than it is.
                .program = if (budget >= header.hcomp.len) contexts.find(header.hcomp) else 0,
            },
            .block = block,
        };
    }

    pub fn deinit(self: *Owned, memory: *Memory) void {
        memory.release(self.block);
    }
};
