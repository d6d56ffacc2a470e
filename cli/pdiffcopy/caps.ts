/**
 * `sluice pdiffcopy caps`: what a server can do.
 */
import { describeSystemError, EXIT, Failure, PDIFFCOPY_EXIT, UsageFailure } from "../shared/exit.ts";
import type { PdiffcopySettings } from "./options.ts";
import { readCertificates, readToken } from "./session.ts";

/** Runs the subcommand. */
export async function caps(settings: PdiffcopySettings, operands: readonly string[]): Promise<number> {
  const address = operands[0]!;
  const url = URL.parse("/v2/caps", address);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageFailure(
      `Cannot ask "${address}" what it can do: expected http://HOST[:PORT] or https://HOST[:PORT]`,
    );
  }
  const token = await readToken(settings);
  const caCerts = await readCertificates(settings);
  using client = Deno.createHttpClient({ caCerts });
  let response: Response;
  try {
    response = await fetch(url, {
      client,
      redirect: "manual",
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    });
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Failure(`Cannot reach ${address}: ${describeSystemError(reason)}`, PDIFFCOPY_EXIT.network);
  }
  const text = await response.text();
  if (response.ok) {
    console.log(text);
    return EXIT.ok;
  }
  if ([401, 403].includes(response.status)) {
    throw new Failure(
      `Cannot use ${address}: the server wants a token, or another one`,
      PDIFFCOPY_EXIT.permission,
    );
  }
  const reason = response.status === 404 ? "it speaks protocol 1 only" : `it answered ${response.status}`;
  throw new Failure(`Cannot ask ${address} what it can do: ${reason}`, PDIFFCOPY_EXIT.network);
}
