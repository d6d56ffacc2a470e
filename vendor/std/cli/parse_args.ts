/**
 * Command line arguments, by the rules of minimist: `--name value`, `--name=value`, `-abc`, `-n5`, `--no-name`, `--`.
 *
 * @module
 */

/** Names given as one string or as a list. */
type Names<T> = T | readonly Extract<T, string>[];

type AliasRecord = Readonly<Record<string, string | readonly string[]>>;

/** What `--no-name` adds to the values of a name. */
type Negated<Name, N> = Name extends N ? false : never;

type StringOf<Name, C, N> = (Name extends C ? string[] : string) | Negated<Name, N>;
type BooleanOf<Name, C> = Name extends C ? boolean[] : boolean;

/** The values of all names that the options mention. */
type Values<B, S, C, N, D> =
  & { [K in Exclude<Extract<S, string>, C | keyof D>]?: StringOf<K, C, N> }
  & { [K in Exclude<Extract<S & C, string>, keyof D>]: StringOf<K, C, N> }
  & { [K in Exclude<Extract<B, string>, keyof D>]: BooleanOf<K, C> }
  & { [K in Exclude<Extract<C, string>, S | B | keyof D>]: unknown[] | Negated<K, N> }
  & {
    [K in keyof D]: K extends S ? D[K] | StringOf<K, C, N> : K extends B ? D[K] | BooleanOf<K, C> : unknown;
  };

/** The other names under which a value appears. */
type AliasesOf<K, A> = K extends keyof A ? A[K] extends readonly (infer Name)[] ? Name : A[K] : never;

type Named<V, A> = { [K in keyof V as K | Extract<AliasesOf<K, A>, PropertyKey>]: V[K] };

/** Without any typed name every value is `any`, as it is with the original. */
type Flags<B, S, C, N, D, A> = [Extract<B, string | true> | S | C] extends [never | undefined]
  // deno-lint-ignore no-explicit-any
  ? Record<string, any>
  : Record<string, unknown> & Named<Values<B, S, C, N, D>, A>;

/** The value returned from `parseArgs`. */
export type Args<
  // deno-lint-ignore no-explicit-any
  F extends Record<string, unknown> = Record<string, any>,
  DoubleDash extends boolean | undefined = undefined,
> =
  & F
  & {
    /** Arguments that belong to no option. */
    _: Array<string | number>;
  }
  & (true extends DoubleDash ? {
      /** Arguments behind the double dash. */
      "--": Array<string>;
    }
    : Record<never, never>);

/** How arguments are read. */
export interface ParseOptions<
  B = boolean | string | undefined,
  S = string | undefined,
  C = string | undefined,
  N = string | undefined,
  D = Record<string, unknown> | undefined,
  A = AliasRecord | undefined,
  DoubleDash = boolean | undefined,
> {
  /** Put arguments behind `--` into `result["--"]` instead of `result._`. @default {false} */
  "--"?: DoubleDash;
  /** Other names of options. */
  alias?: A;
  /** Options without a value; `true` for every `--name` without `=`. */
  boolean?: Names<B>;
  /** Values of options that are not given. */
  default?: D;
  /** Take everything from the first argument that is no option as it is. @default {false} */
  stopEarly?: boolean;
  /** Options whose values stay strings. */
  string?: Names<S>;
  /** Options that may be given several times; their values are arrays. */
  collect?: Names<C>;
  /** Options that `--no-name` sets to false. */
  negatable?: Names<N>;
  /** Called with every argument that the options do not mention; `false` leaves it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Value = string | number | boolean | undefined;
type Nested = Record<string, unknown>;

const NUMBER = /^(?:0x[0-9a-fA-F]+|0X[0-9a-fA-F]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/;
const LONG = /^--(no-)?(.+?)(?:=(.+))?$/s;
/** What stands behind a letter and is its value: the text ends with a number. */
const ATTACHED_NUMBER = /-?\d+(?:\.\d*)?(?:e-?\d+)?$/;
const LETTER = /[A-Za-z]/;

/** The names of an option that takes one or several; booleans name nothing. */
function namesIn(option: unknown): string[] {
  return (Array.isArray(option) ? option : [option]).filter((name) =>
    typeof name === "string" && name !== ""
  );
}

function hasPath(root: Nested, path: readonly string[]): boolean {
  let level: Nested = root;
  for (const name of path.slice(0, -1)) {
    if (!level[name]) return false;
    level = level[name] as Nested;
  }
  return Object.hasOwn(level, path.at(-1)!);
}

function setPath(root: Nested, path: readonly string[], value: unknown, collect: boolean): void {
  let level: Nested = root;
  for (const name of path.slice(0, -1)) level = (level[name] ??= {}) as Nested;
  const name = path.at(-1)!;
  const present = Object.hasOwn(level, name) ? level[name] : undefined;
  if (!collect) level[name] = value;
  else if (Array.isArray(present)) present.push(value);
  else level[name] = present ? [present, value] : [value];
}

/** Which names mean the same, and what is known of each. */
class Schema {
  readonly aliases = new Map<string, Set<string>>();
  readonly booleans: Set<string>;
  readonly strings: Set<string>;
  readonly collected: Set<string>;
  readonly negatable: Set<string>;
  readonly allBooleans: boolean;

  constructor(options: ParseOptions) {
    for (const [name, others] of Object.entries(options.alias ?? {})) {
      const group = [name, ...namesIn(others)];
      for (const member of group) {
        this.aliases.set(
          member,
          new Set(group.filter((other) => other !== member)),
        );
      }
    }
    this.booleans = this.#withAliases(options.boolean);
    this.strings = this.#withAliases(options.string);
    this.collected = this.#withAliases(options.collect);
    this.negatable = this.#withAliases(options.negatable);
    this.allBooleans = options.boolean === true;
  }

  #withAliases(option: unknown): Set<string> {
    return new Set(namesIn(option).flatMap((name) => [name, ...this.aliases.get(name) ?? []]));
  }

  /** Whether a name, or another name of it, takes no value. */
  isBoolean(name: string): boolean {
    return this.booleans.has(name) ||
      [...this.aliases.get(name) ?? []].some((other) => this.booleans.has(other));
  }

  /** Whether the options mention a name; collecting and defaults alone do not count. */
  knows(name: string, arg: string): boolean {
    return this.booleans.has(name) || this.strings.has(name) || this.aliases.has(name) ||
      this.allBooleans && /^--[^=]+$/.test(arg);
  }

  /** The value of an option that stands alone. */
  bare(name: string): Value {
    return this.strings.has(name) ? "" : true;
  }
}

