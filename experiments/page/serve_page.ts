import { answer, listen, refusalOf } from "../live/local_server.ts";
import { pageFiles } from "./page_files.ts";

/** A page that is served until it is disposed of. */
export interface ServedPage extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves the page to browsers of this machine. Throws InputError where the port cannot be had.
 *
 * @param port 0 for any that is free
 */
export async function servePage(port: number): Promise<ServedPage> {
  const files = new Map((await pageFiles()).map((file) => [`/${file.name}`, file]));
  const closing = new AbortController();
  const server = listen({
    ...{ port, flag: "--port", any: "0", signal: closing.signal },
    handler(request) {
      const refusal = refusalOf(request);
      if (refusal) return refusal;
      const { pathname } = new URL(request.url);
      const file = files.get(pathname === "/" ? "/index.html" : pathname);
      return file ? answer(200, file.text, file) : answer(404, "there is no such page\n");
    },
  });
  return {
    port: server.addr.port,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await server.finished;
    },
  };
}
