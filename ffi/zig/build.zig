//! Builds the native library (default step), the WASM modules (`wasm`) and the Zig tests (`test`).
//! Run through `_tools/setup.ts`, which gives the prefix and the caches.

const std = @import("std");
const builtin = @import("builtin");

/// Vendored C is built for speed; Zig's own default for C is -O2. In WASM -Os is a quarter smaller and as fast or
/// faster: an engine inlines by itself, and smaller functions get through its optimizer sooner.
const native_speed = "-O3";
const wasm_speed = "-Os";
/// zstd's copy loops mostly run once or twice: unrolled by clang, its decoder takes a tenth longer than gcc's.
/// LZ4's decoder is the other way round.
const zstd_native_speed = [_][]const u8{ native_speed, "-fno-unroll-loops" };

const c_flags = [_][]const u8{
    "-DNDEBUG",
    "-fvisibility=hidden",
    "-Wno-unused-command-line-argument",
};

const zstd_flags = c_flags ++ [_][]const u8{
    "-DXXH_NAMESPACE=ZSTD_",
    "-DZSTD_LEGACY_SUPPORT=0",
    "-DZSTDLIB_VISIBLE=",
    "-DZSTDERRORLIB_VISIBLE=",
    "-DZDICTLIB_VISIBLE=",
    "-DZSTD_STRIP_ERROR_STRINGS=1",
};
const zstd_common_files = [_][]const u8{
    "common/debug.c", "common/entropy_common.c", "common/error_private.c", "common/fse_decompress.c",
    "common/pool.c",  "common/threading.c",      "common/xxhash.c",        "common/zstd_common.c",
};
const zstd_decode_files = [_][]const u8{
    "decompress/huf_decompress.c",
    "decompress/zstd_ddict.c",
    "decompress/zstd_decompress.c",
    "decompress/zstd_decompress_block.c",
};
const zstd_encode_files = [_][]const u8{
    "compress/fse_compress.c",             "compress/hist.c",                   "compress/huf_compress.c",
    "compress/zstd_compress.c",            "compress/zstd_compress_literals.c", "compress/zstd_compress_sequences.c",
    "compress/zstd_compress_superblock.c", "compress/zstd_double_fast.c",       "compress/zstd_fast.c",
    "compress/zstd_lazy.c",                "compress/zstd_ldm.c",               "compress/zstd_opt.c",
    "compress/zstd_preSplit.c",            "compress/zstdmt_compress.c",        "dictBuilder/cover.c",
    "dictBuilder/divsufsort.c",            "dictBuilder/fastcover.c",           "dictBuilder/zdict.c",
};

/// The vendored C takes its memory where our Zig does: core/heap.zig counts it, and tests plant failures there.
const heap_flags = [_][]const u8{
    "-Dmalloc=sluice_heap_malloc",
    "-Dcalloc=sluice_heap_calloc",
    "-Dfree=sluice_heap_free",
};

const lz4_flags = c_flags ++ [_][]const u8{
    "-O3",
    "-DXXH_NAMESPACE=LZ4_",
    "-DLZ4LIB_VISIBILITY=",
    "-DLZ4HC_HEAPMODE=0",
};
const lz4_decode_files = [_][]const u8{ "lz4.c", "xxhash.c" };
const lz4_encode_files = [_][]const u8{ "lz4.c", "lz4hc.c", "xxhash.c" };

const inflate_files = [_][]const u8{ "adler32.c", "deflate_decompress.c", "zlib_decompress.c", "utils.c" };
const deflate_files = [_][]const u8{ "deflate_compress.c", "zlib_compress.c" };
/// They choose the fastest form at run time by what the processor has.
const deflate_native_files = [_][]const u8{ "crc32.c", "x86/cpu_features.c", "arm/cpu_features.c" };

/// What is found out is told as a failure, so the digest may stay what SHA-1 says.
const sha1dc_flags = c_flags ++ [_][]const u8{
    "-DSHA1DC_NO_STANDARD_INCLUDES",
    "-DSHA1DC_INIT_SAFE_HASH_DEFAULT=0",
    "-Dabort=__builtin_trap",
    "-DSHA1DC_CUSTOM_INCLUDE_SHA1_C=\"sha1dc_libc.h\"",
    "-DSHA1DC_CUSTOM_INCLUDE_UBC_CHECK_C=\"sha1dc_libc.h\"",
};
const sha1dc_files = [_][]const u8{ "sha1.c", "ubc_check.c" };

