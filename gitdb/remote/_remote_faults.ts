/**
 * What can go wrong with another side: the errors of this room, which name it without credentials.
 */
import {
  CorruptDataError,
  LimitExceededError,
  NotFoundError,
  printable,
  TransferError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";

/** Texts of the other side are shown up to here. */
const SHOWN_MAX = 300;

/** The URL without its query, its fragment and its credentials. */
export function labelOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** A text of the other side as messages may show it. */
export function shown(text: string): string {
  const plain = printable(text.trimEnd());
  return plain.length > SHOWN_MAX ? `${plain.slice(0, SHOWN_MAX)}…` : plain;
}

/** An answer that breaks the rules of the protocol. */
export function protocolFault(label: string, state: string, offset?: number): CorruptDataError {
  const place = offset === undefined ? "" : ` at byte ${offset}`;
  return new CorruptDataError(`Cannot read the answer of ${label}${place}: ${state}`, {
    format: "git",
    code: "PROTOCOL",
    offset,
  });
}

/** An answer that ends too early. */
export function cutFault(label: string, offset: number, cause?: unknown): TruncatedDataError {
  return new TruncatedDataError(`Cannot read the answer of ${label} at byte ${offset}: it ends too early`, {
    format: "git",
    code: "TRUNCATED",
    offset,
    cause,
  });
}

/** How long an answer, and then each part of it, may take unless told otherwise. */
export const STALL_TIMEOUT_MS = 30_000;

/** What is said of something that did not come in time. */
export function stallState(what: string, stallTimeoutMs: number): string {
  return `${what} came for ${stallTimeoutMs} ms (raise "stallTimeoutMs")`;
}

/** A transfer that failed. */
export function transferFault(
  label: string,
  state: string,
  code: SluiceErrorCode,
  cause?: unknown,
): TransferError {
  return new TransferError(`Cannot fetch from ${label}: ${state}`, { format: "git", code, cause });
}

/** Something that the other side does not offer. */
export function notOffered(label: string, what: string): UnsupportedFeatureError {
  return new UnsupportedFeatureError(`Cannot fetch from ${label}: the server does not offer ${what}`, {
    format: "git",
    code: "UNSUPPORTED",
  });
}

/** More than a limit allows. */
export function remoteLimit(label: string, what: string, limit: number, unit: string): LimitExceededError {
  return new LimitExceededError(`Cannot fetch from ${label}: ${what} of more than ${limit} ${unit}`, {
    format: "git",
    code: "TABLE_TOO_LARGE",
    limit,
    unit,
  });
}

/** The failure that a status means. */
export function statusFault(label: string, status: number): TransferError | NotFoundError {
  if (status === 404 || status === 410) {
    return new NotFoundError(
      `Cannot fetch from ${label}: the server answered ${status}, there is no repository`,
      {
        format: "git",
        code: "NOT_FOUND",
      },
    );
  }
  const isBusy = status === 429 || status >= 500;
  const code = isBusy ? "SERVER_BUSY" : status === 401 || status === 403 ? "AUTH" : "SERVER";
  return transferFault(label, `the server answered ${status}, expected 200`, code);
}
