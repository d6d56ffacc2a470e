/**
 * Models in the Python subset for measurements, each with an input of its kind.
 */
import { Random, text } from "../tests/_data.ts";
import { runLengths, TUTORIAL_HCOMP, TUTORIAL_PCOMP, tutorialInput } from "../tests/_zpaqlpy_tutorial.ts";

/** A model and data for it. */
export interface Sample {
  readonly name: string;
  readonly source: string;
  /** Data that its post-processor takes, of about so many bytes. */
  make(size: number): Uint8Array<ArrayBuffer>;
}

function model(header: string, components: string, hcomp: string, pcomp: string): string {
  return `${header}\nn = len({${components}})\npcomp_invocation = "./prepare"\n${hcomp}${pcomp}`;
}

const TUTORIAL = model(
  "hh = 2\nhm = ph = pm = 0",
  '0: "cm 19 22", 1: "cm 19 22", 2: "mix2 1 0 1 30 0"',
  TUTORIAL_HCOMP,
  TUTORIAL_PCOMP,
);

/** Literal runs and matches: a count below 128 and so many bytes, or a length, and a distance of two bytes. */
const LZ77 = model(
  "hh = 3\nhm = 16\nph = 0\npm = 16",
  '0: "icm 16", 1: "isse 18 0", 2: "isse 18 1", 3: "cm 18 255", 4: "mix 10 0 4 24 255"',
  `state = 0
left = 0
order1 = 0
order2 = 0
position = 0
def hcomp(c):
  global state, left, order1, order2, position
  hM[position] = c
  position = (position + 1) & 65535
  if left > 0:
    left -= 1
  elif state == 0:
    if c < 128:
      left = c
    else:
      state = 2
  else:
    state -= 1
  order2 = ((order2 << 8) | order1) & 65535
  order1 = c
  hH[0] = (state << 8) | (left > 0)
  hH[1] = (c + 1) * 773 + state
  hH[2] = (order2 * 511 + c) * 1023 + state
  hH[3] = hM[(position - 3) & 65535] << 9
  hH[4] = state << 8
`,
  `written = 0
def pcomp(c):
  global written
  while c != NONE:
    if c < 128:
      left = c
      while left > 0:
        b = read_b()
        out(b)
        pM[written] = b
        written = (written + 1) & 65535
        left -= 1
    else:
      length = c - 124
      distance = read_b()
      distance |= read_b() << 8
      source = (written - distance) & 65535
      while length > 0:
        b = pM[source]
        out(b)
        pM[written] = b
        written = (written + 1) & 65535
        source = (source + 1) & 65535
        length -= 1
    c = read_b()
`,
);

function lz77(size: number): Uint8Array<ArrayBuffer> {
  const data = text(size * 2);
  const found = new Map<number, number>();
  const codes: number[] = [];
  let literals: number[] = [];
  const flush = (): void => {
    if (literals.length > 0) codes.push(literals.length, ...literals);
    literals = [];
  };
  for (let i = 0; i < data.length && codes.length < size;) {
    const key = data[i]! | data[i + 1]! << 8 | data[i + 2]! << 16 | data[i + 3]! << 24;
    const from = found.get(key);
    found.set(key, i);
    let length = 0;
    if (from !== undefined && i - from < 65536) {
      while (length < 131 && data[from + length] === data[i + length]) {
        length++;
      }
    }
    if (length < 4) {
      literals.push(data[i++]!);
      if (literals.length === 127) flush();
      continue;
    }
    flush();
    codes.push(length + 124, i - from! & 255, i - from! >> 8);
    i += length;
  }
  flush();
  return new Uint8Array(codes);
}

const RLE_MODEL = model(
  "hh = 0\nhm = ph = pm = 0",
  '0: "cm 18 255"',
  `last = 0
def hcomp(c):
  global last
  hH[0] = ((last << 8) | c) << 1
  last = c
`,
  `last = 0
repeats = 0
def pcomp(c):
  global last, repeats
  if c == NONE:
    repeats = 0
    last = 0
    return
  if repeats == 2:
    while c > 0:
      out(last)
      c -= 1
    repeats = 0
  else:
    out(c)
    if c == last:
      repeats += 1
    else:
      repeats = 0
    last = c
`,
);

/** Rows of pixels of three bytes, each coded as a difference from what its neighbours suggest. */
const PIXELS = model(
  "hh = 3\nhm = 11\nph = 0\npm = 11",
  '0: "cm 18 255", 1: "cm 18 255", 2: "cm 18 255", 3: "cm 18 255", 4: "mix 10 0 4 16 255"',
  `at = 0
def near(distance):
  return hM[(at - distance) & 2047]
def hcomp(c):
  global at
  hM[at] = c
  at = (at + 1) & 2047
  west = near(3)
  north = near(768)
  northwest = near(771)
  gradient = (west + north - northwest) & 255
  color = at % 3
  hH[0] = (west << 10) | color << 8
  hH[1] = ((north << 10) | color << 8) + 1
  hH[2] = ((gradient * 773 + color) << 9) + 2
  hH[3] = (((west + north) // 2 * 511 + near(1)) << 9) + 3
  hH[4] = color << 8
`,
  `at = 0
def pcomp(c):
  global at
  if c == NONE:
    at = 0
    return
  west = pM[(at - 3) & 2047]
  north = pM[(at - 768) & 2047]
  northwest = pM[(at - 771) & 2047]
  value = (c + west + north - northwest) & 255
  pM[at] = value
  at = (at + 1) & 2047
  out(value)
`,
);

