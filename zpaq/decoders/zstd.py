# Zstandard frames (RFC 8878) to what they hold, for windows of up to 8 MiB and without dictionaries.
#
# M is the window. H has tables, then the block itself, then its literals. The cell of each byte of the block has
# the four bytes from there on, so that bits are had with one look, wherever they start.
hh = hm = 0
ph = 19
pm = 23
n = len({})
pcomp_invocation = ""

WINDOW_MASK = 0x7fffff
HUFFMAN = 0  # by the next bits: bits of the code << 8 | literal
WEIGHTS = 0x0800  # of the literals, 256
COUNTS = 0x0900  # of the symbols of a table, 256
STATES = 0x0a00  # of the Huffman weights: baseline << 16 | bits << 8 | symbol
LENGTHS = 0x1000  # as STATES: lengths of literals, offsets, lengths of matches
OFFSETS = 0x1200
MATCHES = 0x1400
LENGTH_CODES = 0x1600  # by code: baseline << 5 | bits
MATCH_CODES = 0x1640
INPUT = 0x10000
LITERALS = 0x40000

at = 0  # where the next byte goes in the window
place = 0  # the cell of the next byte of the block
position = 0  # of the next bit: cell << 3 | bit
longest = 0  # Huffman code
symbols = 0  # in COUNTS
literals = 0  # how many a block has
length_log = 0
offset_log = 0
match_log = 0
offset1 = 0
offset2 = 0
offset3 = 0
cell = 0  # while the tables of codes are filled
base = 0


def hcomp(c):
    pass


def put(byte):
    global at
    pM[at & WINDOW_MASK] = byte
    out(byte)
    at += 1


def skip(count):
    while count > 0:
        read_b()
        count -= 1


def highest_bit(value):
    bit = 0
    while value > 1:
        value = value >> 1
        bit += 1
    return bit


def load(size):
    word = 0
    i = INPUT - 3
    end = i + size
    while i < end:
        word = word >> 8 | read_b() << 24
        pH[i] = word
        i += 1
    end = i + 3
    while i < end:
        word = word >> 8
        pH[i] = word
        i += 1


# The bits before `position`: streams are read from their end.
def bits(count):
    global position
    position -= count
    return pH[position >> 3] >> (position & 7) & ((1 << (count & 31)) - 1)


# Starts at the end of a stream: the highest bit that is set only marks it.
def from_end(end):
    global position
    position = ((end - 1) << 3) + highest_bit(pH[end - 1] & 255)


# Reads how often each symbol comes, plus one: 0 stands for "less than once". Gives the logarithm of the table's size.
def read_counts():
    global place, symbols
    bit = place << 3
    log = (pH[place] & 15) + 5
    bit += 4
    rest = 1 << (log & 31)
    symbols = 0
    while rest > 0:
        width = highest_bit(rest + 1) + 1
        low = (1 << ((width - 1) & 31)) - 1
        value = pH[bit >> 3] >> (bit & 7) & (low + low + 1)
        limit = low + low - rest
        if (value & low) < limit:
            value = value & low
            bit += width - 1
        else:
            if value > low:
                value -= limit
            bit += width
        pH[COUNTS + symbols] = value
        symbols = (symbols + 1) & 255
        if value == 0:
            rest -= 1
        elif value > 1:
            rest -= value - 1
            if rest > 0x10000:
                error()
        else:
            more = 3
            while more == 3:
                more = pH[bit >> 3] >> (bit & 7) & 3
                bit += 2
                add_counts(1, more)
    place = (bit + 7) >> 3
    return log


def add_counts(value, count):
    global symbols
    while count > 0:
        pH[COUNTS + symbols] = value
        symbols = (symbols + 1) & 255
        count -= 1


# Makes a table of states from COUNTS.
def make_states(table, log):
    size = 1 << (log & 31)
    high = size
    i = 0
    while i < symbols:
        if pH[COUNTS + i] == 0:
            high -= 1
            pH[table + high] = i
        i += 1
    step = (size >> 1) + (size >> 3) + 3
    state = 0
    i = 0
    while i < symbols:
        count = pH[COUNTS + i]
        if count == 0:
            pH[COUNTS + i] = 1
        else:
            count -= 1
            pH[COUNTS + i] = count
            while count > 0:
                pH[table + state] = i
                state = (state + step) & (size - 1)
                while state >= high:
                    state = (state + step) & (size - 1)
                count -= 1
        i += 1
    state = 0
    while state < size:
        i = COUNTS + pH[table + state]
        count = pH[i]
        pH[i] = count + 1
        width = log - highest_bit(count)
        pH[table + state] += width << 8 | ((count << (width & 31)) - size) << 16
        state += 1


