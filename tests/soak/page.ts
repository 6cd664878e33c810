/**
 * Opens a page in headless Chromium, wide and narrow, prints it, and fails where the console said
 * anything: `deno run -A tests/soak/page.ts --page results/paper/report.html`. Beside the page it leaves
 * wide.png, narrow.png and printed.pdf to be looked at.
 */
import { pathToFileURL } from "node:url";
import { InputError } from "../../core/errors.ts";
import { exists } from "../../experiments/files/files.ts";
import { path } from "../../experiments/terminal/flags.ts";
import { runProgram } from "../../experiments/terminal/program.ts";

const programs = ["chromium", "chromium-browser", "google-chrome"];

await runProgram({
  usage: "deno run -A tests/soak/page.ts",
  summary: "Opens a report in headless Chromium and fails where its console says anything.",
  flags: { page: path({ default: "results/paper/report.html", help: "The page." }) },
}, async ({ page }) => {
  if (!exists(page)) throw new InputError(`there is no ${page}: name a page with --page`);
  const folder = page.replace(/[^/]*$/, "");
  const views = [
    ["wide.png", "--window-size=1280,9000", "--screenshot="],
    ["narrow.png", "--window-size=500,9000", "--screenshot="],
    ["printed.pdf", "--no-pdf-header-footer", "--print-to-pdf="],
  ];
  for (const [name, option, output] of views) {
    const said = await open(page, option, `${output}${folder}${name}`);
    if (said.length > 0) throw new InputError(`the console said of ${page}: ${said.join("; ")}`);
    console.log(`${folder}${name}: the console said nothing`);
  }
});

/** What the console said while a page was open. */
async function open(page: string, ...options: readonly string[]): Promise<string[]> {
  const { success, stderr } = await chromium([
    ...["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
    "--enable-logging=stderr",
    ...options,
    pathToFileURL(Deno.realPathSync(page)).href,
  ]);
  const log = new TextDecoder().decode(stderr);
  if (!success) throw new InputError(`Chromium failed: ${log}`);
  return log.split("\n").filter((line) => line.includes(":CONSOLE"));
}

/** Runs the first of the programs that is there. */
async function chromium(args: readonly string[]): Promise<Deno.CommandOutput> {
  for (const program of programs) {
    try {
      return await new Deno.Command(program, { args: [...args] }).output();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new InputError(`none of ${programs.join(", ")} is installed: apt-get install chromium`);
}