/** Parses command line arguments. Numbers are recognized unless the option is declared as a string. */
export function parseArgs<
  const B extends boolean | string | undefined = undefined,
  const S extends string | undefined = undefined,
  const C extends string | undefined = undefined,
  const N extends string | undefined = undefined,
  D extends Record<string, unknown> | undefined = undefined,
  const A extends AliasRecord | undefined = undefined,
  DoubleDash extends boolean | undefined = undefined,
>(
  args: string[],
  options: ParseOptions<B, S, C, N, D, A, DoubleDash> = {},
): Args<Flags<B, S, C, N, D, A>, DoubleDash> {
  const schema = new Schema(options as ParseOptions);
  const rest: (string | number)[] = [];
  const result: Nested = { _: rest };

  function put(name: string, value: unknown, collect: boolean): void {
    for (const each of [name, ...schema.aliases.get(name) ?? []]) {
      setPath(result, each.split("."), value, collect && schema.collected.has(name));
    }
  }

  function set(name: string, value: Value, arg: string, collect = true): void {
    if (!schema.knows(name, arg) && options.unknown?.(arg, name, value) === false) return;
    const isNumber = typeof value === "string" && !schema.strings.has(name) && NUMBER.test(value);
    put(name, isNumber ? Number(value) : value, collect);
  }

  /** Reads `--name`; returns how many of the following arguments it took. */
  function readLong(arg: string, next: string | undefined): number {
    const [, negated, base, value] = LONG.exec(arg) as unknown as [string, string?, string?, string?];
    let name = base!;
    if (value !== undefined) {
      set(name, schema.booleans.has(name) ? value !== "false" : value, arg);
      return 0;
    }
    if (negated !== undefined) {
      if (schema.negatable.has(name)) {
        set(name, false, arg, false);
        return 0;
      }
      name = `no-${name}`;
    }
    if (next && !next.startsWith("-") && !schema.isBoolean(name) && !schema.allBooleans) {
      set(name, next, arg);
      return 1;
    }
    if (next === "true" || next === "false") {
      set(name, next === "true", arg);
      return 1;
    }
    set(name, schema.bare(name), arg);
    return 0;
  }

  /** Reads a group of letters; returns how many of the following arguments it took. */
  function readShort(arg: string, next: string | undefined): number {
    for (let index = 1; index < arg.length - 1; index++) {
      const letter = arg[index]!;
      const behind = arg.slice(index + 1);
      if (behind === "-") {
        set(letter, behind, arg);
        return 0;
      }
      if (LETTER.test(letter) && behind.includes("=")) {
        set(letter, /=(.+)/.exec(behind)?.[1], arg);
        return 0;
      }
      if (
        (LETTER.test(letter) && ATTACHED_NUMBER.test(behind)) || (behind.length > 1 && /^\W/.test(behind))
      ) {
        set(letter, behind, arg);
        return 0;
      }
      set(letter, schema.bare(letter), arg);
    }
    const last = arg.at(-1)!;
    if (next && !/^--?[^-]/.test(next) && !schema.isBoolean(last)) {
      set(last, next, arg);
      return 1;
    }
    if (next === "true" || next === "false") {
      set(last, next === "true", arg);
      return 1;
    }
    set(last, schema.bare(last), arg);
    return 0;
  }

  const dash = args.indexOf("--");
  const parsed = dash < 0 ? args : args.slice(0, dash);
  const behind = dash < 0 ? [] : args.slice(dash + 1);
  for (let index = 0; index < parsed.length; index++) {
    const arg = parsed[index]!;
    if (arg.startsWith("--")) index += readLong(arg, parsed[index + 1]);
    else if (arg.startsWith("-") && arg !== "-") index += readShort(arg, parsed[index + 1]);
    else {
      if (options.unknown?.(arg) !== false) {
        rest.push(schema.strings.has("_") || !NUMBER.test(arg) ? arg : Number(arg));
      }
      if (options.stopEarly) {
        rest.push(...parsed.slice(index + 1));
        break;
      }
    }
  }

  for (const [name, value] of Object.entries(options.default ?? {})) {
    if (!hasPath(result, name.split("."))) put(name, value, false);
  }
  for (const name of schema.booleans) {
    if (hasPath(result, name.split("."))) continue;
    setPath(result, name.split("."), schema.collected.has(name) ? [] : false, false);
  }
  for (const name of schema.strings) {
    if (schema.collected.has(name) && !hasPath(result, name.split("."))) {
      setPath(result, name.split("."), [], false);
    }
  }
  if (options["--"]) result["--"] = [...behind];
  else rest.push(...behind);
  return result as Args<Flags<B, S, C, N, D, A>, DoubleDash>;
}
