/**
 * Models whose contexts are computed as somebody who is new to them writes it, with loops, each with what a person writes
 * for the machine.
 */

/** A model twice. */
export interface ContextProgram {
  readonly name: string;
  readonly source: string;
  /** A config that computes the same contexts. */
  readonly config: string;
  /** How many contexts there are. */
  readonly count: number;
}

interface Parts {
  readonly name: string;
  /** log2 of H and M. */
  readonly sizes: readonly [h: number, m: number];
  readonly count: number;
  readonly hcomp: string;
  readonly written: string;
}

function program({ name, sizes: [h, m], count, hcomp, written }: Parts): ContextProgram {
  const components = Array.from({ length: count }, (_, i) => `${i} icm 5`);
  const listed = components.map((each) => each.replace(/^(\d+) (.*)$/, '$1: "$2"')).join(", ");
  return {
    name,
    count,
    source: `hh = ${h}\nhm = ${m}\nph = pm = 0\nn = len({${listed}})\npcomp_invocation = ""\n` +
      `${hcomp}def pcomp(c):\n  pass\n`,
    config: `comp ${h} ${m} 0 0 ${count} ${components.join(" ")} hcomp ${written} halt end`,
  };
}

const ORDERS = "c++ *c=a b=c a=0 d= 1 hash *d=a b-- d++ hash *d=a b-- d++ hash *d=a b-- d++ hash *d=a " +
  "b-- d++ hash *d=a b-- d++ hash *d=a d++ a=*c a<<= 8 *d=a";

/** Orders 1 to 6 over a buffer of the last eight bytes, and the last byte alone; `body` sets H[1] to H[6]. */
function orders(name: string, body: string, before = ""): ContextProgram {
  return program({
    name,
    sizes: [3, 3],
    count: 8,
    hcomp: `pos = 0
${before}def hcomp(c):
  global pos
  pos = (pos + 1) & 7
  hM[pos] = c
${body}  hH[7] = c << 8
`,
    written: ORDERS,
  });
}

/** All of them. */
export const CONTEXT_PROGRAMS: readonly ContextProgram[] = [
  orders(
    "orders, for",
    `  h = 0
  for i in range(6):
    h = hash(h, hM[(pos - i) & 7])
    hH[i + 1] = h
`,
  ),
  orders(
    "orders, while",
    `  h = 0
  i = 0
  while i < 6:
    h = hash(h, hM[(pos - i) & 7])
    i += 1
    hH[i] = h
`,
  ),
  orders(
    "orders, products",
    `  h = 0
  for i in range(6):
    h = (h + hM[(pos - i) & 7] + 512) * 773
    hH[i + 1] = h
`,
  ),
  orders(
    "orders, anew each",
    `  for k in range(1, 7):
    hH[k] = order(k)
`,
    `def order(k):
  h = 0
  for i in range(k):
    h = hash(h, hM[(pos - i) & 7])
  return h
`,
  ),
  program({
    name: "all take the byte",
    sizes: [3, 0],
    count: 6,
    hcomp: `def hcomp(c):
  for i in range(n):
    hH[i] = hash(hH[i], c)
`,
    written: `d=0 ${Array(6).fill("hashd").join(" d++ ")}`,
  }),
  program({
    name: "orders, shifted",
    sizes: [3, 0],
    count: 6,
    hcomp: `def hcomp(c):
  for i in range(5, 0, -1):
    hH[i] = hash(hH[i - 1], c)
  hH[0] = hash(0, c)
`,
    written: `b=a d= 4 ${Array(5).fill("a=*d d++ *d=a a=b hashd").join(" d-- d-- ")} d-- *d=0 a=b hashd`,
  }),
  program({
    name: "history, shifted",
    sizes: [3, 3],
    count: 6,
    hcomp: `def hcomp(c):
  for i in range(7, 0, -1):
    hM[i] = hM[i - 1]
  hM[0] = c
  h = 0
  for i in range(6):
    h = hash(h, hM[i])
    hH[i] = h
`,
    written: `c=a b= 6 ${Array(7).fill("a=*b b++ *b=a").join(" b-- b-- ")} b-- *b=c a=0 hash d=0 *d=a ${
      Array(5).fill("b++ d++ hash *d=a").join(" ")
    }`,
  }),
  program({
    name: "orders and a word",
    sizes: [3, 3],
    count: 6,
    hcomp: `pos = 0
word = 0
def hcomp(c):
  global pos, word
  pos = (pos + 1) & 7
  hM[pos] = c
  h = 0
  for i in range(4):
    h = hash(h, hM[(pos - i) & 7])
    hH[i] = h
  if c >= 97 and c <= 122 or c >= 65 and c <= 90:
    word = hash(word, c & 223)
  else:
    word = 0
  hH[4] = word
  hH[5] = hash(word, hM[(pos - 1) & 7])
`,
    written: `c++ *c=a b=c a=0 d=0 hash *d=a ${
      Array(3).fill("b-- d++ hash *d=a").join(" ")
    } d++ a=*c a&~ 32 a> 64 if
      a< 91 if hashd else *d=0 endif else *d=0 endif b=c b-- a=*d d++ hash *d=a`,
  }),
  program({
    name: "literals, matches",
    sizes: [0, 0],
    count: 1,
    // So many literals as a byte below 128 says, or two bytes of a distance after a larger one.
    hcomp: `state = 0
def hcomp(c):
  global state
  hH[0] = 0
  if state == 0:
    hH[0] = hash(0, c)
    if c > 127:
      state = 2
    elif c > 0:
      state = c + 2
  elif state > 2:
    hH[0] = hash(0, c)
    state -= 1
    if state == 2:
      state = 0
  else:
    state -= 1
  hH[0] = hash(hH[0], kind())
def kind():
  if state > 3:
    return 3
  return state
`,
    written: `b=a *d=0 a=c a== 0 if
      a=b hashd a> 127 if c= 2 else a> 0 if a+= 2 c=a endif endif
      else a> 2 if a=b hashd c-- a=c a== 2 if c=0 endif else c-- endif endif
      a=c a> 3 if a= 3 endif hashd`,
  }),
];