/** Arrays that are allocated, passed on and freed. */
const ARRAYS = model(
  "hh = 8\nhm = 8\nph = 12\npm = 12",
  '0: "cm 16 255"',
  `hashed = 0
def hcomp(c):
  global hashed
  hashed = (hashed * 771 + c + 1) & 16777215
  hM[c] = (hM[c] + 1) & 255
  hH[1 + (c & 63)] = hashed
  hH[0] = hashed ^ hH[1 + (hM[c] & 63)]
`,
  `used = 2
def addr_alloc_pH(size):
  global used
  if used + size + 2 > 4000:
    used = 2
  pH[used] = size
  pH[used + 1] = 1
  used += size + 2
  return used - size
def addr_free_pH(address):
  pH[address - 1] = 0
def fill(array, value):
  i = 0
  while i < len_pH(array):
    array[i] = value + i
    i += 1
def total(array):
  sum = 0
  i = 0
  while i < len_pH(array):
    sum += array[i]
    i += 1
  return sum
def pcomp(c):
  if c == NONE:
    return
  row = alloc_pH((c & 15) + 1)
  fill(row, c)
  out(total(row) & 255)
  free_pH(row)
`,
);

/** All samples. */
export const SAMPLES: readonly Sample[] = [
  {
    name: "tutorial RLE",
    source: TUTORIAL,
    make: (size) => runLengths(tutorialInput(Math.min(size, 20_000))),
  },
  { name: "LZ77", source: LZ77, make: lz77 },
  { name: "RLE and CM", source: RLE_MODEL, make: (size) => runLengths(tutorialInput(size)) },
  { name: "pixels", source: PIXELS, make: (size) => new Random(3).bytes(size).map((byte) => byte & 15) },
  { name: "arrays", source: ARRAYS, make: (size) => new Random(4).bytes(size) },
];

/** A decoder-like program of many functions, about so many lines. */
export function largeSource(lines: number): string {
  const random = new Random(5);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
  const names = Array.from({ length: 120 }, (_, i) => `g${i}`);
  const text = names.map((name) => `${name} = ${pick([0, 0, 1, 300])}`);
  const functionCount = Math.max(2, Math.floor(lines / 55));
  for (let f = 0; f < functionCount; f++) {
    const globals = Array.from({ length: 5 }, () => pick(names));
    const used = [...globals, "x", "u", "v"];
    const value = (depth: number): string => {
      const kind = random.below(10);
      if (depth === 0 || kind < 2) {
        return random.below(10) < 7 ? pick(used) : `${pick([0, 1, 8, 255, 4096, 65535])}`;
      }
      if (kind === 2) return `pM[${value(depth - 1)} & 1048575]`;
      if (kind === 3) return `pH[${value(depth - 1)} & 65535]`;
      return `(${value(depth - 1)} ${pick(["+", "-", "&", "|", "^", "*"])} ${value(depth - 1)})`;
    };
    text.push(`def f${f}(x):`, `  global ${[...new Set(globals)].join(", ")}`, "  u = v = 0");
    for (let i = 0; i < 40; i++) {
      const kind = random.below(12);
      if (kind === 0) text.push(`  if ${value(1)} < ${value(1)}:`, `    ${pick(used)} = ${value(2)}`);
      else if (kind === 1) {
        text.push(`  while u < ${1 + random.below(9)}:`, "    u += 1", `    v ^= ${value(1)}`);
      } else if (kind === 2) text.push(`  pH[${value(1)} & 65535] = ${value(2)}`);
      else if (kind === 3) text.push(`  pM[${value(1)} & 1048575] = ${value(2)} & 255`);
      else if (kind === 4 && f > 0) {
        text.push(`  ${pick(used)} = f${Math.max(0, f - 1 - random.below(8))}(${value(1)})`);
      } else text.push(`  ${pick(used)} = ${value(2)}`);
    }
    text.push(`  return ${value(2)}`);
  }
  const calls = Array.from({ length: 8 }, (_, i) => `  out(f${Math.max(0, functionCount - 1 - i)}(c))\n`)
    .join("");
  return model(
    "hh = hm = 0\nph = 16\npm = 20",
    '0: "cm 9 4"',
    "def hcomp(c):\n  hH[0] = c << 9\n",
    `${text.join("\n")}\ndef pcomp(c):\n${calls}`,
  );
}
