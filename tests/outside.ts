// Programs of users: they know nothing of this repository but the address of mod.ts.

import { assertEquals } from "@std/assert";
import { runDeno } from "./experiments/processes.ts";

const root = new URL("../", import.meta.url);

/**
 * The lines that a program prints which has the library by its address alone, in a folder of its own
 * with these files, which it may read.
 */
export async function outputOf(
  program: (origin: string) => string,
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {},
): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  await using server = Deno.serve({ hostname: "localhost", port: 0, onListen() {} }, serveFile);
  const origin = `http://localhost:${server.addr.port}`;
  try {
    await Deno.writeTextFile(`${folder}/train.ts`, program(origin));
    for (const [path, contents] of Object.entries(files)) {
      await Deno.mkdir(new URL(".", `file://${folder}/${path}`), { recursive: true });
      await Deno.writeFile(`${folder}/${path}`, contents);
    }
    const { status, stdout, stderr } = await runDeno(
      [
        ...["run", "--check", "--allow-import", "--allow-read=."],
        ...[`--reload=${origin}`, "train.ts"],
      ],
      { cwd: folder },
    );
    assertEquals(status, 0, stderr);
    return stdout.trim().split("\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Any static host will do: files by their path. */
async function serveFile(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const type = pathname.endsWith(".ts") ? "application/typescript" : "text/plain";
  try {
    const file = await Deno.readTextFile(new URL(`.${pathname}`, root));
    return new Response(file, { headers: { "content-type": type } });
  } catch {
    return new Response(null, { status: 404 });
  }
}
