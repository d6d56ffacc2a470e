//! The store of packs for hosts: files, packs, indexes, and jobs that read objects.

const std = @import("std");
const entries = @import("entry.zig");
const files = @import("files.zig");
const indexes = @import("index.zig");
const object_streams = @import("object_stream.zig");
const outputs = @import("job_output.zig");
const plans = @import("job_plan.zig");
const memory = @import("../core/memory.zig");
const readers = @import("reader.zig");
const result = @import("../core/result.zig");
const Job = @import("job.zig").Job;
const ObjectStream = @import("object_stream.zig").ObjectStream;
const Result = @import("../core/result.zig").Result;
const resultOf = @import("reader.zig").resultOf;
const Step = @import("../core/result.zig").Step;
const Store = @import("store.zig").Store;

const path_size_max = 4096;
/// The header of a pack entry, as numbers.
pub const Entry = extern struct {
    kind: u32,
    size_low: u32,
    size_high: u32,
    data_low: u32,
    data_high: u32,
    base_low: u32,
    base_high: u32,
    base_id: [8]u32,
};
const entry_length = @sizeOf(Entry) / 4;

/// A store for ids of 20 or 32 bytes that keeps pages and delta bases up to these budgets in bytes.
fn storeNew(hash_size: u32, page_budget: f64, cache_budget: f64) ?*Store {
    if (hash_size != 20 and hash_size != 32) return null;
    const store = memory.createContext(Store) orelse return null;
    store.* = .{
        .hash_size = hash_size,
        .pages = .init(page_budget),
        .cache = .{ .budget = if (cache_budget > 0 and cache_budget < 1 << 50) @intFromFloat(cache_budget) else 0 },
    };
    return store;
}

fn storeFree(store: ?*Store) void {
    const context = store orelse return;
    context.deinit();
    memory.destroyContext(context);
}

/// Opens a file by its path in UTF-8; `parameter_unsupported` where the host has to provide the bytes. Sets `value` to
/// its size, `detail` to its number, or to the system's error number.
fn fileOpen(store: *Store, path: []const u8, step: *Step) Result {
    if (!files.has_paths) return .parameter_unsupported;
    var buffer: [path_size_max:0]u8 = undefined;
    if (path.len >= buffer.len or std.mem.indexOfScalar(u8, path, 0) != null) return .invalid_argument;
    @memcpy(buffer[0..path.len], path);
    buffer[path.len] = 0;
    step.detail = store.addFile(buffer[0..path.len :0], 0) catch |failure| {
        step.detail = store.pages.errno;
        return resultOf(failure);
    };
    step.setValue(store.fileAt(step.detail).?.size);
    return .ok;
}

/// A file whose pages the host provides. Sets `detail` to its number.
fn fileProvided(store: *Store, size: f64, step: *Step) Result {
    if (!(size >= 0 and size < 1 << 53)) return .invalid_argument;
    step.detail = store.addFile(null, @intFromFloat(size)) catch |failure| return resultOf(failure);
    return .ok;
}

/// Takes one page of a file: 64 KiB, or what is left at its end.
fn fileProvide(store: *Store, file: u32, page: u32, bytes: []const u8) Result {
    const known = store.fileAt(file) orelse return .invalid_argument;
    store.pages.provide(known, page, bytes) catch |failure| return resultOf(failure);
    return .ok;
}

/// Writes pairs of file and page that were missing, takes them off the list, and returns how many pairs those are.
fn storeNeeds(store: *Store, table: []u32) u32 {
    const list = &store.pages.needs;
    const pairs = @min(list.items.len, table.len / 2);
    for (list.items[0..pairs], 0..) |need, i| {
        table[2 * i] = need.file.id;
        table[2 * i + 1] = need.page;
        need.file.asked.unset(need.page);
    }
    list.replaceRangeAssumeCapacity(0, pairs, &.{});
    return @intCast(pairs);
}

/// Closes a file, and the pack or index on it; `stage_wrong` while a job or an object stream is at work.
fn fileRemove(store: *Store, file: u32) Result {
    if (store.users.load(.acquire) > 0) return .stage_wrong;
    store.removeFile(file);
    return .ok;
}

/// Makes a pack of a file. Sets `detail` to its number.
fn packAdd(store: *Store, file: u32, step: *Step) Result {
    const known = store.fileAt(file) orelse return .invalid_argument;
    step.detail = store.addPack(known) catch |failure| return resultOf(failure);
    return .ok;
}