/// A library module: its name, its root is `module_<name>.zig`, which C headers it imports, and the C files that its WASM
/// needs; none where it is native only. The native library has all C files once.
const LibraryModule = struct {
    name: []const u8,
    headers: []const Header = &.{},
    zstd_files: []const []const u8 = &.{},
    lz4_files: []const []const u8 = &.{},
    deflate_files: []const []const u8 = &.{},
    sha1dc_files: []const []const u8 = &.{},
    native_only: bool = false,
    /// The decoders that pages load: our part of them is small beside the C library's, which sets the speed.
    small: bool = false,
};
/// `<folder>/<codec>_c.h`.
const Header = struct { folder: []const u8, codec: []const u8 };
const zstd_header: Header = .{ .folder = "zstd", .codec = "zstd" };
const lz4_header: Header = .{ .folder = "lz4", .codec = "lz4" };
const deflate_header: Header = .{ .folder = "git", .codec = "libdeflate" };
const sha1dc_header: Header = .{ .folder = "hash", .codec = "sha1dc" };
const library_modules = [_]LibraryModule{
    .{ .name = "zstd_decode", .small = true, .headers = &.{zstd_header}, .zstd_files = &(wasm_zstd_common_files ++ zstd_decode_files) },
    .{ .name = "zstd_encode", .headers = &.{zstd_header}, .zstd_files = &(wasm_zstd_common_files ++ .{"common/pool.c"} ++ zstd_encode_files) },
    .{ .name = "lz4_decode", .small = true, .headers = &.{lz4_header}, .lz4_files = &lz4_decode_files },
    .{ .name = "lz4_encode", .headers = &.{lz4_header}, .lz4_files = &lz4_encode_files },
    .{ .name = "pdiffcopy_hash" },
    .{ .name = "pdiffcopy_file", .native_only = true },
    .{ .name = "git_decode", .headers = &.{ deflate_header, sha1dc_header }, .deflate_files = &inflate_files, .sha1dc_files = &sha1dc_files },
    .{ .name = "git_encode", .headers = &.{deflate_header}, .deflate_files = &(deflate_files ++ .{ "adler32.c", "utils.c" }) },
    .{ .name = "zpaq_decode" },
    .{ .name = "zpaq_encode", .zstd_files = &.{"dictBuilder/divsufsort.c"} },
    .{ .name = "zpaq_tree", .native_only = true },
};
const wasm_zstd_common_files = [_][]const u8{
    "common/entropy_common.c", "common/error_private.c", "common/fse_decompress.c", "common/xxhash.c",
    "common/zstd_common.c",
};

