import { InputError } from "../../mod.ts";
import { requirePermissions } from "../terminal/permissions.ts";
import { isSystemError } from "../terminal/program.ts";

/** Pages are served to browsers of this machine alone. */
export const hostname = "127.0.0.1";

/** What a page may do and be used for: it asks no other host for anything. */
const safety = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; " +
    "form-action 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** How pages are served. */
export interface ServerOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** The flag that names the port, and what it is given for any that is free. */
  readonly flag: string;
  readonly any: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly handler: Deno.ServeHandler<Deno.NetAddr>;
}

/**
 * Refuses a page that may not be served. Throws InputError.
 *
 * @param port 0 for any that is free
 */
export function requirePagePermission(port: number): void {
  requirePermissions({ name: "net", host: port === 0 ? hostname : `${hostname}:${port}` });
}

/** Serves pages. Throws InputError where the port cannot be had. */
export function listen(
  { port, flag, any, signal, handler }: ServerOptions,
): Deno.HttpServer<Deno.NetAddr> {
  // Of clients that are gone or were dropped: what fails is said where it fails.
  const onError = () => answer(500, "the page has failed\n");
  try {
    return Deno.serve({ hostname, port, signal, onError, onListen: () => {} }, handler);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new InputError(
      `no page can be served on port ${port} (${error.message}): name another with ${flag}, or ` +
        `give ${flag} ${any} for one that is free`,
    );
  }
}

/** What is answered to a request that asks for no page; undefined for one that does. */
export function refusalOf(request: Request): Response | undefined {
  if (!isOwnName(request.headers.get("host"))) return answer(403, "no page of this name\n");
  if (request.method !== "GET") return answer(405, "only GET is understood\n");
  return undefined;
}

/** An answer of a type, of text by default. */
export function answer(
  status: number,
  body: BodyInit,
  { type } = { type: "text/plain; charset=utf-8" },
): Response {
  return new Response(body, { status, headers: { ...safety, "content-type": type } });
}

/** A page of another site whose name was turned to this machine is told nothing. */
function isOwnName(host: string | null): boolean {
  // A tunnel may have another port.
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/i.test(host ?? "");
}
