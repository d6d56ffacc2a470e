//! BLAKE3 of Zig's standard library, compiled for one model of processor. `blake3.zig` chooses among the variants; the
//! build names this one.

const std = @import("std");
const options = @import("variant_options");
const exportHash = @import("variant.zig").exportHash;

/// Built without safety checks, which nothing outside can reach: 1.4 times as fast.
pub const panic = std.debug.no_panic;

comptime {
    exportHash(std.crypto.hash.Blake3, "blake3_" ++ options.name);
}
