/**
 * An empty model to start from: Python 3 that runs by itself and compiles.
 *
 * @module
 */
import { checkBoolean, checkKeys } from "@sluice/internal";

/** What the template has. */
export interface ZpaqlPyTemplateOptions {
  /** Leave the allocators out. @default {false} */
  readonly minimal?: boolean | undefined;
}

const BEGIN = "### BEGIN OF EDITABLE SECTION";
const END = "### END OF EDITABLE SECTION";

const HEADER = `# log2 of the elements of the arrays: hH and hM for hcomp, pH and pM for pcomp
hh = 2
hm = 0
ph = 0
pm = 0
# the components, as in a ZPAQ config: each takes its context from hH[its number]
n = len({
  0: "cm 19 22",
})
# the command that turns a file into what pcomp turns back
pcomp_invocation = ""
`;

/** Allocators: blocks lie one after the other, each with its length and whether it is used before its elements. */
function allocatorOf(array: string): string {
  const [size, first] = [`(1 << ${array.toLowerCase()})`, array === "hH" ? "n" : "0"];
  const bytes = array.endsWith("M");
  const room = bytes ? 5 : 2;
  const start = first === "0" ? `${room}` : `${first} + ${room}`;
  const accessors = bytes
    ? `def block_length_${array}(at):
  return (${array}[at - 5] << 24) | (${array}[at - 4] << 16) | (${array}[at - 3] << 8) | ${array}[at - 2]

def set_block_length_${array}(at, length):
  ${array}[at - 5] = (length >> 24) & 255
  ${array}[at - 4] = (length >> 16) & 255
  ${array}[at - 3] = (length >> 8) & 255
  ${array}[at - 2] = length & 255
`
    : `def block_length_${array}(at):
  return ${array}[at - 2]

def set_block_length_${array}(at, length):
  ${array}[at - 2] = length
`;
  return `${accessors}
# the first free block of that length, or one to divide; free neighbours become one on the way
def addr_alloc_${array}(size):
  if size == 0:
    size = 1
  at = ${start}
  if block_length_${array}(at) == 0:
    set_block_length_${array}(at, ${size} - at)
  while at < ${size}:
    length = block_length_${array}(at)
    if ${array}[at - 1] == 0:
      following = at + length + ${room}
      while following < ${size} and ${array}[following - 1] == 0:
        length += block_length_${array}(following) + ${room}
        following = at + length + ${room}
      if length == size or length > size + ${room}:
        if length > size:
          set_block_length_${array}(at + size + ${room}, length - size - ${room})
          ${array}[at + size + ${room - 1}] = 0
          length = size
        set_block_length_${array}(at, length)
        ${array}[at - 1] = 1
        return at
      set_block_length_${array}(at, length)
    at += length + ${room}
  error()
  return 0

def addr_free_${array}(at):
  ${array}[at - 1] = 0
`;
}

const RUNTIME = `# What follows up to the next section is for Python alone.
import sys

NONE = 4294967295

class _Memory:
  def __init__(self, name, size, most):
    self.name, self.most, self.cells = name, most, [0] * size

  def __len__(self):
    return len(self.cells)

  def _check(self, index):
    if not 0 <= index < len(self.cells):
      raise IndexError("{}[{}] is outside of {} elements".format(self.name, index, len(self.cells)))
    return index

  def __getitem__(self, index):
    return self.cells[self._check(index)]

  def __setitem__(self, index, value):
    value = int(value)
    if self.most == 255 and not 0 <= value <= 255:
      raise ValueError("{}[{}] = {} is no byte".format(self.name, index, value))
    self.cells[self._check(index)] = value & self.most

class _Reference:
  def __init__(self, memory, address):
    self.memory, self.address = memory, address

  def __getitem__(self, index):
    return self.memory[self.address + index]

  def __setitem__(self, index, value):
    self.memory[self.address + index] = value

  def __int__(self):
    return self.address

  def __add__(self, other):
    return _Reference(self.memory, self.address + int(other))

  def __sub__(self, other):
    return _Reference(self.memory, self.address - int(other))

  def __eq__(self, other):
    return isinstance(other, _Reference) and self.memory is other.memory and self.address == other.address

  def __ne__(self, other):
    return not self == other

  def __hash__(self):
    return self.address

hH = _Memory("hH", 1 << hh, 0xFFFFFFFF)
hM = _Memory("hM", 1 << hm, 0xFF)
pH = _Memory("pH", 1 << ph, 0xFFFFFFFF)
pM = _Memory("pM", 1 << pm, 0xFF)

def _family(memory):
  name = memory.name
  def alloc(size):
    return _Reference(memory, globals()["addr_alloc_" + name](size))
  def free(reference):
    globals()["addr_free_" + name](int(reference))
  def array(address):
    return address if isinstance(address, _Reference) else _Reference(memory, address & 0x7FFFFFFF)
  def length(reference):
    at = int(reference)
    if memory.most != 255:
      return memory[at - 2]
    return (memory[at - 5] << 24) | (memory[at - 4] << 16) | (memory[at - 3] << 8) | memory[at - 2]
  globals().update({"alloc_" + name: alloc, "free_" + name: free, "array_" + name: array, "len_" + name: length})

for _memory in (hH, hM, pH, pM):
  _family(_memory)

class _NoInput(Exception):
  pass

class _State:
  pushed = None
  waiting = []
  before_next = staticmethod(lambda: None)
  early = []
  on_output = staticmethod(early.append)

def _next_input():
  _State.before_next()
  if not _State.waiting:
    raise _NoInput()
  return _State.waiting.pop()

def read_b():
  value = _State.pushed
  _State.pushed = None
  return _next_input() if value is None else value

def peek_b():
  if _State.pushed is None:
    _State.pushed = _next_input()
  return _State.pushed

def push_b(value):
  _State.pushed = value
  return 0

def out(value):
  _State.on_output(value & 255)
  return 0

def error():
  raise RuntimeError("error() was called")

def hash(a, b=0):
  return ((int(a) + int(b) + 512) * 773) & 0xFFFFFFFF
`;

