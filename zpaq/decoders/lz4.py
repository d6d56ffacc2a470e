# LZ4 frames to what they hold: frames without checksums and without a size, which have headers of 7 bytes.
# M is the window: 64 KiB, as far as matches reach. Written as a machine of states, which makes small code.
hh = hm = ph = 0
pm = 16
n = len({})
pcomp_invocation = ""

TOKEN = 0
LENGTH = 1
LITERAL = 2
OFFSET = 3
OFFSET_END = 4
MATCH_LENGTH = 5

at = 0  # where the next byte goes in the window
word = 0  # the last four bytes outside of blocks
seen = 0  # bytes of the frame's header and of the size of a block
left = 0  # bytes of the block that are to come
state = 0  # what the next byte of the block is
length = 0  # literals
match = 0
source = 0


def hcomp(c):
    pass


def put(byte):
    global at
    pM[at & 65535] = byte
    out(byte)
    at += 1


# c is a byte of a frame, or the end of the segment.
def pcomp(c):
    global word, seen, left, state, length, match, source
    if c == NONE:
        seen = left = 0
    elif left == 0:
        word = word >> 8 | c << 24
        seen += 1
        if seen == 11:
            seen = 7
            left = length = word & 0x7fffffff
            state = LITERAL if word > left else TOKEN
    else:
        left -= 1
        if state == LITERAL:
            put(c)
            length -= 1
            if length == 0:
                state = OFFSET
        elif state == TOKEN:
            length = c >> 4
            match = c & 15
            state = OFFSET if length == 0 else LENGTH if length == 15 else LITERAL
        elif state == LENGTH:
            length += c
            if c < 255:
                state = LITERAL
        elif state == OFFSET:
            source = at - c
            state = OFFSET_END
        else:
            if state == OFFSET_END:
                source -= c << 8
                state = MATCH_LENGTH
                c = 255 if match == 15 else 0
            else:
                match += c
            if c < 255:
                state = TOKEN
                match += 4
                while match > 0:
                    put(pM[source & 65535])
                    source += 1
                    match -= 1
