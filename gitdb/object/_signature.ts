/**
 * Who made a commit or a tag, and when; public through commit.ts.
 */
import { checkArgument } from "@sluice/internal";
import { encodeText } from "./_text.ts";

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

const PERSON = /^(?<name>[^<\n]*?) ?<(?<email>[^>\n]*)>/;
/** What follows the last angle bracket: as for git, names and addresses with brackets in them hide no date. */
const MOMENT = /^[ \t]*(?<seconds>-?\d{1,19})(?: (?<timezone>[+-]\d{4,}))?/;
const TIMEZONE_DEFAULT = "+0000";
/** What may not stand in a name or an address. */
const BREAKS = /[<>\n\0]/;

/**
 * Reads the value of a line such as `author`. As for git, nothing is an error: what can't be read is an empty name and
 * address and the start of 1970. There are commits without dates, and without authors.
 */
export function parseSignature(text: string): GitSignature {
  const person = PERSON.exec(text)?.groups;
  const moment = person && MOMENT.exec(text.slice(text.lastIndexOf(">") + 1))?.groups;
  const { name = "", email = "" } = person ?? {};
  const { seconds = "0", timezone = TIMEZONE_DEFAULT } = moment ?? {};
  const date = new Date(Number(seconds) * 1000);
  return { name, email, date: Number.isNaN(date.getTime()) ? new Date(0) : date, timezone };
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
  encodeText(`${name} <${email}>`, "write a signature");
  if (!/^[+-]\d{4}$/.test(timezone) || Number.isNaN(date.getTime())) {
    throw new RangeError(
      `Cannot write a signature: "${timezone}" is no offset such as "+0130", or the date is none`,
    );
  }
  if (date.getTime() < 0) throw new RangeError("Cannot write a signature: git has no dates before 1970");
  return `${name} <${email}> ${Math.floor(date.getTime() / 1000)} ${timezone}`;
}