/// Measured peak of the decoder is below 16 KiB, of the encoder below 64 KiB; Zig's own default is 1 MiB.
const wasm_stack_size = 256 * 1024;

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{ .default_target = defaultTarget() });
    const optimize = b.option(std.builtin.OptimizeMode, "optimize", "of our Zig; C is always built for speed") orelse .ReleaseSafe;

    const wanted = b.option([]const []const u8, "modules", "the library modules to build; all without it") orelse &.{};

    const root = nativeModule(b, target, optimize);
    linkCodecs(b, root, target);
    if (target.result.cpu.arch == .x86_64 and optimize != .Debug) addVariants(b, root, target, wanted);
    for (library_modules) |module| {
        if (isWanted(wanted, module.name)) root.addObject(nativeObject(b, module, target, optimize));
    }
    const lib = b.addLibrary(.{ .name = "sluice", .linkage = .dynamic, .root_module = root });
    lib.setVersionScript(b.path("exports.map"));
    // Zig's own memset and memcpy would be bound instead of libc's, which are tuned for the processor: they cost a fifth
    // of the time of compressing a message of 100 bytes. Other targets need more of compiler_rt than that.
    if (target.result.os.tag == .linux and target.result.cpu.arch == .x86_64) lib.bundle_compiler_rt = false;
    const folder = b.fmt("native/{t}-{t}", .{ target.result.os.tag, target.result.cpu.arch });
    const install = b.addInstallArtifact(lib, .{ .dest_dir = .{ .override = .{ .custom = folder } }, .implib_dir = .disabled, .pdb_dir = .disabled });
    b.getInstallStep().dependOn(&install.step);

    const wasm_step = b.step("wasm", "Build the WASM modules");
    for (library_modules) |module| {
        if (module.native_only or !isWanted(wanted, module.name)) continue;
        wasm_step.dependOn(wasmInstall(b, module, optimize, .wasm));
        if (module.small and wanted.len == 0) wasm_step.dependOn(wasmInstall(b, module, optimize, .javascript));
    }

    const baselines = b.step("baselines", "Build the C programs that benchmarks compare with");
    baselines.dependOn(zstdBaseline(b, target));
    baselines.dependOn(lz4Baseline(b, target));

    // The other backend of Zig knows no instructions beyond the processor baseline in inline assembly.
    const test_root = nativeModule(b, target, .Debug);
    addOptions(b, test_root, false);
    for (library_modules) |module| addHeaders(b, test_root, target, module.headers);
    linkCodecs(b, test_root, target);
    const tests = b.addTest(.{ .root_module = test_root, .use_llvm = true });
    b.step("test", "Run the Zig tests").dependOn(&b.addRunArtifact(tests).step);
}

fn isWanted(wanted: []const []const u8, name: []const u8) bool {
    for (wanted) |each| if (std.mem.eql(u8, each, name)) return true;
    return wanted.len == 0;
}

/// This machine with the processor's baseline and, on Linux with glibc, a version that practically all have.
fn defaultTarget() std.Target.Query {
    const gnu = builtin.os.tag == .linux and builtin.abi.isGnu();
    return .{ .cpu_model = .baseline, .glibc_version = if (gnu) .{ .major = 2, .minor = 17, .patch = 0 } else null };
}

/// A C program over the very same static library.
fn zstdBaseline(b: *std.Build, target: std.Build.ResolvedTarget) *std.Build.Step {
    const module = b.createModule(.{ .target = target, .optimize = .ReleaseFast, .link_libc = true, .sanitize_c = .off });
    module.addIncludePath(b.path("../../vendor/zstd"));
    module.addCSourceFile(.{ .file = b.path("../../bench/baselines/zstd_bench.c"), .flags = &.{"-O3"} });
    module.linkLibrary(zstdLibrary(b, target, &(zstd_common_files ++ zstd_decode_files ++ zstd_encode_files)));
    const exe = b.addExecutable(.{ .name = "zstd_bench", .root_module = module });
    return &b.addInstallArtifact(exe, .{}).step;
}

/// As `zstdBaseline`, with the frame functions that the product does not need.
fn lz4Baseline(b: *std.Build, target: std.Build.ResolvedTarget) *std.Build.Step {
    const module = b.createModule(.{ .target = target, .optimize = .ReleaseFast, .link_libc = true, .sanitize_c = .off });
    module.addIncludePath(b.path("../../vendor/lz4"));
    module.addCSourceFile(.{ .file = b.path("../../bench/baselines/lz4_bench.c"), .flags = &.{"-O3"} });
    module.linkLibrary(lz4Library(b, target, &(lz4_encode_files ++ .{"lz4frame.c"}), false));
    const exe = b.addExecutable(.{ .name = "lz4_bench", .root_module = module });
    return &b.addInstallArtifact(exe, .{}).step;
}

/// The root of the native library, without what it links.
fn nativeModule(b: *std.Build, target: std.Build.ResolvedTarget, optimize: std.builtin.OptimizeMode) *std.Build.Module {
    return b.createModule(.{
        .root_source_file = b.path("native.zig"),
        .target = target,
        .optimize = optimize,
        .link_libc = true,
        .pic = true,
        .strip = optimize != .Debug,
        .stack_check = false, // its probe lives in compiler_rt; no function here has a large frame
    });
}

