/**
 * The tutorial's data and the sections that it writes into the template.
 */

/** The input: runs of seven letters by a fixed rule. */
export function tutorialInput(size = 20_000): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (let x = 1; bytes.length < size;) {
    x = Number((1103515245n * BigInt(x) + 12345n) % 2n ** 31n);
    bytes.push(...new Array(1 + (x >> 20) % 9).fill(65 + (x >> 16) % 7));
  }
  return new Uint8Array(bytes.slice(0, size));
}

/** Pairs of a byte and how often it comes, 1 to 255. */
export function runLengths(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const pairs: number[] = [];
  for (let i = 0; i < data.length;) {
    let count = 1;
    while (count < 255 && data[i + count] === data[i]) count++;
    pairs.push(data[i]!, count);
    i += count;
  }
  return new Uint8Array(pairs);
}

/** Pairs back to runs. */
export const TUTORIAL_PCOMP = `case_loading = False
last = NONE
def pcomp(c):
  global case_loading, last
  if c == NONE:
    case_loading = False
    last = NONE
    return
  if not case_loading:
    case_loading = True
    last = c
  else:
    case_loading = False
    while c > 0:
      c -= 1
      out(last)
`;

/** Contexts for pairs. */
export const TUTORIAL_HCOMP = `at_counter = False
last_value = 0
last_counter = 0
def hcomp(c):
  global at_counter, last_value, last_counter
  if at_counter:
    last_counter = c
  else:
    last_value = c
  hH[0] = (last_value << 1) + at_counter
  hH[0] <<= 9
  hH[1] = (last_counter << 1) + at_counter
  hH[1] <<= 9
  hH[2] = at_counter + 0
  at_counter = not at_counter
`;
