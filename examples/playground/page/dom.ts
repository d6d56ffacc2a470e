/**
 * Making elements, and texts of numbers.
 */

type Properties = Readonly<Record<string, string | number | boolean | EventListener | undefined>>;

const SVG = "http://www.w3.org/2000/svg";

function fill<T extends Element>(
  element: T,
  properties: Properties,
  children: readonly (Node | string)[],
): T {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : `${value}`);
  }
  element.append(...children);
  return element;
}

/** An element: functions among the properties listen, the rest are attributes. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), properties, children);
}

/** An element of a drawing. */
export function draw<K extends keyof SVGElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag) as SVGElementTagNameMap[K], properties, children);
}

/** A choice of one of some values. */
export function choice(label: string, values: readonly (readonly [string, string])[], preset: string) {
  const select = make("select");
  for (const [value, text] of values) select.append(new Option(text, value, false, value === preset));
  return { select, label: make("label", {}, label, select) };
}

/** A size in bytes as people read it. */
export function readableSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

/** Three digits of a speed in megabytes a second. */
export function readableSpeed(speed: number): string {
  return speed >= 100 ? speed.toFixed(0) : speed.toPrecision(2);
}

/** Text where bytes are text, else hexadecimal lines. */
export function readableBytes(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  // deno-lint-ignore no-control-regex -- control characters are what tells data from text
  if (!/[\x00-\x08\x0e-\x1f\ufffd]/.test(text.slice(0, -4))) return text;
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const printable = row.map((byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".").join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${printable}`);
  }
  return lines.join("\n");
}

/** Saves a blob under a name. */
export function save(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** What went wrong, in words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Calls back with the width of an element, at once and whenever it changes. */
export function onWidth(element: HTMLElement, tell: (width: number) => void): void {
  new ResizeObserver(() => {
    if (element.clientWidth > 0) tell(element.clientWidth);
  }).observe(element);
}
