/**
 * What every sluice package stands on and that knows no format: errors, bytes, option checks, random access, and the
 * pull-driven streams and iterables. The packages re-export what their users need.
 *
 * @module
 */
export * from "./abort.ts";
export * from "./afterwards.ts";
export * from "./byte_source.ts";
export * from "./bytes.ts";
export * from "./chunk_source.ts";
export * from "./deferred.ts";
export type { SluiceErrorClass, SluiceErrorCode, SluiceErrorFacts } from "./error_codes.ts";
export * from "./ending_options.ts";
export * from "./errors.ts";
export * from "./event_loop.ts";
export * from "./http_source.ts";
export * from "./host.ts";
export * from "./idle_pool.ts";
export * from "./input_chunk.ts";
export * from "./open_source.ts";
export * from "./options.ts";
export * from "./passing.ts";
export * from "./printable.ts";
export * from "./progress.ts";
export * from "./pull_codec.ts";
export * from "./output_buffers.ts";
export * from "./pull_iterable.ts";
export * from "./pull_stream.ts";
export * from "./segmented_buffer.ts";
export * from "./split_plan.ts";
export * from "./stream_options.ts";
export * from "./url_text.ts";
export * from "./whole_output.ts";