/// Makes an index of a file, for these packs. Sets `detail` to the count of its ids.
fn indexAdd(
    store: *Store,
    file: u32,
    layout: [*]const u32,
    layout_length: u32,
    packs: []const u32,
    step: *Step,
) Result {
    const known = store.fileAt(file) orelse return .invalid_argument;
    if (layout_length != @sizeOf(indexes.Layout) / 4) return .invalid_argument;
    const fields: *const indexes.Layout = @ptrCast(layout);
    step.detail = store.addIndex(known, fields.*, packs) catch |failure| return resultOf(failure);
    return .ok;
}

/// Finds an id in the indexes, or in that of one pack unless `only` is 2^32 - 1. Sets `detail` to the pack's number and
/// `value` to the offset.
fn storeFind(store: *Store, id: []const u8, only: u32, step: *Step) Result {
    if (id.len != store.hash_size) return .invalid_argument;
    var cursor: files.Cursor = .{};
    defer cursor.deinit();
    const found = store.find(&cursor, id, if (only == plans.none) null else only) catch |failure|
        return resultOf(failure);
    const place = found orelse return .not_found;
    step.detail = place.pack;
    step.setValue(place.offset);
    return .ok;
}

/// Reads the header of an entry into an `Entry`.
fn storeEntry(store: *Store, pack: u32, offset: f64, table: []u32) Result {
    if (table.len != entry_length or !(offset >= 0 and offset < 1 << 53)) return .invalid_argument;
    const known = store.packAt(pack) orelse return .invalid_argument;
    var cursor: files.Cursor = .{};
    defer cursor.deinit();
    const entry = entries.read(&cursor, known.file, known.end, @intFromFloat(offset), store.hash_size) catch |failure|
        return resultOf(failure);
    const target: *Entry = @ptrCast(table.ptr);
    target.* = .{
        .kind = @intFromEnum(entry.kind),
        .size_low = @truncate(entry.size),
        .size_high = @truncate(entry.size >> 32),
        .data_low = @truncate(entry.data),
        .data_high = @truncate(entry.data >> 32),
        .base_low = @truncate(entry.base_offset),
        .base_high = @truncate(entry.base_offset >> 32),
        .base_id = @bitCast(entry.base_id),
    };
    return .ok;
}

/// Inflates an entry, without applying anything, into a target that has exactly its size. Sets `produced`.
fn storeInflate(store: *Store, pack: u32, offset: f64, output: []u8, step: *Step) Result {
    const known = store.packAt(pack) orelse return .invalid_argument;
    if (!(offset >= 0 and offset < 1 << 53)) return .invalid_argument;
    var reader = readers.Reader.init(store) catch return .out_of_memory;
    defer reader.deinit();
    const entry = reader.entry(known, @intFromFloat(offset)) catch |failure| return resultOf(failure);
    if (entry.size != output.len) return .invalid_argument;
    reader.inflate(known, entry.data, output) catch |failure| return resultOf(failure);
    step.produced = @intCast(output.len);
    return .ok;
}

/// Bytes that pages and delta bases take now, in `value` and `other`.
fn storeMemory(store: *Store, step: *Step) void {
    step.setValue(store.pages.ring.items.len * @sizeOf(files.Page));
    step.setOther(store.cache.used);
}

/// A job for packed ids. Null when there is no memory.
fn jobNew(store: *Store, ids: []const u8, flags: u32, threads: u32) ?*Job {
    if (ids.len % store.hash_size != 0) return null;
    return Job.create(store, ids.len / store.hash_size, ids, @bitCast(flags), threads) catch null;
}

/// A job for entries of one pack, by pairs of the halves of their offsets; with ids to verify, or with none.
fn jobNewAt(
    store: *Store,
    pack: u32,
    offsets: []const u32,
    ids: []const u8,
    flags: u32,
    threads: u32,
) ?*Job {
    const count: u32 = @intCast(offsets.len / 2);
    if (ids.len != 0 and ids.len != @as(usize, count) * store.hash_size) return null;
    const job = Job.create(store, count, ids, @bitCast(flags), threads) catch return null;
    for (job.plan.items, 0..) |*item, i| {
        item.place = .{ .pack = pack, .offset = @as(u64, offsets[2 * i + 1]) << 32 | offsets[2 * i] };
        item.state = .placed;
    }
    return job;
}

fn jobFree(job: ?*Job) void {
    if (job) |context| context.destroy();
}

/// Finds the objects and their chains; `needs_bytes` until the host has provided what that takes.
fn jobPlan(job: *Job) Result {
    job.plan.make() catch |failure| return resultOf(failure);
    return .ok;
}

