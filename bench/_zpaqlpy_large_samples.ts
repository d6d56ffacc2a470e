/**
 * Larger models in the Python subset for measurements: pictures with a header that is read as text, and arrays that are
 * allocated, passed to functions, sorted and freed.
 */
import { zpaqlPyTemplate } from "@sluice/zpaq/compiler";
import { Random } from "../tests/_data.ts";
import type { Sample } from "./_zpaqlpy_samples.ts";

/** Portable pixmaps and graymaps: what stands in their header, then rows whose bytes are coded by their neighbours. */
const PICTURES = `hh = 3
hm = 14
ph = 0
pm = 14
n = len({0: "cm 16 255", 1: "cm 18 255", 2: "cm 18 255", 3: "cm 18 255", 4: "cm 18 255", 5: "cm 18 255", 6: "mix 8 0 6 16 255"})
pcomp_invocation = "./prepare"
def is_space(c):
  return c == 32 or c == 10 or c == 13 or c == 9
def skip(c):
  while is_space(c) or c == 35:
    if c == 35:
      while c != 10 and c != NONE:
        c = read_b()
    else:
      c = read_b()
  return c
def number(c):
  value = 0
  while c >= 48 and c <= 57:
    value = (value * 10 + c - 48) & 65535
    c = read_b()
  push_b(c)
  return value
def absolute(a, b):
  if a < b:
    return b - a
  return a - b
def nearest(west, north, northwest):
  to_west = absolute(north, northwest)
  to_north = absolute(west, northwest)
  to_northwest = absolute(west + north, northwest * 2)
  if to_west <= to_north and to_west <= to_northwest:
    return west
  if to_north <= to_northwest:
    return north
  return northwest
def byte_at(row, x):
  return hM[((row & 1) << 13) + x + 8]
def set_contexts(y, x, channels):
  west = byte_at(y, x - channels)
  north = byte_at(y + 1, x)
  northwest = byte_at(y + 1, x - channels)
  northeast = byte_at(y + 1, x + channels)
  before = byte_at(y, x - 1)
  color = x % channels
  guess = nearest(west, north, northwest)
  hH[0] = (color + 1) << 9
  hH[1] = hash(hash(guess, color), 1) << 9
  hH[2] = hash(hash(hash(west, north), color), 2) << 9
  hH[3] = hash(hash(hash(north, northeast), color), 3) << 9
  hH[4] = hash(hash(hash(west, northwest), before), 4) << 9
  hH[5] = ((west + north + northeast + before) // 4 * 3 + color + 5) << 9
  hH[6] = color << 9
def picture(width, height, channels):
  stride = width * channels
  y = 0
  while y < height:
    x = 0
    while x < stride:
      set_contexts(y, x, channels)
      hM[((y & 1) << 13) + x + 8] = read_b()
      x += 1
    y += 1
def hcomp(c):
  i = 0
  while i < n:
    hH[i] = (c + 1) * (i + 773) << 9
    i += 1
  if c != 80:
    return
  kind = read_b()
  if kind != 53 and kind != 54:
    return
  width = number(skip(read_b()))
  height = number(skip(read_b()))
  number(skip(read_b()))
  read_b()
  channels = 3 if kind == 54 else 1
  picture(width, height, channels)
def put_number(c):
  value = 0
  while c >= 48 and c <= 57:
    value = (value * 10 + c - 48) & 65535
    out(c)
    c = read_b()
  push_b(c)
  return value
def put_spaces(c):
  while is_space(c):
    out(c)
    c = read_b()
  return c
def pcomp(c):
  if c == NONE:
    return
  out(c)
  if c != 80:
    return
  kind = read_b()
  out(kind)
  width = put_number(put_spaces(read_b()))
  height = put_number(put_spaces(read_b()))
  put_number(put_spaces(read_b()))
  out(read_b())
  channels = 3 if kind == 54 else 1
  stride = width * channels
  at = 0
  left = stride * height
  while left > 0:
    c = read_b()
    if c == NONE:
      return
    west = pM[(at - channels) & 16383]
    north = pM[(at - stride) & 16383]
    northwest = pM[(at - stride - channels) & 16383]
    c = (c + nearest(west, north, northwest)) & 255
    pM[at] = c
    at = (at + 1) & 16383
    out(c)
    left -= 1
`;

