//! ZPAQ decoding for hosts: the data of the segments of one block. Framing, names and checks of sums are the host's.

const std = @import("std");
const coder = @import("coder.zig");
const memory_module = @import("../core/memory.zig");
const networks = @import("networks.zig");
const post_module = @import("post.zig");
const result = @import("../core/result.zig");
const Output = @import("machine.zig").Output;
const Owned = @import("model.zig").Owned;
const Sha1 = @import("../hash/sha1.zig").Sha1;
const Header = @import("header.zig").Header;
const Memory = @import("../core/memory.zig").Memory;
const Post = @import("post.zig").Post;
const Result = @import("../core/result.zig").Result;
const Step = @import("../core/result.zig").Step;

/// Bytes decoded ahead of the post-processor.
const stage_size = 16 << 10;

pub const Flags = packed struct(u32) {
    /// Hash the output of each segment.
    hash: bool = false,
    /// Run every post-processor on the machine, even those that native code knows.
    plain: bool = false,
    /// The target of each run has the segment's output so far right before where more is to go, and room for all
    /// that follows; code that needs a window can then work in the target.
    contiguous: bool = false,
    /// Stop with `program_ready` at a post-processor that native code does not know.
    offer: bool = false,
    rest: u28 = 0,
};

const Decoder = struct {
    memory: Memory,
    flags: Flags,
    owned: ?Owned,
    post: ?Post,
    hash: Sha1,
    /// The host post-processes: what is given here is not the content.
    hosted: bool,
    /// The first bytes of a segment, or of a chunk's size.
    head: [4]u8,
    head_count: u32,
    /// Where in the segment the next input byte stands.
    phase: enum { idle, head, data, ending },
    chunk_left: u32,
    stage_pos: u32,
    stage_end: u32,
    stage: [stage_size]u8,

    fn noMemory(self: *const Decoder) Result {
        return self.memory.failure();
    }

    fn release(self: *Decoder) void {
        if (self.owned) |*owned| owned.deinit(&self.memory);
        if (self.post) |*post| post.deinit();
        self.owned = null;
        self.post = null;
    }
};

/// A context whose allocations stay below `memory_limit` bytes (0: no limit); null when there is no memory.
fn new(memory_limit: f64) ?*Decoder {
    const self = memory_module.createContext(Decoder) orelse return null;
    self.memory = .init(memory_limit);
    self.owned = null;
    self.post = null;
    self.phase = .idle;
    return self;
}

/// Frees a context; null is fine.
fn free(self: ?*Decoder) void {
    const context = self orelse return;
    context.release();
    memory_module.destroyContext(context);
}

/// Starts a block with its header. The budgets are bytes of program that one call of HCOMP and of PCOMP may run.
fn begin(self: *Decoder, bytes: []const u8, flags: u32, hcomp_budget: f64, pcomp_budget: f64) Result {
    const parsed = Header.parse(bytes) orelse return .corrupt;
    self.release();
    self.memory = .init(limitOf(&self.memory));
    self.flags = @bitCast(flags);
    self.phase = .idle;
    self.hosted = false;
    if (parsed.count > 0) {
        self.owned = Owned.init(parsed, budgetOf(hcomp_budget), &self.memory) orelse return self.noMemory();
    }
    self.post = .{
        .memory = &self.memory,
        .ph = parsed.ph,
        .pm = parsed.pm,
        .budget = budgetOf(pcomp_budget),
        .native = !self.flags.plain,
        .contiguous = self.flags.contiguous,
        .offer = self.flags.offer,
    };
    return .ok;
}

fn limitOf(memory: *const Memory) f64 {
    return if (memory.limit == std.math.maxInt(usize)) 0 else @floatFromInt(memory.limit);
}

fn budgetOf(value: f64) u64 {
    const max: f64 = 1 << 60;
    return if (value >= 0 and value < max) @intFromFloat(value) else 1 << 60;
}

/// Starts a segment of the block.
fn segment(self: *Decoder) Result {
    if (self.post == null) return .stage_wrong;
    self.hash = .init(.{});
    self.phase = .head;
    self.head_count = 0;
    self.chunk_left = 0;
    self.stage_pos = 0;
    self.stage_end = 0;
    return .ok;
}

