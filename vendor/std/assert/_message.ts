/** How a value reads in a message. */
export function format(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: 200,
    strAbbreviateSize: Infinity,
  });
}

/** A sentence that ends with the caller's message where there is one, else with a full stop. */
export function sentence(text: string, message: string | undefined): string {
  return message === undefined || message === "" ? `${text}.` : `${text}: ${message}`;
}
