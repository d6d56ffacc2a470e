//! The coder's loops for processors of level x86_64_v3: built as an object of its own with that target.

const coder = @import("zpaq/coder.zig");
const networks = @import("zpaq/networks.zig");

fn decode(model: *coder.Model, span: *coder.Span) callconv(.c) coder.Stop {
    return networks.decoders[model.network](model, span);
}

fn encode(model: *coder.Model, span: *coder.Span) callconv(.c) coder.Stop {
    return networks.encoders[model.network](model, span);
}

comptime {
    @export(&decode, .{ .name = "sluice_internal_zpaq_decode_v3", .visibility = .hidden });
    @export(&encode, .{ .name = "sluice_internal_zpaq_encode_v3", .visibility = .hidden });
}
