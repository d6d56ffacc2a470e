//! What the library exports, from one description: the exported symbols of the native library and of each WASM module,
//! the manifest that TypeScript's declarations are generated from, and the hashes checked at load.
//!
//! A library module is a file with a `name` and a tuple `exports` of rows: a symbol, an ordinary function, of which
//! `CFunction` makes what a host calls, and `.off_loop` where a host calls it off its event loop. `is_supported` says
//! whether the target has what they need. Where both sides use numbers beside the arguments, a tuple `constants` has
//! names with what they name: an integer, the bits of a packed struct, the places in a record of u32, or the values of an
//! enum. All of them are in the manifest, so that its hash covers them.
//!
//! A new library module is one file, one row in `native.zig` and in `build.zig`, and one root `module_<name>.zig`.

const std = @import("std");
const builtin = @import("builtin");
const heap_state = @import("core/heap_state.zig");
const CFunction = @import("core/c_function.zig").CFunction;
const Step = @import("core/result.zig").Step;
const Result = @import("core/result.zig").Result;

/// The kind of a parameter or result: how a host passes it and, in WASM, what it copies.
/// A `source` or `target` is followed by its position and end, a `table` by its count.
fn kindName(comptime T: type) []const u8 {
    return switch (T) {
        void => "void",
        u32 => "u32",
        i32 => "i32",
        f64 => "f64",
        *Step => "step",
        ?[*]const u8 => "source",
        ?[*]u8 => "target",
        [*]const i32 => "table_in",
        [*]const u32 => "table_in",
        [*]u32 => "table",
        else => switch (@typeInfo(T)) {
            .pointer => |pointer| if (pointer.size == .one) "handle" else @compileError("no kind for " ++ @typeName(T)),
            .optional => |optional| kindName(optional.child),
            else => @compileError("no kind for " ++ @typeName(T)),
        },
    };
}

fn functionJson(comptime entry: anytype) []const u8 {
    const info = @typeInfo(@TypeOf(CFunction(entry[1], true).host)).@"fn";
    var text: []const u8 = "{\"name\":\"" ++ entry[0] ++ "\",\"parameters\":[";
    for (info.params, 0..) |parameter, i| {
        text = text ++ (if (i == 0) "" else ",") ++ "\"" ++ kindName(parameter.type.?) ++ "\"";
    }
    const off_loop = if (entry.len > 2) "true" else "false";
    return text ++ "],\"result\":\"" ++ kindName(info.return_type.?) ++ "\",\"offLoop\":" ++ off_loop ++ "}";
}

fn numberJson(comptime value: comptime_int) []const u8 {
    return std.fmt.comptimePrint("{d}", .{value});
}

fn pairJson(comptime index: usize, comptime name: []const u8, comptime value: comptime_int) []const u8 {
    return (if (index == 0) "" else ",") ++ "\"" ++ name ++ "\":" ++ numberJson(value);
}

/// The bits of a packed struct of flags, without what is left over at its end.
fn flagsJson(comptime T: type) []const u8 {
    var text: []const u8 = "{";
    for (@typeInfo(T).@"struct".fields, 0..) |field, i| {
        if (field.type != bool) break;
        text = text ++ pairJson(i, field.name, 1 << @bitOffsetOf(T, field.name));
    }
    return text ++ "}";
}

/// The places of the numbers of a record, and how many u32 it takes as `LENGTH`.
fn recordJson(comptime T: type) []const u8 {
    var text: []const u8 = "{";
    for (@typeInfo(T).@"struct".fields, 0..) |field, i| {
        text = text ++ pairJson(i, field.name, @divExact(@offsetOf(T, field.name), 4));
    }
    return text ++ ",\"length\":" ++ numberJson(@divExact(@sizeOf(T), 4)) ++ "}";
}

fn enumJson(comptime T: type) []const u8 {
    var text: []const u8 = "{";
    for (@typeInfo(T).@"enum".fields, 0..) |field, i| text = text ++ pairJson(i, field.name, field.value);
    return text ++ "}";
}

fn constantJson(comptime value: anytype) []const u8 {
    if (@TypeOf(value) != type) return numberJson(value);
    return switch (@typeInfo(value)) {
        .@"struct" => |info| if (info.layout == .@"packed") flagsJson(value) else recordJson(value),
        .@"enum" => enumJson(value),
        else => @compileError("no constant for " ++ @typeName(value)),
    };
}