/// Writes a record for every item, without making objects.
fn jobInfos(job: *Job, table: []u32) Result {
    if (table.len != job.plan.items.len * outputs.record_length) return .invalid_argument;
    const records: [*]outputs.Record = @ptrCast(table.ptr);
    job.plan.infos(records[0..job.plan.items.len]) catch |failure| return resultOf(failure);
    return .ok;
}

/// Makes objects. Sets `produced` to the bytes of the target in use, `detail` to the count of records, and `hint` to the
/// room that the largest object needs which did not fit.
fn jobNext(job: *Job, arena: []u8, table: []u32, step: *Step) Result {
    const records: [*]outputs.Record = @ptrCast(table.ptr);
    const progress = job.next(arena, records[0 .. table.len / outputs.record_length]);
    step.produced = @intCast(progress.arena_used);
    step.detail = @intCast(progress.record_count);
    step.hint = @intCast(progress.wanted);
    return progress.result;
}

fn streamResult(failure: object_streams.Error) Result {
    return switch (failure) {
        error.LimitExceeded => .memory_limit,
        error.BaseMissing => .base_missing,
        error.ChainTooLong => .chain_too_long,
        error.SpillFailed => .system_call_failed,
        else => |known| resultOf(known),
    };
}

/// A stream of the object at an offset of a pack that takes at most `budget` bytes of memory beside its window. A base that
/// does not fit goes to a temporary file in the folder that the source names in UTF-8, or nowhere where that is empty.
fn objectNew(store: *Store, pack: u32, offset: f64, budget: f64, folder: []const u8) ?*ObjectStream {
    if (!(offset >= 0 and offset < 1 << 53)) return null;
    const limit: u64 = if (budget >= 0 and budget < 1 << 53) @intFromFloat(budget) else std.math.maxInt(u64) >> 1;
    return ObjectStream.create(store, .{ .pack = pack, .offset = @intFromFloat(offset) }, limit, folder) catch null;
}

fn objectFree(stream: ?*ObjectStream) void {
    if (stream) |context| context.destroy();
}

/// Gets ready to give bytes; `needs_bytes` until the host has provided what that takes. Sets `value` to the size of the
/// object, `detail` to its type and `hint` to the length of its chain.
fn objectOpen(stream: *ObjectStream, step: *Step) Result {
    stream.open() catch |failure| return streamResult(failure);
    step.setValue(stream.size);
    step.detail = @intFromEnum(stream.kind());
    step.hint = @intCast(stream.chain.items.len);
    return .ok;
}

/// Gives the next bytes: `frame_end` with the last of them, `needs_bytes` when the host has to provide some. Sets
/// `produced`.
fn objectRead(stream: *ObjectStream, output: []u8, step: *Step) Result {
    if (stream.stage != .ready) return .stage_wrong;
    const part = stream.read(output) catch |failure| return streamResult(failure);
    step.produced = @intCast(part.produced);
    if (part.waits) return .needs_bytes;
    return if (part.done) .frame_end else .output_pending;
}

pub const exports = .{
    .{ "sluice_git_object_new", objectNew },
    .{ "sluice_git_object_free", objectFree },
    .{ "sluice_git_object_open", objectOpen, .off_loop },
    .{ "sluice_git_object_read", objectRead, .off_loop },
    .{ "sluice_git_store_new", storeNew },
    .{ "sluice_git_store_free", storeFree },
    .{ "sluice_git_store_memory", storeMemory },
    .{ "sluice_git_store_needs", storeNeeds },
    .{ "sluice_git_store_find", storeFind },
    .{ "sluice_git_store_entry", storeEntry },
    .{ "sluice_git_store_inflate", storeInflate },
    .{ "sluice_git_file_open", fileOpen },
    .{ "sluice_git_file_provided", fileProvided },
    .{ "sluice_git_file_provide", fileProvide },
    .{ "sluice_git_file_remove", fileRemove },
    .{ "sluice_git_pack_add", packAdd },
    .{ "sluice_git_index_add", indexAdd },
    .{ "sluice_git_job_new", jobNew },
    .{ "sluice_git_job_new_at", jobNewAt },
    .{ "sluice_git_job_free", jobFree },
    .{ "sluice_git_job_plan", jobPlan, .off_loop },
    .{ "sluice_git_job_infos", jobInfos, .off_loop },
    .{ "sluice_git_job_next", jobNext, .off_loop },
};
