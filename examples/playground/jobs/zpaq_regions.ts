/**
 * The parts of a .zpaq file: blocks with their models, segments with their names.
 */
import { byteSourceFromBlob, listZpaqBlocks } from "@sluice/zpaq";
import type { Region } from "./messages.ts";

/** All parts, in order; a block has its header, and its segments up to its end. */
export async function* zpaqRegions(file: Blob): AsyncGenerator<Region> {
  let number = 0;
  for await (const { offset, size, header, segments } of listZpaqBlocks(byteSourceFromBlob(file))) {
    const components = header.components.map(({ name }) => name).join(" ");
    const end = offset + size;
    yield {
      offset,
      size: (segments[0]?.offset ?? end) - offset,
      kind: "header",
      title: `Block ${number++}`,
      facts: [["model", components === "" ? "none: stored" : components], ["size", `${size} bytes`]],
    };
    for (const [i, segment] of segments.entries()) {
      yield {
        offset: segment.offset,
        size: (segments[i + 1]?.offset ?? end) - segment.offset,
        kind: header.components.length > 0 ? "compressed" : "raw",
        title: `Segment ${i}${segment.name === "" ? "" : `, ${segment.name}`}`,
        facts: [
          ["comment", segment.comment],
          ["data", `${segment.codedSize} bytes`],
          ["SHA-1", segment.sha1 ?? "none"],
        ],
      };
    }
  }
}
