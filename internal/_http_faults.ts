/**
 * What can go wrong with an HTTP source, and which of it may pass.
 */
import type { SluiceErrorCode } from "./error_codes.ts";
import { NotFoundError, TransferError } from "./errors.ts";

/** How long a server asked to wait, in milliseconds, by its answer. */
const RETRY_AFTER = new WeakMap<object, number>();

/** How long the server that failed asked to wait, in milliseconds; undefined where it did not. */
export function retryAfterOf(error: unknown): number | undefined {
  return RETRY_AFTER.get(error as object);
}

/** A failed transfer; `label` is the URL as messages may show it. */
export function httpFault(
  code: SluiceErrorCode,
  fact: string,
  label: string,
  offset?: number,
  cause?: unknown,
): TransferError {
  const place = offset === undefined ? "" : ` at byte ${offset}`;
  return new TransferError(`Cannot read ${label}${place}: ${fact}`, { format: "http", code, offset, cause });
}

/** The failure that a status means. */
export function statusFault(
  response: Response,
  label: string,
  offset: number,
): TransferError | NotFoundError {
  const { status } = response;
  if (status === 404 || status === 410) {
    return new NotFoundError(`Cannot read ${label}: the server answered ${status}, there is no such object`, {
      format: "http",
      code: "NOT_FOUND",
    });
  }
  const busy = status === 429 || status >= 500;
  const error = httpFault(
    busy ? "SERVER_BUSY" : status === 401 || status === 403 ? "AUTH" : "SERVER",
    `the server answered ${status}, expected 206`,
    label,
    offset,
  );
  const after = response.headers.get("retry-after");
  if (busy && after !== null) {
    const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
    if (seconds >= 0) RETRY_AFTER.set(error, seconds * 1000);
  }
  return error;
}

/** The URL without its query, its fragment and its credentials: signatures do not belong into messages. */
export function labelOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
