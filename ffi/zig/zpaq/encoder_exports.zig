//! ZPAQ encoding for hosts: the data of the segments of one block, and what an archiver needs beside it: fragments, and
//! the key of an encrypted archive. Framing is the host's.

const std = @import("std");
const bwt = @import("bwt.zig");
const coder = @import("coder.zig");
const large_pages = @import("../core/large_pages.zig");
const lz77 = @import("lz77_encode.zig");
const memory_module = @import("../core/memory.zig");
const networks = @import("networks.zig");
const programs = @import("programs.zig");
const c_allocator = @import("../core/c_allocator.zig").c_allocator;
const Fragmenter = @import("fragmenter.zig").Fragmenter;
const hashes = @import("hash_exports.zig");
const Header = @import("header.zig").Header;
const Owned = @import("model.zig").Owned;
const Memory = @import("../core/memory.zig").Memory;
const Predictions = @import("predictor.zig").Network(null);
const result = @import("../core/result.zig");
const Result = result.Result;
const Sha1 = @import("../hash/sha1.zig").Sha1;
const Step = result.Step;

extern fn divsufsort(text: [*]const u8, suffixes: [*]i32, size: c_int, parallel: c_int) c_int;

/// Stored data goes in chunks of this size, as zpaq writes them.
const chunk_size = 65536;
const transform_numbers = 7;

const Encoder = struct {
    memory: Memory,
    owned: ?Owned,
    stored: bool,
    /// The segment as it is coded: the post-processor and the transformed text.
    data: ?[*]u8,
    data_len: usize,
    data_pos: usize,
    chunk_left: usize,
    phase: enum { idle, data, tail },
    tail: [8]u8,
    tail_pos: u32,
    tail_len: u32,

    fn noMemory(self: *const Encoder) Result {
        return self.memory.failure();
    }

    fn dropData(self: *Encoder) void {
        if (self.data) |data| self.memory.release(data);
        self.data = null;
    }
};

/// A context whose allocations stay below `memory_limit` bytes (0: no limit); null when there is no memory.
fn new(memory_limit: f64) ?*Encoder {
    const self = memory_module.createContext(Encoder) orelse return null;
    self.memory = .init(memory_limit);
    self.owned = null;
    self.data = null;
    self.phase = .idle;
    self.stored = true;
    return self;
}

/// Frees a context; null is fine.
fn free(self: ?*Encoder) void {
    const context = self orelse return;
    if (context.owned) |*owned| owned.deinit(&context.memory);
    context.dropData();
    memory_module.destroyContext(context);
}

/// Starts a block with its header.
fn begin(self: *Encoder, bytes: []const u8, hcomp_budget: f64) Result {
    const parsed = Header.parse(bytes) orelse return .corrupt;
    if (self.owned) |*owned| owned.deinit(&self.memory);
    self.owned = null;
    self.phase = .idle;
    self.stored = parsed.count == 0;
    if (self.stored) return .ok;
    const budget: u64 = if (hcomp_budget >= 0 and hcomp_budget < 1 << 60) @intFromFloat(hcomp_budget) else 1 << 60;
    self.owned = Owned.init(parsed, budget, &self.memory) orelse return self.noMemory();
    return .ok;
}

/// Starts a segment: `prefix` is coded before the source, which goes through the transform that `numbers` say: log2
/// of the block in MiB, the transform, and the five numbers of LZ77.
fn segment(self: *Encoder, front: []const u8, input: []const u8, numbers: []const u32) Result {
    if (numbers.len != transform_numbers) return .invalid_argument;
    self.dropData();
    self.phase = .idle;
    const method = Method.init(numbers[0..transform_numbers]) orelse return .parameter_out_of_range;
    const room = front.len + method.bound(input.len);
    const block = self.memory.allocate(@max(room, 1)) orelse return self.noMemory();
    const data: [*]u8 = @ptrCast(block);
    self.data = data;
    large_pages.advise(data[0..room]);
    @memcpy(data[0..front.len], front);
    const size = method.transform(input, data[front.len..room], &self.memory) catch return self.noMemory();
    self.data_len = front.len + size;
    self.data_pos = 0;
    self.chunk_left = 0;
    self.phase = .data;
    self.tail_pos = 0;
    self.tail_len = 0;
    return .ok;
}