/// All vendored C, for the native library and for the tests.
fn linkCodecs(b: *std.Build, module: *std.Build.Module, target: std.Build.ResolvedTarget) void {
    module.linkLibrary(deflateLibrary(b, target, &(inflate_files ++ deflate_files ++ deflate_native_files)));
    module.linkLibrary(sha1dcLibrary(b, target, &sha1dc_files));
    module.linkLibrary(lz4Library(b, target, &lz4_encode_files, false));
    module.linkLibrary(zstdLibrary(b, target, &(zstd_common_files ++ zstd_decode_files ++ zstd_encode_files)));
}

/// One library module as an object of the native library, with its loops for newer processors.
fn nativeObject(b: *std.Build, library_module: LibraryModule, target: std.Build.ResolvedTarget, optimize: std.builtin.OptimizeMode) *std.Build.Step.Compile {
    const module = b.createModule(.{
        .root_source_file = b.path(b.fmt("module_{s}.zig", .{library_module.name})),
        .target = target,
        .optimize = optimize,
        .link_libc = true,
        .pic = true,
        .strip = optimize != .Debug,
        .stack_check = false,
    });
    const has_variants = target.result.cpu.arch == .x86_64 and optimize != .Debug;
    addOptions(b, module, has_variants);
    addHeaders(b, module, target, library_module.headers);
    return b.addObject(.{ .name = library_module.name, .root_module = module });
}

/// Loops once more, for newer processors than the library's baseline.
fn addVariants(b: *std.Build, root: *std.Build.Module, target: std.Build.ResolvedTarget, wanted: []const []const u8) void {
    if (isWanted(wanted, "pdiffcopy_hash")) addBlake3Variants(b, root, target);
    addSha256Variant(b, root, target);
    root.addObject(zpaqV3Object(b, target));
}

/// The loops of ZPAQ once more, for processors that have AVX2 and the like.
fn zpaqV3Object(b: *std.Build, target: std.Build.ResolvedTarget) *std.Build.Step.Compile {
    var query = target.query;
    query.cpu_arch = .x86_64;
    query.cpu_model = .{ .explicit = &std.Target.x86.cpu.x86_64_v3 };
    const module = b.createModule(.{
        .root_source_file = b.path("zpaq_v3.zig"),
        .target = b.resolveTargetQuery(query),
        .optimize = .ReleaseFast,
        .pic = true,
        .strip = true,
        .stack_check = false,
    });
    addOptions(b, module, false);
    return b.addObject(.{ .name = "zpaq_v3", .root_module = module });
}

/// What a module becomes: WASM as engines run it, or WASM without what plain JavaScript has no words for.
const WasmUse = enum { wasm, javascript };

fn wasmInstall(b: *std.Build, wasm_module: LibraryModule, optimize: std.builtin.OptimizeMode, use: WasmUse) *std.Build.Step {
    const target = b.resolveTargetQuery(switch (use) {
        .wasm => .{
            .cpu_arch = .wasm32,
            .os_tag = .freestanding,
            .cpu_features_add = std.Target.wasm.featureSet(&.{.simd128}),
        },
        .javascript => .{
            .cpu_arch = .wasm32,
            .os_tag = .freestanding,
            .cpu_model = .{ .explicit = &std.Target.wasm.cpu.mvp },
        },
    });
    const module = b.createModule(.{
        .root_source_file = b.path(b.fmt("module_{s}.zig", .{wasm_module.name})),
        .target = target,
        .optimize = if (wasm_module.small) .ReleaseSmall else optimize,
        .strip = true,
    });
    addOptions(b, module, false);
    addHeaders(b, module, target, wasm_module.headers);
    if (wasm_module.deflate_files.len > 0) module.linkLibrary(deflateLibrary(b, target, wasm_module.deflate_files));
    if (wasm_module.sha1dc_files.len > 0) module.linkLibrary(sha1dcLibrary(b, target, wasm_module.sha1dc_files));
    if (wasm_module.zstd_files.len > 0) module.linkLibrary(zstdLibrary(b, target, wasm_module.zstd_files));
    if (wasm_module.lz4_files.len > 0) module.linkLibrary(lz4Library(b, target, wasm_module.lz4_files, wasm_module.small));
    const exe = b.addExecutable(.{ .name = wasm_module.name, .root_module = module });
    exe.entry = .disabled;
    exe.rdynamic = true;
    exe.stack_size = wasm_stack_size;
    const folder = b.fmt("../.zig/out/{s}", .{switch (use) {
        .wasm => "wasm",
        .javascript => "wasm_mvp",
    }});
    return &b.addInstallArtifact(exe, .{ .dest_dir = .{ .override = .{ .custom = folder } } }).step;
}

