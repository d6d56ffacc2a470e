# Raw DEFLATE streams (RFC 1951) to what they hold. M is the window of 32 KiB; H has the tables of codes, which
# are looked up with as many bits as the longest code of the block has.
hh = hm = 0
ph = 17
pm = 15
n = len({})
pcomp_invocation = ""

LITERALS = 0  # table of lengths and literals: symbol << 4 | length of its code
DISTANCES = 32768
LENGTHS = 65536  # lengths of the codes that a table is made from
NEXT = 66048  # the next code of each length

at = 0
buffer = 0
held = 0  # bits in the buffer
literal_mask = 0
distance_mask = 0


def hcomp(c):
    pass


def bits(count):
    global buffer, held
    while held < count:
        buffer += read_b() << held
        held += 8
    value = buffer & ((1 << (count & 31)) - 1)
    buffer = buffer >> (count & 31)
    held -= count
    return value


def put(byte):
    global at
    pM[at & 32767] = byte
    out(byte)
    at += 1


# The next symbol. No more bits are read than it has: after it may be the end.
def symbol(table, mask):
    global buffer, held
    entry = pH[table + (buffer & mask)]
    while entry == 0 or (entry & 15) > held:
        if held > 15:
            error()
        buffer += read_b() << held
        held += 8
        entry = pH[table + (buffer & mask)]
    buffer = buffer >> (entry & 15)
    held -= entry & 15
    return entry >> 4


# Makes a table of the lengths from LENGTHS + start on, and gives its mask.
def make(table, start, count):
    length = 0
    while length < 16:
        pH[NEXT + length] = 0
        length += 1
    i = 0
    while i < count:
        pH[NEXT + pH[start + i]] += 1
        i += 1
    pH[NEXT] = 0
    longest = 15
    while longest > 1 and pH[NEXT + longest] == 0:
        longest -= 1
    size = 1 << longest
    i = 0
    while i < size:
        pH[table + i] = 0
        i += 1
    code = 0
    length = 1
    while length < 16:
        code += code
        i = pH[NEXT + length]
        pH[NEXT + length] = code
        code += i
        length += 1
    i = 0
    while i < count:
        length = pH[start + i]
        if length > 0:
            code = pH[NEXT + length]
            pH[NEXT + length] = code + 1
            reversed_code = 0
            step = 1
            while step < 1 << length:
                reversed_code += reversed_code + (code & 1)
                code = code >> 1
                step += step
            while reversed_code < size:
                pH[table + reversed_code] = i << 4 | length
                reversed_code += step
        i += 1
    return size - 1


def fill(start, length, count):
    while count > 0:
        pH[start] = length
        start += 1
        count -= 1
    return start


def read_codes():
    global literal_mask, distance_mask
    literals = bits(5) + 257
    distances = bits(5) + 1
    count = bits(4) + 4
    fill(LENGTHS, 0, 19)
    i = 0
    while i < count:
        if i < 3:
            place = 16 + i
        elif i == 3:
            place = 0
        elif i & 1:
            place = 8 - ((i - 3) >> 1)
        else:
            place = 8 + ((i - 4) >> 1)
        pH[LENGTHS + place] = bits(3)
        i += 1
    mask = make(LITERALS, LENGTHS, 19)
    i = LENGTHS
    end = i + literals + distances
    length = 0
    while i < end:
        code = symbol(LITERALS, mask)
        if code < 16:
            length = code
            i = fill(i, length, 1)
        elif code == 16:
            i = fill(i, length, bits(2) + 3)
        else:
            length = 0
            i = fill(i, 0, bits(3 + (code & 2) * 2) + (3 if code == 17 else 11))
    # The table of literals was in use up to here.
    distance_mask = make(DISTANCES, LENGTHS + literals, distances)
    literal_mask = make(LITERALS, LENGTHS, literals)


def fixed_codes():
    global literal_mask, distance_mask
    i = fill(LENGTHS, 8, 144)
    i = fill(i, 9, 112)
    i = fill(i, 7, 24)
    fill(i, 8, 8)
    literal_mask = make(LITERALS, LENGTHS, 288)
    fill(LENGTHS, 5, 30)
    distance_mask = make(DISTANCES, LENGTHS, 30)


def compressed():
    code = symbol(LITERALS, literal_mask)
    while code != 256:
        if code < 256:
            put(code)
        else:
            length = code - 254
            if code == 285:
                length = 258
            elif code > 264:
                extra = (code - 261) >> 2
                length = ((4 + ((code - 1) & 3)) << (extra & 7)) + 3 + bits(extra)
            distance = symbol(DISTANCES, distance_mask)
            if distance > 3:
                extra = (distance >> 1) - 1
                distance = ((2 + (distance & 1)) << (extra & 15)) + bits(extra)
            source = at - distance - 1
            while length > 0:
                put(pM[source & 32767])
                source += 1
                length -= 1
        code = symbol(LITERALS, literal_mask)


def stored():
    global held, buffer
    bits(held & 7)
    length = bits(16)
    bits(16)
    while length > 0:
        put(bits(8))
        length -= 1


def pcomp(c):
    global buffer, held
    if c != NONE:
        buffer = c
        held = 8
        last = 0
        while last == 0:
            last = bits(1)
            kind = bits(2)
            if kind == 0:
                stored()
            else:
                if kind == 1:
                    fixed_codes()
                else:
                    read_codes()
                compressed()
