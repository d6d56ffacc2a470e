/**
 * Contexts that are tried when a model is tuned: what each needs to know of the data so far, and how it is computed.
 */

/** State that contexts are computed of, with what keeps it up to date after each byte. */
interface Knowledge {
  /** Variables, with what they are at first. */
  readonly variables: readonly string[];
  /** State that has to be up to date before. */
  readonly needs: readonly string[];
  /** Lines of Python, without indentation at the first level. */
  readonly update: readonly string[];
}

/** What can be known of the data. `c` is the byte that came. */
const KNOWLEDGE: Readonly<Record<string, Knowledge>> = {
  last: {
    variables: ["last4 = 0", "last8 = 0"],
    needs: [],
    update: ["last8 = (last8 << 8 | last4 >> 24) & 0xFFFFFFFF", "last4 = (last4 << 8 | c) & 0xFFFFFFFF"],
  },
  word: {
    variables: ["word = 0", "word_before = 0"],
    needs: [],
    update: [
      "if c >= 97 and c <= 122 or c >= 65 and c <= 90 or c >= 48 and c <= 57 or c > 127:",
      "  word = hash(word, c)",
      "elif word != 0:",
      "  word_before = word",
      "  word = 0",
    ],
  },
  shape: {
    variables: ["shape = 0"],
    needs: [],
    update: [
      "kind = c & 7 | 8",
      "if c >= 48 and c <= 57:",
      "  kind = 1",
      "elif c >= 97 and c <= 122:",
      "  kind = 2",
      "elif c >= 65 and c <= 90:",
      "  kind = 3",
      "shape = (shape << 4 | kind) & 0xFFFFFFFF",
    ],
  },
  line: {
    variables: ["at = 0", "line = 0", "line_before = 0", "column = 0", "above = 0"],
    needs: [],
    update: [
      "hM[at] = c",
      "at = (at + 1) & 65535",
      "column += 1",
      "if c == 10:",
      "  line_before = line",
      "  line = at",
      "  column = 0",
      "above = hM[(line_before + column) & 65535]",
    ],
  },
  field: {
    variables: ["field = 0", "field_hash = 0", "field_before = 0", "offset = 0"],
    needs: [],
    update: [
      "field_hash = hash(field_hash, c)",
      "offset += 1",
      "if c == 10:",
      "  field = 0",
      "  field_hash = 0",
      "  field_before = 0",
      "  offset = 0",
      "elif c == 44 or c == 59 or c == 9 or c == 32 or c == 124:",
      "  field = (field + 1) & 63",
      "  field_before = field_hash",
      "  field_hash = 0",
      "  offset = 0",
    ],
  },
  field_above: {
    variables: ["turn = 0", "beside = 0", "beside_next = 0"],
    needs: ["line", "field"],
    update: [
      "if c == 10:",
      "  turn = 64 - turn",
      "if offset == 0:",
      "  hH[FIELDS + turn + field] = at",
      "start = hH[FIELDS + 64 - turn + field] + offset",
      "beside = hM[start & 65535]",
      "beside_next = hM[(start + 1) & 65535]",
    ],
  },
};

/** One context. */
export interface ContextIdea {
  readonly name: string;
  readonly needs: readonly string[];
  /** An expression of Python. */
  readonly context: string;
  /** An icm guesses by itself, an isse corrects the component before it, a match looks for what followed last time. */
  readonly kind: "icm" | "isse" | "match";
}

function idea(
  name: string,
  needs: readonly string[],
  context: string,
  kind: ContextIdea["kind"] = "icm",
): ContextIdea {
  return { name, needs, context, kind };
}

/** All contexts, those that most data gains by first. */
export const CONTEXT_IDEAS: readonly ContextIdea[] = [
  idea("order 4", ["last"], "spread(last4)", "isse"),
  idea("match of 6", ["last"], "spread(last4 + spread(last8 & 0xFFFF))", "match"),
  idea(
    "field so far and field above",
    ["field_above"],
    "spread(hash(field_hash, beside << 8 | field << 16))",
  ),
  idea("order 6", ["last"], "spread(last4 + spread(last8 & 0xFFFF))", "isse"),
  idea("order 3", ["last"], "spread(last4 & 0xFFFFFF)", "isse"),
  idea("order 1", ["last"], "spread(c)"),
  idea("field and what is above", ["field_above", "last"], "spread(beside << 16 | field << 8 | c)"),
  idea("field so far", ["field"], "spread(hash(field_hash, field))"),
  idea("field so far and field before", ["field"], "spread(hash(field_hash, spread(field_before)))"),
  idea("word", ["word"], "spread(hash(word, c))"),
  idea("word and word before", ["word"], "spread(hash(word, spread(word_before)) + c)"),
  idea("shape", ["shape"], "spread(shape & 0xFFFFFF)"),
  idea("column and what is above", ["line"], "spread(above << 16 | (column & 255) << 8 | c)"),
  idea("what is above, twice", ["field_above"], "spread(beside << 8 | beside_next << 16 | c)"),
  idea("field and order 2", ["field", "last"], "spread(last4 & 0xFFFF | field << 16)"),
  idea("order 2", ["last"], "spread(last4 & 0xFFFF)"),
  idea("column", ["line"], "spread((column & 1023) << 8 | c)"),
  idea(
    "field, offset and length above",
    ["field_above"],
    "spread(field << 16 | (offset & 255) << 8 | beside)",
  ),
  idea("order 8", ["last"], "spread(last4 + spread(last8))", "isse"),
  idea("without the last byte", ["last"], "spread(last4 & 0xFFFFFF00)"),
  idea("shape and field", ["shape", "field"], "spread(shape & 0xFFFF | field << 16)"),
  idea("line so far", ["word", "field"], "spread(hash(spread(field_before) + word, field))"),
];

/** What selects the weights of a mixer: an expression of at most 8 bits. */
export const SELECTORS: Readonly<
  Record<string, { readonly needs: readonly string[]; readonly value: string }>
> = {
  "nothing": { needs: [], value: "0" },
  "last byte": { needs: [], value: "c" },
  "field": { needs: ["field"], value: "field" },
  "byte above": { needs: ["field_above"], value: "beside" },
  "shape": { needs: ["shape"], value: "shape & 255" },
  "offset": { needs: ["field"], value: "offset & 31" },
};

/** The code that some contexts need: variables of the module, their names, and lines that follow each byte. */
export function knowledgeCode(
  needs: Iterable<string>,
): {
  readonly variables: readonly string[];
  readonly names: readonly string[];
  readonly update: readonly string[];
} {
  const wanted = new Set<string>();
  const visit = (name: string): void => {
    for (const each of KNOWLEDGE[name]!.needs) visit(each);
    wanted.add(name);
  };
  for (const name of needs) visit(name);
  const parts = [...wanted].map((name) => KNOWLEDGE[name]!);
  const variables = parts.flatMap((part) => part.variables);
  return {
    variables,
    names: variables.map((each) => each.slice(0, each.indexOf(" "))),
    update: parts.flatMap(({ update }) => update),
  };
}