/// A hash once more for another processor: hash/variant.zig says how it is called.
fn hashVariant(b: *std.Build, target: std.Build.ResolvedTarget, file: []const u8, model: *const std.Target.Cpu.Model, more: std.Target.Cpu.Feature.Set) *std.Build.Module {
    var query = target.query;
    query.cpu_model = .{ .explicit = model };
    query.cpu_features_add = more;
    return b.createModule(.{
        .root_source_file = b.path(file),
        .target = b.resolveTargetQuery(query),
        .optimize = .ReleaseFast,
        .pic = true,
        .strip = true,
        .stack_check = false,
    });
}

/// BLAKE3 for newer processors than the library's baseline; blake3.zig chooses at run time.
fn addBlake3Variants(b: *std.Build, module: *std.Build.Module, target: std.Build.ResolvedTarget) void {
    for ([_][]const u8{ "v3", "v4" }, [_]*const std.Target.Cpu.Model{ &std.Target.x86.cpu.x86_64_v3, &std.Target.x86.cpu.x86_64_v4 }) |name, model| {
        const variant = hashVariant(b, target, "hash/blake3_variant.zig", model, target.query.cpu_features_add);
        const options = b.addOptions();
        options.addOption([]const u8, "name", name);
        variant.addOptions("variant_options", options);
        module.addObject(b.addObject(.{ .name = b.fmt("blake3_{s}", .{name}), .root_module = variant }));
    }
}

/// SHA-256 for processors with SHA instructions; sha256.zig asks for them at run time.
fn addSha256Variant(b: *std.Build, module: *std.Build.Module, target: std.Build.ResolvedTarget) void {
    const sha = std.Target.x86.featureSet(&.{.sha});
    const variant = hashVariant(b, target, "hash/sha256_variant.zig", &std.Target.x86.cpu.x86_64_v3, sha);
    module.addObject(b.addObject(.{ .name = "sha256_accelerated", .root_module = variant }));
}

/// Tells zpaq/networks.zig whether the loops for newer processors are linked in.
fn addOptions(b: *std.Build, module: *std.Build.Module, zpaq_v3: bool) void {
    const options = b.addOptions();
    options.addOption(bool, "zpaq_v3", zpaq_v3);
    module.addOptions("build_options", options);
}

/// Translates headers to Zig declarations, imported as `<codec>_c`.
fn addHeaders(b: *std.Build, module: *std.Build.Module, target: std.Build.ResolvedTarget, headers: []const Header) void {
    for (headers) |header| {
        const name = b.fmt("{s}_c", .{header.codec});
        if (module.import_table.contains(name)) continue;
        const translate = b.addTranslateC(.{
            .root_source_file = b.path(b.fmt("{s}/{s}_c.h", .{ header.folder, header.codec })),
            .target = target,
            .optimize = .ReleaseFast,
            .link_libc = !target.result.cpu.arch.isWasm(),
        });
        translate.addIncludePath(b.path(b.fmt("../../vendor/{s}", .{header.codec})));
        if (target.result.cpu.arch.isWasm()) translate.addIncludePath(b.path("libc"));
        module.addImport(name, translate.createModule());
    }
}

/// A module for C sources; WASM has no libc, but the few headers that they ask for.
fn cModule(b: *std.Build, target: std.Build.ResolvedTarget) *std.Build.Module {
    const is_wasm = target.result.cpu.arch.isWasm();
    const module = b.createModule(.{
        .target = target,
        .optimize = .ReleaseFast,
        .link_libc = !is_wasm,
        .pic = !is_wasm,
        .strip = true,
        .sanitize_c = .off,
        .omit_frame_pointer = true, // one more register for the hot loops
    });
    if (is_wasm) module.addIncludePath(b.path("libc"));
    return module;
}