def next_state(entry):
    return (entry >> 16) + bits(entry >> 8 & 255)


def read_weights():
    global place
    head = pH[place] & 255
    place += 1
    i = WEIGHTS
    if head > 127:
        end = i + head - 127
        while i < end:
            pH[i] = pH[place] >> 4 & 15
            pH[i + 1] = pH[place] & 15
            place += 1
            i += 2
        i = end
    else:
        end = place + head
        log = read_counts()
        make_states(STATES, log)
        start = place << 3
        from_end(end)
        state1 = STATES + bits(log)
        state2 = STATES + bits(log)
        entry = pH[state1]
        while position - start >= (entry >> 8 & 255):
            pH[i] = entry & 255
            i += 1
            state1 = STATES + next_state(entry)
            entry = pH[state2]
            state2 = state1
        # What is left are the symbols of the two last states.
        pH[i] = entry & 255
        pH[i + 1] = pH[state2] & 255
        i += 2
        place = end
    return i


def make_huffman():
    global longest
    end = read_weights()
    total = 0
    i = WEIGHTS
    while i < end:
        total += 1 << (pH[i] & 31) >> 1
        i += 1
    longest = highest_bit(total) + 1
    # The weight of the last literal fills the table.
    pH[end] = highest_bit((1 << (longest & 31)) - total) + 1
    code = 0
    weight = 1
    while weight <= longest:
        width = (longest + 1 - weight) << 8
        i = WEIGHTS
        while i <= end:
            if pH[i] == weight:
                count = 1 << (weight & 31) >> 1
                while count > 0:
                    pH[code & 2047] = width + i - WEIGHTS
                    code += 1
                    count -= 1
            i += 1
        weight += 1


def huffman_stream(target, count, end):
    global position
    from_end(end)
    mask = (1 << (longest & 31)) - 1
    bit = position - longest
    while count > 0:
        entry = pH[pH[bit >> 3] >> (bit & 7) & mask]
        pH[target] = entry & 255
        bit -= entry >> 8
        target += 1
        count -= 1


def read_literals():
    global place, literals
    head = pH[place]
    kind = head & 3
    form = head >> 2 & 3
    i = 0
    if kind < 2:
        if form == 1:
            literals = head >> 4 & 0xfff
            place += 2
        elif form == 3:
            literals = head >> 4 & 0xfffff
            place += 3
        else:
            literals = head >> 3 & 31
            place += 1
        while i < literals:
            pH[LITERALS + i] = pH[place] & 255
            place += 1 - kind
            i += 1
        place += kind
    else:
        literals = head >> 4 & 1023
        size = head >> 14 & 1023
        place += 3
        if form == 2:
            literals = head >> 4 & 0x3fff
            size = head >> 18
            place += 1
        elif form == 3:
            literals = head >> 4 & 0x3ffff
            size = (head >> 22) + ((pH[place + 1] & 255) << 10)
            place += 2
        end = place + size
        if kind == 2:
            make_huffman()
        if form == 0:
            huffman_stream(LITERALS, literals, end)
        else:
            part = (literals + 3) >> 2
            stream = place + 6
            while i < 3:
                stream += pH[place] & 0xffff
                place += 2
                huffman_stream(LITERALS + part * i, part, stream)
                i += 1
            huffman_stream(LITERALS + part * 3, literals - part * 3, end)
        place = end


def default_lengths():
    add_counts(5, 1)
    add_counts(4, 1)
    add_counts(3, 11)
    add_counts(2, 3)
    add_counts(3, 9)
    add_counts(4, 1)
    add_counts(3, 1)
    add_counts(2, 5)
    add_counts(0, 4)


def default_offsets():
    add_counts(2, 6)
    add_counts(3, 3)
    add_counts(2, 15)
    add_counts(0, 5)


def default_matches():
    add_counts(2, 1)
    add_counts(5, 1)
    add_counts(4, 1)
    add_counts(3, 6)
    add_counts(2, 37)
    add_counts(0, 7)


# Makes one of the three tables of a block, or keeps it; gives the logarithm of its size.
def read_table(table, mode, log):
    global place, symbols
    if mode == 1:
        pH[table] = pH[place] & 255
        place += 1
        return 0
    if mode == 2:
        log = read_counts()
        make_states(table, log)
    elif mode == 0:
        symbols = 0
        log = 6
        if table == LENGTHS:
            default_lengths()
        elif table == MATCHES:
            default_matches()
        else:
            default_offsets()
            log = 5
        make_states(table, log)
    return log