fn constantsJson(comptime module: type) []const u8 {
    var text: []const u8 = "{";
    if (@hasDecl(module, "constants")) {
        for (module.constants, 0..) |row, i| {
            text = text ++ (if (i == 0) "" else ",") ++ "\"" ++ row[0] ++ "\":" ++ constantJson(row[1]);
        }
    }
    return text ++ "}";
}

/// JSON of one library module: `{ name, functions: [{ name, parameters, result, offLoop }], constants }`.
fn moduleJson(comptime module: type) []const u8 {
    var text: []const u8 = "{\"name\":\"" ++ module.name ++ "\",\"functions\":[";
    for (module.exports, 0..) |entry, i| text = text ++ (if (i == 0) "" else ",") ++ functionJson(entry);
    return text ++ "],\"constants\":" ++ constantsJson(module) ++ "}";
}

/// JSON of what every library module shares: `"results":{…},"step":{…}`.
const common: []const u8 = blk: {
    @setEvalBranchQuota(100_000);
    break :blk "\"results\":" ++ enumJson(Result) ++ ",\"step\":" ++ recordJson(Step);
};

fn crc(comptime text: []const u8) u32 {
    @setEvalBranchQuota(10_000_000);
    return comptime std.hash.Crc32.hash(text);
}

/// The hash of one library module: CRC-32 of its part of the manifest and of what all share.
fn moduleHash(comptime module: type) u32 {
    @setEvalBranchQuota(10_000_000);
    return crc(comptime moduleJson(module) ++ common);
}

/// What the native library and every WASM module export beside their own, for tests.
const common_exports = .{
    .{ "sluice_live_blocks", heap_state.liveBlocks },
    .{ "sluice_fail_allocation", heap_state.failAllocation },
};

fn exportAll(comptime entries: anytype, comptime is_supported: bool) void {
    inline for (entries) |entry| {
        @export(&CFunction(entry[1], is_supported).host, .{ .name = entry[0] });
    }
}

/// Exports the functions of a library module. A WASM module also has its hash, what tests ask for, and its libc; in the
/// native library another object has those.
pub fn exportModule(comptime module: type) void {
    @setEvalBranchQuota(100_000);
    exportAll(module.exports, if (@hasDecl(module, "is_supported")) module.is_supported else true);
    if (!builtin.target.cpu.arch.isWasm()) return;
    const hash = struct {
        const value = moduleHash(module);
        fn abiHash() u32 {
            return value;
        }
    };
    exportAll(.{.{ "sluice_abi_hash", hash.abiHash }} ++ common_exports, true);
    heap_state.exportAll();
    @import("core/wasm_libc.zig").exportAll();
}

/// The whole manifest: `{ modules: [{ …, hash }], results, step }`.
pub fn manifest(comptime modules: anytype) []const u8 {
    @setEvalBranchQuota(10_000_000);
    comptime var text: []const u8 = "{\"modules\":[";
    inline for (modules, 0..) |module, i| {
        const json = comptime moduleJson(module);
        const hash = comptime moduleHash(module);
        text = text ++ (if (i == 0) "" else ",") ++ json[0 .. json.len - 1] ++ ",\"hash\":" ++ numberJson(hash) ++ "}";
    }
    return text ++ "]," ++ common ++ "}";
}

/// Exports what the native library has beside its modules: the manifest, its hash, and what tests ask for.
pub fn exportNative(comptime modules: anytype) void {
    @setEvalBranchQuota(10_000_000);
    const whole = struct {
        const text = manifest(modules);
        const value: u32 = crc(text);

        /// A host refuses a library whose hash is not the one its declarations were generated from.
        fn abiHash() u32 {
            return value;
        }

        /// Writes the manifest. Sets `produced`; a target that is too small is `output_too_small` with the size in `hint`.
        fn abiManifest(output: []u8, step: *Step) Result {
            step.hint = text.len;
            if (output.len < text.len) return .output_too_small;
            @memcpy(output[0..text.len], text);
            step.produced = text.len;
            return .ok;
        }
    };
    exportAll(.{
        .{ "sluice_abi_hash", whole.abiHash },
        .{ "sluice_abi_manifest", whole.abiManifest },
    } ++ common_exports, true);
    heap_state.exportAll();
}