fn zstdLibrary(b: *std.Build, target: std.Build.ResolvedTarget, files: []const []const u8) *std.Build.Step.Compile {
    const root = b.path("../../vendor/zstd");
    const is_wasm = target.result.cpu.arch.isWasm();
    const module = cModule(b, target);
    if (!is_wasm) module.addCMacro("ZSTD_MULTITHREAD", "");
    // The other decoder of sequences prefetches, for which WASM has no instruction: 9 KB that would do nothing.
    if (is_wasm) module.addCMacro("ZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT", "1");
    if (target.result.cpu.arch == .x86_64) {
        module.addAssemblyFile(root.path(b, "decompress/huf_decompress_amd64.S"));
    } else {
        module.addCMacro("ZSTD_DISABLE_ASM", "1");
    }
    module.addIncludePath(root);
    const speed: []const []const u8 = if (is_wasm) &.{wasm_speed} else &zstd_native_speed;
    const flags = std.mem.concat(b.allocator, []const u8, &.{ &zstd_flags, &heap_flags, speed }) catch @panic("OOM");
    module.addCSourceFiles(.{ .root = root, .files = files, .flags = flags });
    return b.addLibrary(.{ .name = "zstd", .linkage = .static, .root_module = module });
}

fn lz4Library(b: *std.Build, target: std.Build.ResolvedTarget, files: []const []const u8, small: bool) *std.Build.Step.Compile {
    const root = b.path("../../vendor/lz4");
    const is_wasm = target.result.cpu.arch.isWasm();
    const module = cModule(b, target);
    if (is_wasm) {
        // 64-bit registers with 32-bit pointers, which lz4.c knows by the name of x32: the encoder then hashes as on
        // 64-bit machines, so that its output is the same, and copies go by 8 bytes.
        module.addCMacro("__x86_64__", "1");
        module.addCMacro("__ILP32__", "1");
        // Without a libc memcpy is a call; xxhash.c then reads words through packed structs.
        module.addCMacro("XXH_FORCE_MEMORY_ACCESS", "1");
    }
    // One decoder that asks which history it has in place of eight that know: 16 KiB instead of 40, and as fast in WASM.
    if (small) module.addCMacro("LZ4_FORCE_INLINE", "static");
    module.addIncludePath(root);
    module.addCSourceFiles(.{ .root = root, .files = files, .flags = &lz4_flags });
    return b.addLibrary(.{ .name = "lz4", .linkage = .static, .root_module = module });
}

fn deflateLibrary(b: *std.Build, target: std.Build.ResolvedTarget, files: []const []const u8) *std.Build.Step.Compile {
    const root = b.path("../../vendor/libdeflate");
    const module = cModule(b, target);
    module.addIncludePath(root);
    // Inflating is most of the work of reading a pack: a quarter faster than with -Os, also in WASM.
    module.addCSourceFiles(.{ .root = root.path(b, "lib"), .files = files, .flags = b.dupeStrings(&(c_flags ++ heap_flags ++ .{native_speed})) });
    return b.addLibrary(.{ .name = "deflate", .linkage = .static, .root_module = module });
}

fn sha1dcLibrary(b: *std.Build, target: std.Build.ResolvedTarget, files: []const []const u8) *std.Build.Step.Compile {
    const is_wasm = target.result.cpu.arch.isWasm();
    const module = cModule(b, target);
    module.addIncludePath(b.path("hash"));
    const speed = if (is_wasm) wasm_speed else native_speed;
    const flags = b.dupeStrings(&(sha1dc_flags ++ .{speed}));
    module.addCSourceFiles(.{ .root = b.path("../../vendor/sha1dc"), .files = files, .flags = flags });
    if (target.result.cpu.arch == .x86_64) {
        module.addIncludePath(b.path("../../vendor/sha1dc"));
        module.addCSourceFile(.{ .file = b.path("hash/sha1dc_lanes.h"), .flags = flags, .language = .c });
    }
    return b.addLibrary(.{ .name = "sha1dc", .linkage = .static, .root_module = module });
}
