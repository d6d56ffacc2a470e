/**
 * Answers of protocol 2 as streams of frames, which say themselves whether they are complete.
 */
import { SluiceError } from "@sluice/internal";
import type { BlockFile } from "../file/_block_file.ts";
import { FRAME, makeFrame } from "../file/_frames.ts";
import { Refusal } from "./_server_request.ts";

/** Where the frames of an answer come from. */
export interface FrameOrigin {
  /** The next frames; undefined after the last ones. */
  next(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The frame END, once there are no more; `bytes` is how many there were before it. */
  end(bytes: number): Uint8Array<ArrayBuffer>;
  /** Frees what the frames come from, whatever ended them. */
  close(): void | Promise<void>;
}

/**
 * Frames of a version of a file as they are made; ends with END, or with ERROR when something went wrong on the way or the
 * file is another version by then. Closes the file.
 */
export function frameStream(
  file: BlockFile,
  version: string,
  origin: FrameOrigin,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  const close = async (): Promise<void> => {
    await origin.close();
    file.close();
  };
  return new ReadableStream({
    async pull(controller): Promise<void> {
      try {
        const frames = await origin.next();
        if (frames !== undefined) {
          bytes += frames.length;
          controller.enqueue(frames);
          return;
        }
        if (file.status().version !== version) {
          throw new Refusal(412, "SOURCE_CHANGED", "the file changed meanwhile");
        }
        controller.enqueue(origin.end(bytes));
      } catch (error) {
        controller.enqueue(errorFrame(error));
      }
      await close();
      controller.close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
}

function errorFrame(error: unknown): Uint8Array<ArrayBuffer> {
  const code = error instanceof SluiceError || error instanceof Refusal ? error.code : "SERVER";
  const message = error instanceof Refusal ? error.message : "the file can not be read to its end";
  return makeFrame(FRAME.ERROR, 0, new TextEncoder().encode(JSON.stringify({ code, message })));
}
