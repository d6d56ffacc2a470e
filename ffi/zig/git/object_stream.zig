//! One object as a stream within a memory budget, however large it and its chain are: full entries are inflated as they
//! are read; deltas are composed, and their base is held in memory where it fits or else read twice through a window.

const std = @import("std");
const deltas = @import("delta.zig");
const entries = @import("entry.zig");
const indexes = @import("index.zig");
const programs = @import("delta_program.zig");
const readers = @import("reader.zig");
const spills = @import("spill.zig");
const stores = @import("store.zig");
const windows = @import("base_window.zig");
const allocator = @import("../core/c_allocator.zig").c_allocator;
const Inflater = @import("inflater.zig").Inflater;

pub const Error = readers.Error || programs.Error || spills.Error || error{ BaseMissing, ChainTooLong };

const chunk_size = 64 << 10;
const window_size_max = 4 << 20;
const segments_max = 4 << 20;

const Stage = enum { walk, compose, prepare, first_pass, spill, ready };
/// How the base is read.
const Mode = enum { full, memory, window, spilled };

/// A full entry that is inflated front to back.
const Base = struct {
    pack: stores.Pack,
    entry: entries.Entry,
};

pub const ObjectStream = struct {
    reader: readers.Reader,
    place: indexes.Place,
    budget: u64,
    stage: Stage = .walk,
    mode: Mode = .full,
    chain: std.ArrayList(indexes.Place) = .empty,
    /// A place that was passed: it comes again where the chain leads back to itself.
    landmark: ?indexes.Place = null,
    composed: usize = 0,
    root: ?Base = null,
    size: u64 = 0,
    position: u64 = 0,
    program: programs.Program = .{ .segments_max = segments_max },
    /// The whole base, or the kept ranges of it.
    held: []u8 = &.{},
    plan: ?windows.Plan = null,
    inflater: ?*Inflater = null,
    base_position: u64 = 0,
    window: []u8 = &.{},
    window_size: u64 = 0,
    segment: usize = 0,
    /// Where a base may be spilled to; empty where it must not.
    spill_folder: []u8 = &.{},
    spilled: ?spills.Spill = null,

    pub fn create(store: *stores.Store, place: indexes.Place, budget: u64, spill_folder: []const u8) error{OutOfMemory}!*ObjectStream {
        const self = try allocator.create(ObjectStream);
        errdefer allocator.destroy(self);
        const folder = try allocator.dupe(u8, spill_folder);
        errdefer allocator.free(folder);
        self.* = .{ .reader = try .init(store), .place = place, .budget = budget, .spill_folder = folder };
        _ = store.users.fetchAdd(1, .acquire);
        return self;
    }

    pub fn destroy(self: *ObjectStream) void {
        const users = &self.reader.store.users;
        defer _ = users.fetchSub(1, .release);
        self.reader.deinit();
        self.chain.deinit(allocator);
        self.program.deinit();
        if (self.plan) |*plan| plan.deinit();
        if (self.inflater) |inflater| allocator.destroy(inflater);
        allocator.free(self.held);
        allocator.free(self.window);
        allocator.free(self.spill_folder);
        if (self.spilled) |*spill| spill.close();
        allocator.destroy(self);
    }

    pub fn kind(self: *const ObjectStream) entries.Kind {
        return self.root.?.entry.kind;
    }

    /// Gets ready to give bytes. Missing bytes are asked for; the call is then repeated.
    pub fn open(self: *ObjectStream) Error!void {
        while (true) {
            switch (self.stage) {
                .walk => try self.walk(),
                .compose => try self.compose(),
                .prepare => try self.prepare(),
                .first_pass => try self.keepRanges(),
                .spill => try self.spillBase(),
                .ready => return,
            }
        }
    }

    fn packOf(self: *const ObjectStream, place: indexes.Place) Error!stores.Pack {
        return self.reader.store.packAt(place.pack) orelse error.OutOfRange;
    }

    fn walk(self: *ObjectStream) Error!void {
        while (true) {
            const pack = try self.packOf(self.place);
            const entry = try self.reader.entry(pack, self.place.offset);
            if (entry.data > pack.end) return error.Corrupt;
            if (entries.isFull(entry.kind)) {
                self.root = .{ .pack = pack, .entry = entry };
                break;
            }
            if (self.landmark) |mark| if (std.meta.eql(self.place, mark)) return error.ChainTooLong;
            const base: indexes.Place = switch (entry.kind) {
                .ofs_delta => .{ .pack = self.place.pack, .offset = entry.base_offset },
                else => blk: {
                    const store = self.reader.store;
                    const id = entry.base_id[0..store.hash_size];
                    const cursor = &self.reader.index_cursor;
                    const same = try store.find(cursor, id, self.place.pack);
                    break :blk same orelse try store.find(cursor, id, null) orelse return error.BaseMissing;
                },
            };
            try self.chain.append(allocator, self.place);
            if (std.math.isPowerOfTwo(self.chain.items.len)) self.landmark = self.place;
            self.place = base;
        }
        self.stage = .compose;
    }

    fn compose(self: *ObjectStream) Error!void {
        while (self.composed < self.chain.items.len) : (self.composed += 1) {
            const place = self.chain.items[self.composed];
            const pack = try self.packOf(place);
            const entry = try self.reader.entry(pack, place.offset);
            if (entry.size > self.budget -| self.program.memoryUsed()) return error.LimitExceeded;
            try self.program.push(try self.reader.delta(pack, entry.data, entry.size));
            if (self.program.memoryUsed() > self.budget) return error.LimitExceeded;
        }
        const root = self.root.?.entry;
        if (self.chain.items.len == 0) {
            self.size = root.size;
            self.mode = .full;
            self.stage = .ready;
            return;
        }
        if (self.program.source_size != root.size) return error.DeltaCorrupt;
        self.size = self.program.target_size;
        // Scratch memory of the deltas has done its work.
        allocator.free(self.reader.delta_buffer);
        self.reader.delta_buffer = &.{};
        self.stage = .prepare;
    }

    fn prepare(self: *ObjectStream) Error!void {
        const root = self.root.?;
        const left = self.budget -| self.program.memoryUsed();
        if (root.entry.size <= left) {
            // The stream of so large a base can't be longer than the pack, nor made of nothing.
            if (!readers.isPlausible(root.entry.size, root.pack.end - root.entry.data)) return error.Corrupt;
            const room = std.math.cast(usize, root.entry.size) orelse return error.LimitExceeded;
            if (self.held.len == 0) self.held = try allocator.alloc(u8, room);
            try self.reader.inflate(root.pack, root.entry.data, self.held);
            self.reader.freeInput();
            self.mode = .memory;
            self.stage = .ready;
            return;
        }
        const segments = self.program.segments.items;
        self.window_size = @min(window_size_max, left / 4);
        if (segments.len * windows.bytes_per_segment > left or self.window_size < chunk_size) return self.startSpill();
        self.plan = try windows.makePlan(segments, self.window_size);
        if (self.plan.?.kept_size > left / 2) return self.startSpill();
        self.held = try allocator.alloc(u8, @intCast(self.plan.?.kept_size));
        self.window = try allocator.alloc(u8, @intCast(self.window_size + chunk_size));
        self.inflater = try allocator.create(Inflater);
        self.inflater.?.reset();
        self.mode = .window;
        self.stage = .first_pass;
    }

    fn startSpill(self: *ObjectStream) Error!void {
        if (self.spill_folder.len == 0) return error.LimitExceeded;
        const root = self.root.?;
        if (!readers.isPlausible(root.entry.size, root.pack.end - root.entry.data)) return error.Corrupt;
        self.spilled = try .create(self.spill_folder);
        self.window = try allocator.alloc(u8, chunk_size);
        self.inflater = try allocator.create(Inflater);
        self.inflater.?.reset();
        self.mode = .spilled;
        self.stage = .spill;
    }

    fn spillBase(self: *ObjectStream) Error!void {
        while (true) {
            const count = try self.inflateBase(self.window);
            if (count == 0) break;
            try self.spilled.?.append(self.window[0..count]);
        }
        self.stage = .ready;
    }

    /// Inflates the next bytes of the base; 0 at its end.
    fn inflateBase(self: *ObjectStream, target: []u8) Error!usize {
        const root = self.root.?;
        const inflater = self.inflater.?;
        while (true) {
            const at = root.entry.data + inflater.total_in;
            var part: []const u8 = &.{};
            if (at < root.pack.end) {
                part = try self.reader.cursor.rest(root.pack.file, at);
                part = part[0..@intCast(@min(part.len, root.pack.end - at))];
            }
            const step = try inflater.step(part, target);
            self.base_position += step.produced;
            if (self.base_position > root.entry.size) return error.Corrupt;
            if (step.done and step.produced == 0 and self.base_position != root.entry.size) return error.Corrupt;
            if (step.produced > 0 or step.done) return step.produced;
            if (step.consumed == 0) return error.Corrupt;
        }
    }

    fn keepRanges(self: *ObjectStream) Error!void {
        const plan = &self.plan.?;
        while (plan.ranges.len > 0 and self.base_position < plan.ranges[plan.ranges.len - 1].end) {
            const start = self.base_position;
            const chunk = self.window[0..chunk_size];
            const count = try self.inflateBase(chunk);
            if (count == 0) return error.Corrupt;
            var at = plan.firstEndingBehind(start);
            while (at < plan.ranges.len and plan.ranges[at].start < start + count) : (at += 1) {
                const range = plan.ranges[at];
                const from = @max(range.start, start);
                const until = @min(range.end, start + count);
                const target = self.held[@intCast(range.at + (from - range.start))..][0..@intCast(until - from)];
                @memcpy(target, chunk[@intCast(from - start)..@intCast(until - start)]);
            }
        }
        self.inflater.?.reset();
        self.base_position = 0;
        self.stage = .ready;
    }

    pub const Part = struct { produced: usize, done: bool, waits: bool };

    /// The next bytes of the object.
    pub fn read(self: *ObjectStream, target: []u8) Error!Part {
        const wanted = target[0..@intCast(@min(target.len, self.size - self.position))];
        var made: usize = 0;
        var waits = false;
        while (made < wanted.len) {
            const count = self.readSome(wanted[made..]) catch |failure| {
                if (failure != error.NeedsBytes) return failure;
                waits = true;
                break;
            };
            made += count;
            self.position += count;
        }
        if (!waits and self.position == self.size and self.mode == .full and self.inflater != null) {
            // The end of the stream holds its checksum.
            if (self.inflater.?.stage != .done) {
                var beyond: [1]u8 = undefined;
                const count = self.inflateBase(&beyond) catch |failure| switch (failure) {
                    error.NeedsBytes => return .{ .produced = made, .done = false, .waits = true },
                    else => return failure,
                };
                if (count != 0) return error.Corrupt;
            }
        }
        return .{ .produced = made, .done = !waits and self.position == self.size, .waits = waits };
    }

    fn readSome(self: *ObjectStream, target: []u8) Error!usize {
        switch (self.mode) {
            .memory => return self.program.produce(self.held, self.position, target),
            .full => {
                const root = self.root.?;
                if (self.position == 0 and self.inflater == null) {
                    if (target.len == self.size and readers.isPlausible(self.size, root.pack.end - root.entry.data)) {
                        try self.reader.inflate(root.pack, root.entry.data, target);
                        self.reader.freeInput();
                        return target.len;
                    }
                    self.inflater = try allocator.create(Inflater);
                    self.inflater.?.reset();
                }
                const count = try self.inflateBase(target);
                return if (count == 0) error.Corrupt else count;
            },
            .window => return self.readThroughWindow(target),
            .spilled => return self.readSpilled(target),
        }
    }

    /// What comes next: of literals or of the base.
    const Piece = struct { is_literal: bool, from: u64, size: usize };

    fn nextPiece(self: *ObjectStream, room: usize) Piece {
        const list = self.program.segments.items;
        while (list[self.segment].end <= self.position) self.segment += 1;
        const segment = list[self.segment];
        const start = if (self.segment == 0) 0 else list[self.segment - 1].end;
        return .{
            .is_literal = segment.isLiteral(),
            .from = segment.position() + (self.position - start),
            .size = @intCast(@min(segment.end - self.position, room)),
        };
    }

    fn copyLiteral(self: *const ObjectStream, piece: Piece, target: []u8) usize {
        @memcpy(target[0..piece.size], self.program.literals.items[@intCast(piece.from)..][0..piece.size]);
        return piece.size;
    }

    fn readSpilled(self: *ObjectStream, target: []u8) Error!usize {
        const piece = self.nextPiece(target.len);
        if (piece.is_literal) return self.copyLiteral(piece, target);
        try self.spilled.?.read(piece.from, target[0..piece.size]);
        return piece.size;
    }

    fn readThroughWindow(self: *ObjectStream, target: []u8) Error!usize {
        const piece = self.nextPiece(target.len);
        if (piece.is_literal) return self.copyLiteral(piece, target);
        const from = piece.from;
        const size = piece.size;
        if (self.plan.?.pinned[self.segment]) {
            @memcpy(target[0..size], self.held[@intCast(self.plan.?.locate(from))..][0..size]);
            return size;
        }
        while (self.base_position <= from) {
            const at: usize = @intCast(self.base_position % self.window.len);
            const room = self.window[at..@min(self.window.len, at + chunk_size)];
            if (try self.inflateBase(room) == 0) return error.Corrupt;
        }
        const at: usize = @intCast(from % self.window.len);
        const count = @min(size, self.base_position - from, self.window.len - at);
        @memcpy(target[0..@intCast(count)], self.window[at..][0..@intCast(count)]);
        return @intCast(count);
    }
};
