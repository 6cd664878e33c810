import { hostname, requirePagePermission } from "./live/local_server.ts";
import { buildPage } from "./page/build_page.ts";
import { servePage } from "./page/serve_page.ts";
import { inSection, integer, path } from "./terminal/flags.ts";
import { runProgram } from "./terminal/program.ts";
import { print } from "./terminal/terminal.ts";

const program = {
  usage: "deno run -A experiments/page.ts",
  summary: "A page on which small networks train in the browser, with lessons on momentum.",
  examples: [{
    command: "deno run -A experiments/page.ts",
    does: "serves it for browsers of this machine",
  }, {
    command: "deno run -A experiments/page.ts --build site",
    does: "writes it as files that any web server can serve",
  }],
  flags: inSection("Page", {
    build: path({ help: "The folder that the page is written to, in place of serving it." }),
    port: integer({
      help: "The port that it is served on; 0 for any that is free.",
      default: 8000,
      atLeast: 0,
      atMost: 65535,
    }),
  }),
};

/** Writes the page or serves it, as a command line asks. */
export function runPage(args: readonly string[]): Promise<void> {
  return runProgram(program, async ({ build, port }, interruption) => {
    if (build !== undefined) {
      await buildPage(build);
      return print(`the page is in ${build}: ${build}/index.html and what lies beside it`);
    }
    requirePagePermission(port);
    await using page = await servePage(port);
    print(`the page is at http://${hostname}:${page.port}/ (Ctrl-C ends it)`);
    await new Promise((resolve) => interruption.addEventListener("abort", resolve));
  }, args);
}

if (import.meta.main) await runPage(Deno.args);