/// A transform with its numbers, checked.
const Method = struct {
    kind: enum { none, lz77, bwt },
    e8e9: bool,
    parameters: lz77.Parameters,

    fn init(numbers: *const [transform_numbers]u32) ?Method {
        const kind = numbers[1] & 3;
        if (numbers[0] > 11 or numbers[1] > 7) return null;
        const is_lz77 = kind == 1 or kind == 2;
        const suffixes = numbers[5] -| numbers[0] >= 21;
        if (is_lz77) {
            const least: u32 = if (kind == 1) 4 else 1;
            if (numbers[2] < least or numbers[2] > 255 or numbers[3] > 255 or numbers[4] > 16 or numbers[6] > 255) return null;
            if (!suffixes and (numbers[5] < 1 or numbers[5] > 30 or numbers[4] > numbers[5])) return null;
        }
        return .{
            .kind = switch (kind) {
                0 => .none,
                3 => .bwt,
                else => .lz77,
            },
            .e8e9 = numbers[1] & 4 != 0,
            .parameters = .{
                .block_bits = @intCast(numbers[0]),
                .bytes = kind == 2,
                .length_min = numbers[2],
                .second_min = numbers[3],
                .probes = if (is_lz77) (@as(u32, 1) << @intCast(numbers[4])) - 1 else 0,
                .table_bits = if (suffixes) 0 else @intCast(numbers[5] & 31),
                .look_ahead = numbers[6],
            },
        };
    }

    fn bound(self: Method, size: usize) usize {
        return switch (self.kind) {
            .none => size,
            .lz77 => lz77.bound(size),
            .bwt => size + 5,
        };
    }

    fn transform(self: Method, input: []const u8, target: []u8, memory: *Memory) error{OutOfMemory}!usize {
        if (self.kind == .none) {
            @memcpy(target, input);
            if (self.e8e9) bwt.doE8e9(target);
            return input.len;
        }
        if (!self.e8e9) return self.pack(input, target, memory);
        const copy = try allocate(u8, memory, input.len);
        defer memory.release(copy.ptr);
        @memcpy(copy, input);
        bwt.doE8e9(copy);
        return self.pack(copy, target, memory);
    }

    fn pack(self: Method, input: []const u8, target: []u8, memory: *Memory) error{OutOfMemory}!usize {
        const p = self.parameters;
        if (self.kind == .lz77 and p.table_bits > 0) {
            const table = try allocateZeroed(u32, memory, @as(usize, 1) << p.table_bits);
            defer memory.release(table.ptr);
            var search: lz77.HashSearch = .init(p, table);
            return lz77.encode(input, &search, p, target);
        }
        const suffixes = try allocate(i32, memory, input.len);
        defer memory.release(suffixes.ptr);
        if (self.kind == .bwt) return bwt.forward(input, suffixes, target);
        if (input.len > 0 and divsufsort(input.ptr, suffixes.ptr, @intCast(input.len), 0) != 0) return error.OutOfMemory;
        const ranks = try allocate(u32, memory, input.len);
        defer memory.release(ranks.ptr);
        for (suffixes, 0..) |suffix, rank| ranks[@intCast(suffix)] = @intCast(rank);
        var search: lz77.SuffixSearch = .{ .parameters = p, .suffixes = suffixes, .ranks = ranks };
        return lz77.encode(input, &search, p, target);
    }
};

fn allocate(comptime T: type, memory: *Memory, count: usize) error{OutOfMemory}![]T {
    const block = memory.allocate(@max(count, 1) * @sizeOf(T)) orelse return error.OutOfMemory;
    const items = @as([*]T, @ptrCast(@alignCast(block)))[0..count];
    large_pages.advise(std.mem.sliceAsBytes(items));
    return items;
}

fn allocateZeroed(comptime T: type, memory: *Memory, count: usize) error{OutOfMemory}![]T {
    const block = memory.allocateZeroed(@max(count, 1) * @sizeOf(T)) orelse return error.OutOfMemory;
    return @as([*]T, @ptrCast(@alignCast(block)))[0..count];
}

