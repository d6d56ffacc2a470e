/**
 * Directories by protocol 2: what is below them, and changes to names there.
 */
import type { BlockDirectory } from "../file/_block_file.ts";
import { isNoDirectory } from "../file/_errors.ts";
import { formatOutline } from "../copy/_outline_lines.ts";
import { checkTreePath, formatEntry } from "../copy/_tree_entry.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import { entryOfFile, listTreeBatches } from "../copy/_tree_list.ts";
import { listDirectories, outlineTree } from "../copy/_tree_outline.ts";
import { TreeTarget } from "../copy/_tree_target.ts";
import type { TreeChange } from "../copy/_tree_target.ts";
import { readTreeChanges } from "../wire/_tree_changes.ts";
import type { ServerContext } from "./_server_context.ts";
import { badRequest, readJson, Refusal, required } from "./_server_request.ts";

const LISTING_CHUNK = 64 << 10;
const PATHS_SIZE_MAX = 32 << 20;
const CHANGES_SIZE_MAX = 32 << 20;

const HEADERS = { "content-type": "application/x-ndjson", "cache-control": "no-transform" };

/**
 * Everything below a directory, and with `top` the directory first, one line an entry; the last line is a dot. With `top`
 * a file has one line. With `outline` directories alone, from the top on, and what the names in each come to.
 */
export function listing(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Response {
  const path = required(query, "path");
  const attributes = query.get("attributes") === "1";
  const isOutline = query.get("outline") === "1";
  const top = isOutline || query.get("top") === "1";
  let directory: BlockDirectory;
  try {
    directory = context.root.directory(path);
  } catch (error) {
    if (!top || !isNoDirectory(error)) throw error;
    using file = context.root.look(path);
    return new Response(`${formatEntry(entryOfFile(file, { attributes }))}.`, { headers: HEADERS });
  }
  const options = { attributes, top, unfinished: query.get("unfinished") === "1", signal: request.signal };
  return isOutline && directory.summarizeBelow !== undefined
    ? answerLines(
      directory,
      outlineTree(directory, options),
      ({ entry, content }) => formatOutline({ entry: plainEntry(entry, directory), content }),
    )
    : answerLines(
      directory,
      listTreeBatches(directory, options),
      (entry) => formatEntry(plainEntry(entry, directory)),
    );
}

/** What is in some directories below one, apart from directories; lines as those of `listing`. */
export async function directoryNames(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const { paths } = await readJson(request, context.bodyLimits, PATHS_SIZE_MAX);
  const isList = Array.isArray(paths) && paths.every((path) => typeof path === "string") &&
    new Set(paths).size === paths.length;
  if (!isList) throw badRequest('"paths" is no list of different names');
  for (const path of paths as string[]) if (path !== "") checkTreePath(path);
  const directory = context.root.directory(required(query, "path"));
  const [attributes, unfinished] = ["attributes", "unfinished"].map((name) => query.get(name) === "1");
  const options = { attributes, unfinished, signal: request.signal };
  const batches = listDirectories(directory, paths as string[], options);
  return answerLines(directory, batches, (entry) => formatEntry(plainEntry(entry, directory)));
}

/** A message without the server's own paths, which are nobody's business. */
function plainMessage(message: string, { path }: BlockDirectory): string {
  return message.replaceAll(`${path}/`, "");
}

/** An entry as clients see it. */
function plainEntry(entry: TreeEntry, directory: BlockDirectory): TreeEntry {
  return entry.kind === "fault" ? { ...entry, text: plainMessage(entry.text ?? "", directory) } : entry;
}

/** An answer of what is found below a directory, which is closed at its end. */
function answerLines<T>(
  directory: BlockDirectory,
  batches: AsyncGenerator<T[], void, undefined>,
  format: (item: T) => string,
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      let text = "";
      try {
        while (text.length < LISTING_CHUNK) {
          const { value, done } = await batches.next();
          if (done) {
            controller.enqueue(encoder.encode(`${text}.`));
            controller.close();
            directory.close();
            return;
          }
          text += value.map(format).join("");
        }
        controller.enqueue(encoder.encode(text));
      } catch (error) {
        directory.close();
        throw error;
      }
    },
    async cancel(): Promise<void> {
      await batches.return();
      directory.close();
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: HEADERS });
}

function isRemoval({ kind }: TreeChange): boolean {
  return kind === "remove" || kind === "rmdir" || kind === "tidy";
}

/** Makes changes below a directory, which is made where it is missing; answers with those that failed. */
export async function changeTree(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const path = required(query, "path");
  context.root.checkWritable(path);
  const changes = readTreeChanges(await readJson(request, context.bodyLimits, CHANGES_SIZE_MAX));
  const [removals, others] = [changes.some(isRemoval), changes.some((change) => !isRemoval(change))];
  if ((removals && !context.mayDelete) || ((others || !removals) && !context.writable)) {
    throw new Refusal(403, "PERMISSION", "the token does not allow that");
  }
  using directory = context.root.writableDirectory(path);
  const faults = await new TreeTarget(directory).apply(changes);
  const plain = faults.map(({ path, code, message }) => ({
    path,
    code,
    message: plainMessage(message, directory),
  }));
  return Response.json({ faults: plain });
}
