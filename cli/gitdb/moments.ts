/**
 * Moments as `--since` and `--until` take them: of the forms that git reads, those that mean one moment.
 */
import { UsageFailure } from "../shared/exit.ts";

const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86400,
  week: 604800,
};
const RELATIVE = /^(\d{1,6})[. ](second|minute|hour|day|week|month|year)s?[. ]ago$/;
const ABSOLUTE =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?(?: ?(?:(Z)|([+-])(\d{2}):?(\d{2})))?)?$/;

/**
 * The moment that a text means.
 *
 * @throws {UsageFailure} If its form is not known here.
 */
export function momentOf(text: string, option: string, now = new Date()): Date {
  const seconds = /^@(\d{1,12})(?: [+-]\d{4})?$/.exec(text)?.[1];
  if (seconds !== undefined) return new Date(Number(seconds) * 1000);
  if (text === "now") return now;
  if (text === "yesterday") return new Date(now.getTime() - UNITS["day"]! * 1000);
  const moment = relativeMoment(text, now) ?? absoluteMoment(text, now);
  if (moment !== undefined) return moment;
  throw new UsageFailure(
    `Option ${option} has the date "${text}", expected YYYY-MM-DD [HH:MM[:SS] [+hhmm|Z]], @SECONDS, "# days ago", ` +
      `now or yesterday`,
  );
}

function relativeMoment(text: string, now: Date): Date | undefined {
  const [, count, unit] = RELATIVE.exec(text) ?? [];
  if (unit === undefined) return undefined;
  const length = UNITS[unit];
  if (length !== undefined) return new Date(now.getTime() - Number(count) * length * 1000);
  const moment = new Date(now);
  // What a month does not have are days of the next one, as in git.
  if (unit === "month") moment.setMonth(moment.getMonth() - Number(count));
  else moment.setFullYear(moment.getFullYear() - Number(count));
  return moment;
}

/** A date, on the clock of this machine unless a zone is given; as in git, without a time it is that of now. */
function absoluteMoment(text: string, now: Date): Date | undefined {
  const found = ABSOLUTE.exec(text);
  if (found === null) return undefined;
  const [year, month, day] = found.slice(1, 4).map(Number);
  if (month! < 1 || month! > 12 || day! < 1 || day! > 31) return undefined;
  const time = found[4] === undefined
    ? [now.getHours(), now.getMinutes(), now.getSeconds()]
    : [found[4], found[5], found[6] ?? 0].map(Number);
  const [hour, minute, second] = time;
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  if (found[7] === undefined && found[8] === undefined) {
    return new Date(year!, month! - 1, day, hour, minute, second);
  }
  const offset = found[8] === undefined ? 0 : (Number(found[9]) * 60 + Number(found[10])) * 60_000;
  const zoned = Date.UTC(year!, month! - 1, day, hour, minute, second);
  return new Date(found[8] === "-" ? zoned + offset : zoned - offset);
}