/// Codes the segment on. Sets `produced`. `output_pending`: the target is full; `frame_end`: the segment's data has ended,
/// its four zeros included. The target must have room for 64 bytes.
fn run(self: *Encoder, output: []u8, step: *Step) Result {
    if (self.phase == .idle) return .stage_wrong;
    if (output.len < 64) return .output_too_small;
    var len: usize = 0;
    if (self.phase == .data) {
        if (self.owned) |*owned| {
            var span: coder.Span = .{
                .source = self.data.?,
                .source_len = self.data_len,
                .target = output.ptr,
                .target_len = output.len,
                .consumed = self.data_pos,
                .more = false,
            };
            const stop = networks.encode(&owned.model, &span);
            self.data_pos = span.consumed;
            len = span.produced;
            switch (stop) {
                .need_input => {
                    coder.finishEncoding(&owned.model, &self.tail);
                    self.tail_len = 8;
                    self.phase = .tail;
                },
                .bad_opcode, .budget_exceeded => {
                    step.detail = owned.model.machine.pc;
                    self.phase = .idle;
                    return if (stop == .bad_opcode) .program_failed else .budget_exceeded;
                },
                else => {},
            }
        } else len = store(self, output);
    }
    if (self.phase == .tail) {
        const count = @min(output.len - len, self.tail_len - self.tail_pos);
        @memcpy(output[len..][0..count], self.tail[self.tail_pos..][0..count]);
        self.tail_pos += @intCast(count);
        len += count;
    }
    step.produced = @intCast(len);
    if (self.phase != .tail or self.tail_pos < self.tail_len) return .output_pending;
    self.phase = .idle;
    self.dropData();
    return .frame_end;
}

fn storeSize(self: *Encoder, output: []u8, len: usize, size: usize) void {
    std.mem.writeInt(u32, output[len..][0..4], @intCast(size), .big);
    self.chunk_left = size;
}

/// Writes chunks with their sizes in front, and the size of none at the end.
fn store(self: *Encoder, output: []u8) usize {
    var len: usize = 0;
    while (true) {
        if (self.chunk_left == 0) {
            if (output.len - len < 4) return len;
            const size = @min(chunk_size, self.data_len - self.data_pos);
            storeSize(self, output, len, size);
            len += 4;
            if (size == 0) {
                self.phase = .tail;
                return len;
            }
        }
        const count = @min(self.chunk_left, output.len - len);
        @memcpy(output[len..][0..count], self.data.?[self.data_pos..][0..count]);
        self.data_pos += count;
        self.chunk_left -= count;
        len += count;
        if (self.chunk_left > 0) return len;
    }
}

/// Cuts the source into fragments and hashes them. Sets `consumed` to where the last whole fragment ends; with `last` the
/// rest is one as well, even an empty one, and `hint` says that it was that. `parts` gets 66 numbers a fragment and `target` its digest: see `Fragmenter`. `detail` is how many.
fn fragment(
    input: []const u8,
    size_min: u32,
    size_max: u32,
    cut_bits: u32,
    last: u32,
    parts: [*]u32,
    part_numbers: u32,
    digests: []u8,
    step: *Step,
) Result {
    if (size_min == 0 or size_max < size_min or cut_bits > 32) return .invalid_argument;
    const room = @min(part_numbers / Fragmenter.numbers, digests.len / Sha1.digest_length);
    var at: usize = 0;
    var count: usize = 0;
    while (count < room and step.hint == 0) {
        var fragmenter: Fragmenter = .{ .size_min = size_min, .size_max = size_max, .cut_bits = @intCast(cut_bits) };
        const found = fragmenter.scan(input[at..]);
        if (!found and last == 0) break;
        fragmenter.report(parts[count * Fragmenter.numbers ..][0..Fragmenter.numbers]);
        Sha1.hash(input[at..][0..fragmenter.size], digests[count * Sha1.digest_length ..][0..Sha1.digest_length]);
        at += fragmenter.size;
        count += 1;
        step.hint = @intFromBool(!found);
    }
    step.consumed = @intCast(at);
    step.detail = @intCast(count);
    step.produced = @intCast(count * Sha1.digest_length);
    return .ok;
}

