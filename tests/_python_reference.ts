/**
 * Programs of the Python subset run by Python itself, many in one process.
 */

/** A program with what it is fed. */
export interface ReferenceRun {
  readonly source: string;
  readonly segments: readonly Uint8Array[];
}

/** What a program gave for each segment, as numbers with commas; or why it failed. */
export type ReferenceResult = { readonly output: readonly string[] } | { readonly error: string };

/**
 * Reads runs as JSON, writes results as JSON. A value is consumed by a call of pcomp or by read_b; what is given before
 * the next value is consumed belongs to the segment of the last one.
 */
const DRIVER = `
import json, sys

NONE = 0xffffffff
sys.setrecursionlimit(20000)


class End(Exception):
    pass


class Words(list):
    def __setitem__(self, index, value):
        list.__setitem__(self, index, value & 0xffffffff)


class Reference:
    def __init__(self, memory, address):
        self.memory = memory
        self.address = address & 0x7fffffff

    def __getitem__(self, index):
        return self.memory[self.address + index]

    def __setitem__(self, index, value):
        self.memory[self.address + index] = value


def run(source, segments):
    values = [value for segment in segments for value in segment + [NONE]]
    output = [[] for _ in segments]
    state = {"next": 0, "segment": -1, "ended": True, "back": None}

    def consume():
        if state["next"] == len(values):
            raise End()
        if state["ended"]:
            state["segment"] += 1
        value = values[state["next"]]
        state["next"] += 1
        state["ended"] = value == NONE
        return value

    def read_b():
        if state["back"] is not None:
            value, state["back"] = state["back"], None
            return value
        return consume()

    def peek_b():
        state["back"] = read_b()
        return state["back"]

    def push_b(value):
        state["back"] = value
        return 0

    def out(value):
        output[state["segment"]].append(value & 255)
        return 0

    def error():
        raise RuntimeError("error() was called")

    names = {"NONE": NONE, "read_b": read_b, "peek_b": peek_b, "push_b": push_b, "out": out, "error": error}
    names.update({"hH": Words([0] * 256), "pH": Words([0] * 256), "hM": bytearray(256), "pM": bytearray(256)})
    for array in ("hH", "pH", "hM", "pM"):
        names["array_" + array] = lambda address, memory=names[array]: Reference(memory, address)
    try:
        value = consume()
        exec(compile(source, "source", "exec"), names)
        while True:
            state["back"] = None
            names["pcomp"](value)
            value = consume()
    except End:
        return {"output": [",".join(map(str, each)) for each in output]}
    except BaseException as failure:
        return {"error": repr(failure)}


json.dump([run(each["source"], each["segments"]) for each in json.load(sys.stdin)], sys.stdout)
`;

/** Whether there is a Python 3. */
export const HAS_PYTHON: boolean = await new Deno.Command("python3", { args: ["-c", ""], stdout: "null" })
  .output().then(({ success }) => success, () => false);

/** Runs programs one after the other. */
export async function runInPython(runs: readonly ReferenceRun[]): Promise<ReferenceResult[]> {
  const child = new Deno.Command("python3", {
    args: ["-c", DRIVER],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const request = runs.map(({ source, segments }) => ({
    source,
    segments: segments.map((each) => [...each]),
  }));
  const writer = child.stdin.getWriter();
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    writer.write(new TextEncoder().encode(JSON.stringify(request))).then(() => writer.close()),
  ]);
  if (!success) throw new Error(`Cannot run Python: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
