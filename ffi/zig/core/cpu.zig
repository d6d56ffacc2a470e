//! What the processor can do beyond the baseline that the library is built for, asked once at run time.

const std = @import("std");
const builtin = @import("builtin");

/// Instruction set extensions of x86_64 that some loop here has a second copy for.
pub const Features = packed struct(u8) {
    /// SHA-1 and SHA-256 rounds, with the byte shuffles (SSSE3) that go with them.
    sha: bool = false,
    /// What the model x86_64_v3 stands for: AVX2, BMI1, BMI2, FMA, F16C, LZCNT, MOVBE, and an OS that saves the registers.
    v3: bool = false,
    /// Set once the processor was asked.
    known: bool = false,
    /// What the model x86_64_v4 stands for: v3 and AVX-512 F, BW, CD, DQ, VL.
    v4: bool = false,
    unused: u4 = 0,
};

var cached: std.atomic.Value(u8) = .init(0);

/// The processor's features; asking it takes microseconds in a virtual machine, so the answer is kept.
pub fn features() Features {
    if (builtin.cpu.arch != .x86_64) return .{ .known = true };
    const kept: Features = @bitCast(cached.load(.monotonic));
    if (kept.known) return kept;
    const found = ask();
    cached.store(@bitCast(found), .monotonic);
    return found;
}

const Leaf = struct { eax: u32, ebx: u32, ecx: u32, edx: u32 };

/// Bits as in Intel's Software Developer's Manual, volume 2A, CPUID.
fn ask() Features {
    const last_leaf = cpuid(0, 0).eax;
    if (last_leaf < 7) return .{ .known = true };
    const basic = cpuid(1, 0).ecx;
    const extended = cpuid(7, 0).ebx;
    const further = if (cpuid(0x8000_0000, 0).eax >= 0x8000_0001) cpuid(0x8000_0001, 0).ecx else 0;
    const ssse3_sse41: u32 = 1 << 9 | 1 << 19;
    const fma_movbe_popcnt_osxsave_avx_f16c: u32 = 1 << 12 | 1 << 22 | 1 << 23 | 1 << 27 | 1 << 28 | 1 << 29;
    const bmi1_avx2_bmi2: u32 = 1 << 3 | 1 << 5 | 1 << 8;
    const avx512_f_dq_cd_bw_vl: u32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31;
    const lzcnt: u32 = 1 << 5;
    const has_v3 = hasAll(basic, fma_movbe_popcnt_osxsave_avx_f16c) and hasAll(extended, bmi1_avx2_bmi2) and
        hasAll(further, lzcnt) and savedRegisters() & 6 == 6;
    return .{
        .sha = hasAll(basic, ssse3_sse41) and hasAll(extended, 1 << 29),
        .v3 = has_v3,
        .v4 = has_v3 and hasAll(extended, avx512_f_dq_cd_bw_vl) and savedRegisters() & 0xe6 == 0xe6,
        .known = true,
    };
}

fn hasAll(register: u32, bits: u32) bool {
    return register & bits == bits;
}

fn cpuid(leaf: u32, subleaf: u32) Leaf {
    var eax: u32 = undefined;
    var ebx: u32 = undefined;
    var ecx: u32 = undefined;
    var edx: u32 = undefined;
    asm volatile ("cpuid"
        : [_] "={eax}" (eax),
          [_] "={ebx}" (ebx),
          [_] "={ecx}" (ecx),
          [_] "={edx}" (edx),
        : [_] "{eax}" (leaf),
          [_] "{ecx}" (subleaf),
    );
    return .{ .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx };
}

/// Which registers the system saves, as bits of XCR0; only to be asked where OSXSAVE is set.
fn savedRegisters() u32 {
    return asm volatile ("xgetbv"
        : [_] "={eax}" (-> u32),
        : [_] "{ecx}" (@as(u32, 0)),
        : .{ .edx = true });
}

test features {
    const first = features();
    try std.testing.expect(first.known);
    try std.testing.expectEqual(first, features());
}