/// Predicts the bits of source bytes after `begin`, as many bytes as `numbers` has room for: of each bit the guesses of all
/// components, as logits, and the probability that it is 1, in 65536ths. Sets `consumed`.
fn predict(self: *Encoder, input: []const u8, numbers: []u32, step: *Step) Result {
    const model = if (self.owned) |*owned| &owned.model else return .stage_wrong;
    const predictor = model.predictor;
    const width = predictor.count + 1;
    var rows: []u32 = numbers;
    for (input) |byte| {
        if (rows.len < 8 * width) break;
        for (0..8) |i| {
            const probability = Predictions.predict(predictor);
            for (rows[0..predictor.count], predictor.p[0..predictor.count]) |*number, logit| number.* = @bitCast(logit);
            rows[predictor.count] = probability;
            rows = rows[width..];
            Predictions.update(predictor, byte >> @intCast(7 - i) & 1);
        }
        step.consumed += 1;
        if (coder.nextContexts(model, byte)) |stop| {
            return if (stop == .budget_exceeded) .budget_exceeded else .program_failed;
        }
        Predictions.startByte(predictor);
    }
    return .ok;
}

/// Hashes of a `hashes.Kind` of parts that follow each other, whose sizes are given; `target` gets their digests. Sets
/// `produced`.
fn hashParts(kind: u32, source: []const u8, sizes: []const u32, digests: []u8, step: *Step) Result {
    var rest = source;
    const digest_size = hashes.sizeOf(kind) orelse return .invalid_argument;
    if (digests.len / digest_size < sizes.len) return .output_too_small;
    for (sizes, 0..) |size, i| {
        if (size > rest.len) return .invalid_argument;
        hashes.hashOf(kind, rest[0..size], digests[i * digest_size ..][0..digest_size]);
        rest = rest[size..];
    }
    step.produced = @intCast(sizes.len * digest_size);
    return .ok;
}

/// The post-processor that zpaq stores for a transform: its number, whether E8E9 goes with it, and the low bits of offsets
/// or the least length of a match. Sets `produced`.
fn storedProgram(transform: u32, parameter: u32, output: []u8, step: *Step) Result {
    if (output.len < programs.size_max) return .output_too_small;
    if (transform > 7 or parameter > 255) return .invalid_argument;
    const known: programs.Known = .{
        .transform = switch (transform & 3) {
            1 => .bit_lz77,
            2 => .byte_lz77,
            3 => .bwt,
            else => if (transform == 4) .e8e9 else return .invalid_argument,
        },
        .e8e9 = transform & 4 != 0,
        .parameter = @intCast(parameter),
    };
    step.produced = @intCast(programs.store(known, output));
    return .ok;
}

const key_size = 32;

/// The key of an encrypted archive: scrypt with N = 16384, r = 8, p = 1 over the SHA-256 of the password. Sets `produced`.
fn deriveKey(secret: []const u8, salt_bytes: []const u8, output: []u8, step: *Step) Result {
    if (output.len < key_size) return .output_too_small;
    var hash: [32]u8 = undefined;
    std.crypto.hash.sha2.Sha256.hash(secret, &hash, .{});
    std.crypto.pwhash.scrypt.kdf(c_allocator, output[0..key_size], &hash, salt_bytes, .{ .ln = 14, .r = 8, .p = 1 }) catch
        return .out_of_memory;
    step.produced = key_size;
    return .ok;
}

pub const exports = .{
    .{ "sluice_zpaq_encoder_new", new },
    .{ "sluice_zpaq_encoder_free", free },
    .{ "sluice_zpaq_encoder_begin", begin },
    .{ "sluice_zpaq_encoder_segment", segment, .off_loop },
    .{ "sluice_zpaq_encoder_run", run, .off_loop },
    .{ "sluice_zpaq_encoder_predict", predict },
    .{ "sluice_zpaq_fragment", fragment, .off_loop },
    .{ "sluice_zpaq_hash_parts", hashParts, .off_loop },
    .{ "sluice_zpaq_stored_program", storedProgram },
    .{ "sluice_zpaq_derive_key", deriveKey, .off_loop },
};