/// Decodes as far as source and target go. Sets `consumed` and `produced`. `ok`: more input is wanted, and up to 35 bytes
/// of source may be left; `output_pending`: the target is full; `frame_end`: the segment's data has ended;
/// `program_ready`: `program` has a post-processor, and `settle` is to say who runs it. When a program
/// failed, `detail` is where in it and `hint` the opcode.
fn run(
    self: *Decoder,
    input: []const u8,
    target: ?[*]u8,
    target_pos: u32,
    target_end: u32,
    more: u32,
    step: *Step,
) Result {
    const output = result.targetSlice(target, target_pos, target_end) orelse return .invalid_argument;
    if (self.phase == .idle) return .stage_wrong;
    if (self.flags.contiguous and self.post.?.given > target_pos) return .invalid_argument;
    var work: Work = .{ .self = self, .input = input, .more = more != 0, .output = .{ .bytes = output }, .step = step };
    const answer = work.run() catch |failure| failedResult(self, failure, step);
    if (self.flags.hash and !self.hosted) self.hash.update(output[0..work.output.len]);
    step.consumed = @intCast(work.at);
    step.produced = @intCast(work.output.len);
    return answer;
}

const Failure = post_module.Failure || error{ Truncated, HcompFailed, HcompBudget };

fn failedResult(self: *Decoder, failure: Failure, step: *Step) Result {
    const machine = switch (failure) {
        error.BadOpcode, error.BudgetExceeded => self.post.?.machine,
        error.HcompFailed, error.HcompBudget => &self.owned.?.model.machine,
        else => null,
    };
    if (machine) |at| {
        step.detail = at.pc;
        step.hint = at.code[@min(at.pc, at.code_len)];
        step.value_low = @intFromBool(failure == error.HcompFailed or failure == error.HcompBudget);
    }
    self.phase = .idle;
    return switch (failure) {
        error.OutOfMemory => self.noMemory(),
        error.BadType => .post_type_unknown,
        error.EmptyProgram => .post_empty,
        error.BadOpcode, error.HcompFailed => .program_failed,
        error.BudgetExceeded, error.HcompBudget => .budget_exceeded,
        error.Corrupt => .corrupt,
        error.Truncated => .truncated,
    };
}

/// One call of `run`.
const Work = struct {
    self: *Decoder,
    input: []const u8,
    at: usize = 0,
    more: bool,
    output: Output,
    step: *Step,

    fn run(work: *Work) Failure!Result {
        const self = work.self;
        // What the last run had no room for comes before anything that input brings.
        try self.post.?.resumeOutput(&work.output);
        if (self.post.?.pending) return .output_pending;
        while (true) {
            switch (self.phase) {
                .idle => unreachable,
                .head => {
                    while (self.head_count < 4) {
                        if (work.at == work.input.len) return if (work.more) .ok else error.Truncated;
                        self.head[self.head_count] = work.input[work.at];
                        self.head_count += 1;
                        work.at += 1;
                    }
                    self.phase = .data;
                    if (self.owned) |*owned| {
                        coder.startDecoding(&owned.model, &self.head);
                    } else {
                        self.chunk_left = std.mem.readInt(u32, &self.head, .big);
                        self.head_count = 0;
                        if (self.chunk_left == 0) self.phase = .ending;
                    }
                },
                .data => if (self.post.?.offered() != null) return .program_ready else if (try (if (self.owned != null) work.coded() else work.stored())) |answer| return answer,
                .ending => {
                    if (self.post.?.offered() != null) return .program_ready;
                    self.stage_pos += @intCast(try self.post.?.feed(self.stage[self.stage_pos..self.stage_end], &work.output));
                    if (self.stage_pos < self.stage_end) return .output_pending;
                    if (!try self.post.?.finish(&work.output)) return .output_pending;
                    self.phase = .idle;
                    return .frame_end;
                },
            }
        }
    }

    fn stored(work: *Work) Failure!?Result {
        const self = work.self;
        const rest = work.input[work.at..];
        const chunk = rest[0..@min(rest.len, self.chunk_left)];
        const taken = try self.post.?.feed(chunk, &work.output);
        work.at += taken;
        self.chunk_left -= @intCast(taken);
        if (self.chunk_left == 0) self.phase = .head;
        if (taken < chunk.len or self.post.?.pending) return .output_pending;
        if (self.chunk_left == 0) return null;
        return if (work.more) .ok else error.Truncated;
    }

    fn coded(work: *Work) Failure!?Result {
        const self = work.self;
        const post = &self.post.?;
        self.stage_pos += @intCast(try post.feed(self.stage[self.stage_pos..self.stage_end], &work.output));
        if (self.stage_pos < self.stage_end or post.pending) return .output_pending;
        const direct = post.stage == .pass;
        if (direct and work.output.room() == 0) return .output_pending;
        const target = if (direct) work.output.bytes[work.output.len..] else &self.stage;
        var span: coder.Span = .{
            .source = work.input.ptr + work.at,
            .source_len = work.input.len - work.at,
            // The first bytes are the post-processor itself.
            .target = target.ptr,
            .target_len = if (post.stage == .kind) 1 else target.len,
            .more = work.more,
        };
        const stop = networks.decode(&self.owned.?.model, &span);
        work.at += span.consumed;
        if (direct) {
            work.output.len += span.produced;
        } else {
            self.stage_pos = 0;
            self.stage_end = @intCast(span.produced);
            self.stage_pos += @intCast(try post.feed(self.stage[0..self.stage_end], &work.output));
        }
        switch (stop) {
            .full => {},
            .need_input => return if (self.stage_pos < self.stage_end or post.pending) .output_pending else .ok,
            .end => self.phase = .ending,
            .corrupt => return error.Corrupt,
            .truncated => return error.Truncated,
            .bad_opcode => return error.HcompFailed,
            .budget_exceeded => return error.HcompBudget,
        }
        return null;
    }
};

