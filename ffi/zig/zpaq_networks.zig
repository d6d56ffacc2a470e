//! The copies of the coder's loops: one for every network of components, and one each for those that zpaq writes.

const std = @import("std");
const builtin = @import("builtin");
const coder = @import("zpaq_coder.zig");
const Model = coder.Model;
const Span = coder.Span;
const Stop = coder.Stop;
const Coder = coder.Coder;
const predictor = @import("zpaq_predictor.zig");
const Network = predictor.Network;

const any = Coder(Network(null));

pub fn decode(model: *Model, span: *Span) Stop {
    return any.decode(model, span);
}

pub fn encode(model: *Model, span: *Span) Stop {
    return any.encode(model, span);
}