const DRIVER =
  `# What follows is for Python alone: SOURCE.py hcomp|pcomp|encode [INPUT [OUTPUT...]] [--append FILE]... [--compare FILE]
def _read(name):
  if name == "-":
    return sys.stdin.buffer.read()
  with open(name, "rb") as file:
    return file.read()

def _encode(source="-", target=None):
  waiting, produced = iter(_read(source)), bytearray()
  globals()["encode"](lambda: next(waiting, NONE), lambda value: produced.append(value & 255))
  if target is None:
    sys.stdout.buffer.write(produced)
  else:
    with open(target, "wb") as file:
      file.write(produced)

def _main(arguments):
  names, appended, expected = [], [], None
  while arguments:
    argument = arguments.pop(0)
    if argument == "--append":
      appended.append(arguments.pop(0))
    elif argument == "--compare":
      expected = _read(arguments.pop(0))
    else:
      names.append(argument)
  if names[:1] == ["encode"] and "encode" in globals():
    return _encode(*names[1:3])
  if not names or names[0] not in ("hcomp", "pcomp"):
    sys.exit("usage: {} hcomp|pcomp|encode [INPUT [OUTPUT...]] [--append FILE]... [--compare FILE]".format(sys.argv[0]))
  part, outputs = names[0], names[2:]
  segments = [list(_read(name)) for name in [names[1] if len(names) > 1 else "-"] + appended]
  values = []
  for segment in segments:
    values += segment + ([NONE] if part == "pcomp" else [])
  _State.waiting = values[::-1]
  produced, written, ends, count, before = bytearray(), set(), [], [0], [None]

  def on_output(value):
    if expected is not None and (count[0] >= len(expected) or expected[count[0]] != value):
      line = sys._getframe(2).f_lineno
      wanted = expected[count[0]] if count[0] < len(expected) else "the end"
      sys.exit("byte {}: {} comes out at line {}, expected {}".format(count[0], value, line, wanted))
    count[0] += 1
    produced.append(value)

  def write(data):
    if not outputs:
      sys.stdout.buffer.write(data)
      return
    # one output for each segment, the last one for all that are left
    at = min(len(ends), len(outputs) - 1)
    with open(outputs[at], "ab" if at in written else "wb") as file:
      file.write(data)
    written.add(at)

  def before_next():
    if before[0] is None:
      pass
    elif part == "hcomp":
      write("{}: {}\\n".format(before[0], [hH[i % len(hH)] for i in range(n)]).encode())
    elif before[0] == NONE:
      write(bytes(produced))
      produced.clear()
      ends.append(None)
    before[0] = _State.waiting[-1] if _State.waiting else None

  _State.before_next, _State.on_output = before_next, on_output
  if part == "pcomp":
    for value in _State.early:
      on_output(value)
  call = hcomp if part == "hcomp" else pcomp
  try:
    while True:
      value = _next_input()
      _State.pushed = None
      call(value)
  except _NoInput:
    pass
  if expected is not None and count[0] != len(expected):
    sys.exit("{} bytes came out, expected {}".format(count[0], len(expected)))

if __name__ == "__main__":
  _main(sys.argv[1:])
`;

function section(title: string, text: string): string {
  // The original compiler loses what closes a block before the end, so something stands there.
  return `${BEGIN} - ${title}\n${text}\npass\n${END}\n`;
}

/**
 * A source to start from: header data, allocators for dynamic arrays, empty hcomp and pcomp, and what Python needs to run
 * it. It compiles with this compiler and is accepted by the original one.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 *
 * @example A model from the template
 * ```ts
 * import { compileZpaqlPy, zpaqlPyTemplate } from "@sluice/zpaq/compiler";
 * import { assert } from "@std/assert";
 *
 * const source = zpaqlPyTemplate({ minimal: true }).replace("def hcomp(c):\n  pass", "def hcomp(c):\n  hH[0] = c << 9");
 * assert(compileZpaqlPy(source).program !== undefined);
 * ```
 */
export function zpaqlPyTemplate(options: ZpaqlPyTemplateOptions = {}): string {
  checkKeys(options, new Set(["minimal"]));
  const minimal = checkBoolean("minimal", options.minimal ?? false);
  const allocators = minimal
    ? ""
    : ["hH", "hM", "pH", "pM"].map((array) => `\n${allocatorOf(array)}`).join("");
  return [
    "#!/usr/bin/env python3\n# A model for ZPAQ: runs with Python 3, and compiles to a config.\n",
    section("header data, and what both programs use", `${HEADER}${allocators}`),
    RUNTIME,
    section("hcomp: contexts for each byte", "def hcomp(c):\n  pass\n"),
    section("pcomp: turns preprocessed data back", "def pcomp(c):\n  pass\n"),
    DRIVER,
  ].join("\n");
}
