//! SHA-256 of Zig's standard library, compiled for processors with SHA instructions; `sha256.zig` asks for them at run
//! time.

const std = @import("std");
const exportHash = @import("variant.zig").exportHash;

/// Built without safety checks, which nothing outside can reach.
pub const panic = std.debug.no_panic;

comptime {
    exportHash(std.crypto.hash.sha2.Sha256, "sha256_accelerated");
}
