//! The copies of the coder's loops: one for every network of components, and one each for those that zpaq itself writes,
//! unrolled at compile time. On x86_64 there is a second set for processors of level x86_64_v3, in an object of its own.

const std = @import("std");
const builtin = @import("builtin");
const options = @import("build_options");
const coder = @import("coder.zig");
const cpu = @import("../core/cpu.zig");
const Header = @import("header.zig").Header;
const Model = @import("coder.zig").Model;
const Link = @import("predictor.zig").Link;
const Network = @import("predictor.zig").Network;
const Span = @import("coder.zig").Span;
const Stop = @import("coder.zig").Stop;

const Loop = *const fn (model: *Model, span: *Span) Stop;

/// ICM over one context and ISSE over each longer one.
fn chain(comptime start: u8, comptime count: u8) [count]Link {
    var links: [count]Link = undefined;
    links[0] = .{ .kind = .icm };
    for (links[1..], start..) |*link, j| link.* = .{ .kind = .isse, .j = j };
    return links;
}

const match = [_]Link{.{ .kind = .match }};
const word = [_]Link{.{ .kind = .icm }};
const order0 = [_]Link{.{ .kind = .cm }};

fn mixOf(comptime inputs: u8) [1]Link {
    return .{.{ .kind = .mix, .inputs = inputs }};
}

/// What ends level 5: two mixers over all, and mixtures of the last guesses.
fn ending(comptime inputs: u8) [5]Link {
    return .{
        .{ .kind = .mix, .inputs = inputs },
        .{ .kind = .mix, .inputs = inputs + 1 },
        .{ .kind = .mix2, .j = inputs + 1, .k = inputs },
        .{ .kind = .sse, .j = inputs + 2 },
        .{ .kind = .mix2, .j = inputs + 3, .k = inputs + 2 },
    };
}

/// Level 5 without models of records: `front` components, then the same for text and other data.
fn level5(comptime front: []const Link) []const Link {
    const first = front.len;
    const orders = first + 1;
    const rest = orders + 8;
    const inputs = rest + 1 + 6;
    const links = front ++ order0 ++ chain(orders, 8) ++ match ++
        chain(rest + 1, 2) ++ chain(rest + 3, 2) ++ chain(rest + 5, 2) ++ ending(inputs);
    const result = links[0..links.len].*;
    return &result;
}

/// Networks with loops of their own, after the first, which stands for any.
const known = [_][]const Link{
    &chain(0, 2), // level 3
    &(chain(0, 6) ++ match ++ mixOf(7)), // level 4
    &(chain(0, 6) ++ match ++ word ++ mixOf(8)), // level 4, text
    level5(&chain(0, 2)), // level 5
    level5(&(chain(0, 2) ++ chain(2, 2))), // level 5, text
};

/// The loops that decode. They are apart from those that encode: a module holds what it names.
pub const decoders = loopsOf("decode");
/// The loops that encode.
pub const encoders = loopsOf("encode");

fn loopsOf(comptime function: []const u8) [known.len + 1]Loop {
    var loops: [known.len + 1]Loop = undefined;
    loops[0] = @field(coder.Coder(Network(null)), function);
    for (known, loops[1..]) |links, *loop| loop.* = @field(coder.Coder(Network(links)), function);
    return loops;
}

fn fits(header: Header, links: []const Link) bool {
    if (header.count != links.len) return false;
    var descriptions = header.iterator();
    for (links) |link| {
        const description = descriptions.next().?;
        if (description[0] != @intFromEnum(link.kind)) return false;
        const same = switch (link.kind) {
            .constant, .cm, .icm, .match => true,
            .isse, .sse => description[2] == link.j,
            .mix => description[2] == link.j and description[3] == link.inputs,
            .mix2 => description[2] == link.j and description[3] == link.k,
            .avg => false,
        };
        if (!same) return false;
    }
    return true;
}

/// Which loops a model takes.
pub fn find(header: Header) u32 {
    for (known, 1..) |links, i| if (fits(header, links)) return @intCast(i);
    return 0;
}

const has_v3 = builtin.cpu.arch == .x86_64 and options.zpaq_v3;
extern fn sluice_internal_zpaq_decode_v3(model: *Model, span: *Span) callconv(.c) Stop;
extern fn sluice_internal_zpaq_encode_v3(model: *Model, span: *Span) callconv(.c) Stop;

pub fn decode(model: *Model, span: *Span) Stop {
    if (has_v3 and cpu.features().v3) return sluice_internal_zpaq_decode_v3(model, span);
    return decoders[model.network](model, span);
}

pub fn encode(model: *Model, span: *Span) Stop {
    if (has_v3 and cpu.features().v3) return sluice_internal_zpaq_encode_v3(model, span);
    return encoders[model.network](model, span);
}

test "the models of levels 3 and 4 have loops of their own" {
    const models = [_]struct { []const u8, u32 }{
        .{ "1d0009101818020305080b0000126887ff58725f00345f004a46193b703800", 1 },
        .{ "4c0009100000080305080b0008110108140208140308140404181a0708000718ff00126887ff58725f00345f004a46193b0970193b0970193b0970193b0970193b093b705f064697188501703800", 2 },
        .{ "0b00000000000102090400" ++ "3800", 0 },
    };
    for (models) |model| {
        var bytes: [256]u8 = undefined;
        const header = Header.parse(try std.fmt.hexToBytes(&bytes, model[0])).?;
        try std.testing.expectEqual(model[1], find(header));
    }
}
