// A program that ends in each of the ways a program can; program_test.ts runs it.
import { AdapterError, GPUFault, InputError } from "../../../core/errors.ts";
import { choice, path } from "../../../experiments/terminal/flags.ts";
import { requirePermissions } from "../../../experiments/terminal/permissions.ts";
import { runProgram } from "../../../experiments/terminal/program.ts";
import { showProgress } from "../../../experiments/terminal/progress.ts";
import { ask, say } from "../../../experiments/terminal/terminal.ts";
import { recordRun } from "../../../experiments/study/run.ts";
import { chooseRunFolder } from "../../../experiments/study/run_folder.ts";

const flags = {
  end: choice(
    [
      "well",
      "input",
      "adapter",
      "gpu",
      "read",
      "permissions",
      "folder",
      "defect",
      "wait",
      "hang",
      "record",
      "talk",
      "ask",
    ],
    { default: "well", help: "How it ends." },
  ),
  file: path({ default: "missing.txt", help: "What is read." }),
};

const forever = () => new Promise<never>(() => setInterval(() => {}, 1000));

await runProgram(
  { usage: "deno run sample_program.ts", summary: "Ends.", flags },
  async ({ end, file }, interruption) => {
    const ends: Record<typeof end, () => unknown> = {
      well: () => console.log("done"),
      input: () => {
        throw new InputError("the batch is larger\nthan the data");
      },
      adapter: () => {
        throw new AdapterError("no adapter");
      },
      gpu: () => {
        throw new GPUFault("the device was lost");
      },
      read: () => Deno.readTextFileSync(file),
      permissions: () =>
        requirePermissions(
          { name: "read", path: "data" },
          { name: "env", variable: "A" },
          { name: "env", variable: "B" },
        ),
      folder: () => chooseRunFolder("sample"),
      defect: () => {
        throw new TypeError("a defect");
      },
      wait: async () => {
        console.log("ready");
        const awake = setInterval(() => {}, 1000);
        await new Promise((resolve) => interruption.addEventListener("abort", resolve));
        // Long enough for the repeats of a signal to arrive.
        await new Promise((resolve) => setTimeout(resolve, 200));
        clearInterval(awake);
        console.log("cleaned up");
        interruption.throwIfAborted();
      },
      record: () => {
        const folder = chooseRunFolder("sample", undefined, { now: new Date(0) });
        const run = { program: "sample", folder, details: {}, interruption, isMadeUp: true };
        return recordRun(run, ({ folder }) => Promise.resolve(console.log(folder)));
      },
      talk: () => {
        say("note: a note");
        say("warning: a warning");
        using progress = showProgress({ total: 2 });
        progress.report(1, { loss: 3 });
        console.log("a result");
      },
      ask: async () => {
        const isYes = await ask("go on?", false, { unattended: true, interruption });
        console.log(isYes ? "it goes on" : "it does not");
      },
      hang: async () => {
        console.log("ready");
        await forever();
      },
    };
    await ends[end]();
  },
);
