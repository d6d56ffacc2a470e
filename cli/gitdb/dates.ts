/**
 * Dates as git writes them (git-log, "--date").
 */
import type { GitSignature } from "@sluice/gitdb/repository";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A moment on the writer's clock. */
function localTime({ date, timezone }: GitSignature): {
  readonly day: string;
  readonly date: Date;
  readonly isoDate: string;
  readonly time: string;
  readonly year: string;
} {
  const minutes = Number(timezone.slice(1, -2)) * 60 + Number(timezone.slice(-2));
  const local = new Date(date.getTime() + (timezone.startsWith("-") ? -minutes : minutes) * 60_000);
  const iso = local.toISOString();
  return {
    day: DAYS[local.getUTCDay()]!,
    date: local,
    isoDate: iso.slice(0, iso.indexOf("T")),
    time: iso.slice(iso.indexOf("T") + 1, -5),
    year: `${local.getUTCFullYear()}`,
  };
}

/** The modes that are known here, by git's names. */
export const DATE_MODES = {
  default: (signature: GitSignature): string => {
    const { day, date, time, year } = localTime(signature);
    return `${day} ${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()} ${time} ${year} ${signature.timezone}`;
  },
  iso: (signature: GitSignature): string => {
    const { isoDate, time } = localTime(signature);
    return `${isoDate} ${time} ${signature.timezone}`;
  },
  "iso-strict": (signature: GitSignature): string => {
    const { isoDate, time } = localTime(signature);
    const { timezone } = signature;
    const offset = /^[+-]0000$/.test(timezone) ? "Z" : `${timezone.slice(0, 3)}:${timezone.slice(3)}`;
    return `${isoDate}T${time}${offset}`;
  },
  rfc: (signature: GitSignature): string => {
    const { day, date, time, year } = localTime(signature);
    return `${day}, ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${year} ${time} ${signature.timezone}`;
  },
  short: (signature: GitSignature): string => localTime(signature).isoDate,
  unix: ({ date }: GitSignature): string => `${date.getTime() / 1000}`,
  raw: ({ date, timezone }: GitSignature): string => `${date.getTime() / 1000} ${timezone}`,
} as const;

/** A mode by its name. */
export type DateMode = keyof typeof DATE_MODES;

/** Other names of modes. */
const OTHER_NAMES: Readonly<Record<string, DateMode>> = {
  iso8601: "iso",
  "iso8601-strict": "iso-strict",
  rfc2822: "rfc",
};

/** The mode of a name; undefined where none is known. */
export function dateModeOf(name: string): DateMode | undefined {
  if (Object.hasOwn(OTHER_NAMES, name)) return OTHER_NAMES[name];
  return Object.hasOwn(DATE_MODES, name) ? name as DateMode : undefined;
}
