/**
 * The tab for compression dictionaries: a new version sent to somebody who has the old one.
 */
import type { DczSize } from "../jobs/messages.ts";
import { bars } from "./bars.ts";
import { make, readableSize } from "./dom.ts";
import { nextVersion } from "./samples.ts";
import { Work } from "./view.ts";
import type { Current, Page, View } from "./view.ts";

/** Makes the tab. */
export function createDczView(_page: Page): View {
  let current: Current | undefined;
  let after: Blob | undefined;
  const choose = make("input", { type: "file", id: "next-version" });
  const plot = make("div", { class: "plot" });
  const work = new Work("Send it", send);

  async function send(): Promise<void> {
    const before = current!.file;
    after ??= await nextVersion(before);
    const sizes: DczSize[] = [];
    for await (const size of work.connection.run("dcz", { before, after })) {
      sizes.push(size);
      plot.replaceChildren(bars(
        sizes.map(({ label, bytes, seconds }) => ({
          words: `${label}: ${readableSize(bytes)}${
            seconds === 0 ? "" : `, ${(1000 * seconds).toFixed(0)} ms`
          }`,
          bytes,
          isOurs: label === "dcz",
        })),
        plot.clientWidth,
        "Bytes on the wire",
      ));
    }
    const [gzip, dcz] = ["gzip", "dcz"].map((name) => sizes.find(({ label }) => label === name)!);
    work.status.textContent = `${readableSize(gzip!.bytes - dcz!.bytes)} saved against gzip: ` +
      `${(100 * (1 - dcz!.bytes / Math.max(gzip!.bytes, 1))).toFixed(1)} %.`;
  }

  choose.addEventListener("change", () => after = choose.files?.[0]);
  return {
    element: make(
      "div",
      {},
      make(
        "p",
        {},
        "Browsers keep the last version of a file as a dictionary and get the next one as zstd against it: dcz. " +
          "The file at hand is the old version; without a new one, some edits are made up.",
      ),
      make("div", { class: "form" }, make("label", {}, "New version", choose), work.start, work.stop),
      work.status,
      work.fault,
      plot,
    ),
    show(next) {
      if (current?.file === next.file) return;
      [current, after, choose.value] = [next, undefined, ""];
      plot.replaceChildren();
      work.connection.stop();
      work.reset();
    },
  };
}