const ARRAYS_HCOMP = `history = NONE
counts = NONE
def clear(array, size):
  i = 0
  while i < size:
    array[i] = 0
    i += 1
def shift(array, size, first):
  i = size - 1
  while i > 0:
    array[i] = array[i - 1]
    i -= 1
  array[0] = first
def hcomp(c):
  global history, counts
  if history == NONE:
    history = alloc_hH(24)
    counts = alloc_hM(256)
    clear(history, 24)
    clear(counts, 256)
  shift(history, 24, c)
  counts[c] = (counts[c] + 1) & 255
  sum = 0
  i = 0
  while i < 24:
    sum = (sum * 5 + history[i]) & 0xFFFFFF
    i += 1
  hH[0] = (history[1] << 8 | c) << 9
  hH[1] = (sum << 8 | counts[c]) << 1
`;

const ARRAYS_PCOMP = `def fill(array, size, value):
  i = 0
  while i < size:
    array[i] = (value + i * 37) & 255
    i += 1
def copy(to, source, size):
  i = 0
  while i < size:
    to[i] = source[size - 1 - i]
    i += 1
def sort(array, size):
  i = 1
  while i < size:
    value = array[i]
    at = i
    while at > 0 and array[at - 1] > value:
      array[at] = array[at - 1]
      at -= 1
    array[at] = value
    i += 1
def sieve(array, size):
  i = 2
  while i < size:
    array[i] = 1
    i += 1
  i = 2
  while i < size:
    if array[i] == 1:
      at = i + i
      while at < size:
        array[at] = 0
        at += i
    i += 1
def checksum(array, size):
  sum = 1
  i = 0
  while i < size:
    sum = (sum * 3 + array[i]) & 0xFFFF
    i += 1
  return sum
def pcomp(c):
  if c == NONE:
    return
  size = (c >> 2) + 2
  words = alloc_pH(size)
  octets = alloc_pM(size)
  fill(words, size, c)
  kind = c & 3
  if kind == 0:
    sort(words, size)
  elif kind == 1:
    fill(octets, size, c + 1)
    sort(octets, size)
  elif kind == 2:
    sieve(octets, size)
  copy(octets, words, size)
  out(checksum(words, size) & 255)
  out(checksum(octets, size) & 255)
  free_pM(octets)
  if c & 16:
    free_pH(words)
    return
  more = alloc_pH(size // 2)
  fill(more, size // 2, c)
  out(checksum(more, size // 2) & 255)
  free_pH(words)
  free_pH(more)
`;

const ARRAYS = zpaqlPyTemplate()
  .replace(/^hh = 2\nhm = 0\nph = 0\npm = 0$/m, "hh = 8\nhm = 10\nph = 10\npm = 10")
  .replace('0: "cm 19 22",', '0: "cm 16 255", 1: "cm 18 255",')
  .replace("def hcomp(c):\n  pass\n", ARRAYS_HCOMP)
  .replace("def pcomp(c):\n  pass\n", ARRAYS_PCOMP);

/** Pictures, in turn of three colors and gray, of so many bytes at least. */
function pictures(size: number): Uint8Array<ArrayBuffer> {
  const random = new Random(9);
  const bytes: number[] = [];
  for (let i = 0; bytes.length < size; i++) {
    const [width, height, channels] = [40 + random.below(40), 20 + random.below(20), i % 2 === 0 ? 3 : 1];
    bytes.push(...new TextEncoder().encode(`P${channels === 3 ? 6 : 5}\n${width} ${height}\n255\n`));
    for (let k = 0; k < width * height * channels; k++) {
      bytes.push(random.below(4) === 0 ? random.below(256) : random.below(9));
    }
  }
  return new Uint8Array(bytes);
}

/** The larger models. */
export const LARGE_SAMPLES: readonly Sample[] = [
  { name: "pictures", source: PICTURES, make: pictures },
  { name: "many arrays", source: ARRAYS, make: (size) => new Random(8).bytes(Math.ceil(size / 8)) },
];