def add_codes(width, count):
    global cell, base
    while count > 0:
        pH[cell] = base << 5 | width
        base += 1 << (width & 31)
        cell += 1
        count -= 1


# Codes whose widths grow by one.
def add_growing(width):
    while width < 17:
        add_codes(width, 1)
        width += 1


def make_codes():
    global cell, base
    cell = LENGTH_CODES
    base = 0
    add_codes(0, 16)
    add_codes(1, 4)
    add_codes(2, 2)
    add_codes(3, 2)
    add_codes(4, 1)
    add_growing(6)
    cell = MATCH_CODES
    base = 3
    add_codes(0, 32)
    add_codes(1, 4)
    add_codes(2, 2)
    add_codes(3, 2)
    add_codes(4, 2)
    add_codes(5, 1)
    add_growing(7)


def from_code(code):
    entry = pH[code]
    return (entry >> 5) + bits(entry & 31)


# The offset that a value stands for: of one of the last three matches, or a new one.
def offset_of(value, length):
    global offset1, offset2, offset3
    if value > 3:
        offset = value - 3
    else:
        if length > 0:
            value -= 1
        if value == 0:
            return offset1
        if value == 1:
            offset = offset2
            offset2 = offset1
            offset1 = offset
            return offset
        offset = offset3
        if value == 3:
            offset = offset1 - 1
    offset3 = offset2
    offset2 = offset1
    offset1 = offset
    return offset


def put_literals(source, count):
    while count > 0:
        put(pH[source])
        source += 1
        count -= 1


def sequences(end):
    global place, length_log, offset_log, match_log
    source = LITERALS
    head = pH[place]
    count = head & 255
    place += 1
    if count > 127:
        if count < 255:
            count = (count - 128 << 8) + (head >> 8 & 255)
            place += 1
        else:
            count = (head >> 8 & 0xffff) + 0x7f00
            place += 2
    if count > 0:
        mode = pH[place] & 255
        place += 1
        length_log = read_table(LENGTHS, mode >> 6, length_log)
        offset_log = read_table(OFFSETS, mode >> 4 & 3, offset_log)
        match_log = read_table(MATCHES, mode >> 2 & 3, match_log)
        from_end(end)
        lengths = LENGTHS + bits(length_log)
        offsets = OFFSETS + bits(offset_log)
        matches = MATCHES + bits(match_log)
        while count > 0:
            lengths = pH[lengths]
            offsets = pH[offsets]
            matches = pH[matches]
            width = offsets & 31
            offset = (1 << width) + bits(width)
            match = from_code(MATCH_CODES + (matches & 255))
            length = from_code(LENGTH_CODES + (lengths & 255))
            offset = offset_of(offset, length)
            count -= 1
            if count > 0:
                lengths = LENGTHS + next_state(lengths)
                matches = MATCHES + next_state(matches)
                offsets = OFFSETS + next_state(offsets)
            put_literals(source, length)
            source += length
            offset = at - offset
            while match > 0:
                put(pM[offset & WINDOW_MASK])
                offset += 1
                match -= 1
    put_literals(source, LITERALS + literals - source)


# c is the first byte of a frame, or the end of the segment.
def pcomp(c):
    global offset1, offset2, offset3, place
    if c != NONE:
        if length_log == 0:
            make_codes()
        skip(3)
        flags = read_b()
        size = flags >> 6
        if flags & 32:
            # No window, and a size of one byte where it would be left out.
            skip(1 << size)
        else:
            skip(1 + (1 << size if size > 0 else 0))
        skip(flags & 3 if (flags & 3) < 3 else 4)
        offset1 = 1
        offset2 = 4
        offset3 = 8
        last = 0
        while last == 0:
            head = read_b()
            head += read_b() << 8
            head += read_b() << 16
            last = head & 1
            size = head >> 3
            kind = head >> 1 & 3
            if kind == 2:
                if size > 0x20000:
                    error()
                load(size)
                place = INPUT
                read_literals()
                sequences(INPUT + size)
            else:
                byte = 0
                if kind == 1:
                    byte = read_b()
                while size > 0:
                    if kind == 0:
                        byte = read_b()
                    put(byte)
                    size -= 1
        if flags & 4:
            skip(4)
