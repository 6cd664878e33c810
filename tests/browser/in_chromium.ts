import { assertEquals } from "@std/assert";
import { beside, runDeno } from "../experiments/processes.ts";
import { scratch } from "../experiments/scratch.ts";
import { startChromium, view } from "./browser.ts";

/** Calls what a module exports, in a page. */
export type Call<Module> = <Name extends keyof Module>(
  name: Name,
  ...args: Module[Name] extends (...args: infer Args) => unknown ? Args : never
) => Promise<Module[Name] extends (...args: never) => infer Result ? Awaited<Result> : never>;

/**
 * Bundles a program into a page in Chromium, calls `act` with what calls the program's exports there,
 * and tells what the page has complained of.
 */
export async function inChromium<Module>(
  program: string,
  act: (call: Call<Module>) => Promise<void>,
): Promise<readonly string[]> {
  using folder = scratch();
  const source = folder.write("program.ts", new TextEncoder().encode(program));
  const bundle = `${folder.path}/program.js`;
  const config = ["--config", beside("../browser/deno.json")];
  const { status, stderr } = await runDeno(
    ["bundle", "--quiet", "--platform", "browser", ...config, "--output", bundle, source],
  );
  assertEquals(status, 0, stderr);
  const module = await Deno.readTextFile(bundle);
  assertEquals(module.match(/^import .*/gm), null, "what no page has");
  // WebGPU is there on a page of this machine's own, not on an empty one.
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) =>
      url.endsWith("/program.js")
        ? new Response(module, { headers: { "content-type": "text/javascript" } })
        : new Response('<!DOCTYPE html><link rel="icon" href="data:,">', {
          headers: { "content-type": "text/html" },
        }),
  );
  await using chromium = await startChromium();
  const { page, complaints } = await view(chromium, `http://127.0.0.1:${server.addr.port}/`, 400);
  const call = (name: keyof Module, ...args: unknown[]) =>
    page.evaluate(
      async (name, args) => (await import("/program.js" as string))[name](...args),
      name as string,
      args,
    );
  await act(call as Call<Module>);
  return complaints;
}
