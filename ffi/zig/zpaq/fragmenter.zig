//! Where zpaq cuts files into fragments, and what it learns about each: how well it can be predicted, and whether it looks
//! like text or like x86 code.

pub const Fragmenter = struct {
    /// Numbers of a report: size, hits of the order-1 prediction, and the byte that followed each byte last, four a number.
    pub const numbers = 2 + order1_words;
    const order1_words = 64;

    size_min: u32,
    size_max: u32,
    /// zpaq's fragment number: log2 of the mean size in KiB. Above 22 nothing but the size cuts.
    cut_bits: u6,
    size: u32 = 0,
    hits: u32 = 0,
    /// The byte that followed each byte last.
    order1: [256]u8 = @splat(0),

    /// Reads up to the next cut; false when the input ends before one.
    pub fn scan(self: *Fragmenter, input: []const u8) bool {
        @setRuntimeSafety(false); // all indexes are bytes
        var hash: u32 = 0;
        var last: u8 = 0;
        var hits: u32 = 0;
        const limit: usize = @min(input.len, self.size_max);
        const cuts = self.cut_bits <= 22;
        const threshold: u32 = if (cuts) @as(u32, 1) << @intCast(22 - self.cut_bits) else 0;
        for (input[0..limit], 1..) |byte, size| {
            const expected = byte == self.order1[last];
            hash = (hash +% byte +% 1) *% (if (expected) @as(u32, 314159265) else 271828182);
            hits += @intFromBool(expected);
            self.order1[last] = byte;
            last = byte;
            if (size >= self.size_min and cuts and hash < threshold) {
                self.size = @intCast(size);
                self.hits = hits;
                return true;
            }
        }
        self.size = @intCast(limit);
        self.hits = hits;
        return limit == self.size_max;
    }

    pub fn report(self: *const Fragmenter, target: *[numbers]u32) void {
        target[0] = self.size;
        target[1] = self.hits;
        const words: *[256]u8 = @ptrCast(target[2..]);
        words.* = self.order1;
    }
};
