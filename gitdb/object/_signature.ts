/**
 * Who made a commit or a tag, and when; public through commit.ts.
 */
import { checkArgument } from "@sluice/internal";
import { corrupt } from "./_errors.ts";

/** A person and a moment. */
export interface GitSignature {
  /** The name, as it is written. */
  readonly name: string;
  /** The address, without its angle brackets. */
  readonly email: string;
  /** The moment, to the second; the start of 1970 where what is written is no date. */
  readonly date: Date;
  /** The offset of the writer's clock from UTC, as in "+0130". */
  readonly timezone: string;
}

const WRITTEN =
  /^(?<name>[^<\n]*?) ?<(?<email>[^>\n]*)>(?: (?<seconds>-?\d{1,19})(?: (?<timezone>[+-]\d{4,}))?)?/;
const TIMEZONE_DEFAULT = "+0000";
/** What may not stand in a name or an address. */
const BREAKS = /[<>\n\0]/;

/**
 * Reads the value of a line such as `author`. As for git, a date that can't be read is the start of 1970: there are commits
 * without one.
 *
 * @throws {CorruptDataError} If there is no name and address.
 */
export function parseSignature(text: string, where: string): GitSignature {
  const { name, email, seconds = "0", timezone = TIMEZONE_DEFAULT } = WRITTEN.exec(text)?.groups ?? {};
  if (name === undefined) throw corrupt(where, `"${text.slice(0, 80)}" is no name and address`, "CORRUPT");
  const date = new Date(Number(seconds) * 1000);
  return { name, email: email!, date: Number.isNaN(date.getTime()) ? new Date(0) : date, timezone };
}

/**
 * The value of a line such as `author`.
 *
 * @throws {TypeError} If a member is missing.
 * @throws {RangeError} If it can't be written.
 */
export function formatSignature(signature: GitSignature): string {
  const { name, email, date, timezone } = signature ?? {};
  const fits = typeof name === "string" && typeof email === "string" && date instanceof Date &&
    typeof timezone === "string";
  checkArgument(fits, "write a signature", signature, "a name, an email, a date and a timezone");
  if (BREAKS.test(name) || BREAKS.test(email)) {
    throw new RangeError(
      "Cannot write a signature: its name or email has a line feed, a zero or an angle bracket",
    );
  }
  if (!/^[+-]\d{4}$/.test(timezone) || Number.isNaN(date.getTime())) {
    throw new RangeError(
      `Cannot write a signature: "${timezone}" is no offset such as "+0130", or the date is none`,
    );
  }
  if (date.getTime() < 0) throw new RangeError("Cannot write a signature: git has no dates before 1970");
  return `${name} <${email}> ${Math.floor(date.getTime() / 1000)} ${timezone}`;
}