/// Gives the program that `program_ready` told of. Sets `produced`.
fn program(self: *const Decoder, output: []u8, step: *Step) Result {
    const post = self.post orelse return .stage_wrong;
    const code = post.offered() orelse return .stage_wrong;
    if (code.len > output.len) return .output_too_small;
    @memcpy(output[0..code.len], code);
    step.produced = @intCast(code.len);
    return .ok;
}

/// Says who runs the program: the host, which then gets what goes into it, or the machine here.
fn settle(self: *Decoder, hosted: u32) Result {
    const post = if (self.post) |*post| post else return .stage_wrong;
    if (post.offered() == null) return .stage_wrong;
    post.settle(hosted != 0) catch return self.noMemory();
    self.hosted = hosted != 0;
    return .ok;
}

/// Hashes output of the segment that the host made.
fn hashOutput(self: *Decoder, input: []const u8) Result {
    if (!self.hosted) return .stage_wrong;
    self.hash.update(input);
    return .ok;
}

/// The SHA-1 of the segment's output so far, when `begin` asked for it. Sets `produced`.
fn digest(self: *Decoder, output: []u8, step: *Step) Result {
    if (output.len < Sha1.digest_length) return .output_too_small;
    var copy = self.hash;
    copy.final(output[0..Sha1.digest_length]);
    step.produced = Sha1.digest_length;
    return .ok;
}

/// Sets `value` to the bytes that the context holds, and `detail` to whether the block is post-processed by native code.
fn report(self: *const Decoder, step: *Step) void {
    step.setValue(self.memory.bytesUsed());
    if (self.post) |post| step.detail = @intFromEnum(post.stage);
}

pub const exports = .{
    .{ "sluice_zpaq_decoder_new", new },
    .{ "sluice_zpaq_decoder_free", free },
    .{ "sluice_zpaq_decoder_begin", begin },
    .{ "sluice_zpaq_decoder_segment", segment },
    .{ "sluice_zpaq_decoder_run", run, .off_loop },
    .{ "sluice_zpaq_decoder_program", program },
    .{ "sluice_zpaq_decoder_settle", settle },
    .{ "sluice_zpaq_decoder_hash", hashOutput },
    .{ "sluice_zpaq_decoder_digest", digest },
    .{ "sluice_zpaq_decoder_report", report },
};
