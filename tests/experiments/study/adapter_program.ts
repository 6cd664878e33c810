// Says which adapter it was given; setup_test.ts runs it with and without drivers.
import { choice, number, parseFlags } from "../../../experiments/terminal/flags.ts";
import { runMain } from "../../../experiments/terminal/program.ts";
import {
  adapterPreferences,
  describeAdapter,
  ensureAdapter,
} from "../../../experiments/study/adapter.ts";

const flags = {
  adapter: choice(adapterPreferences, { default: "any", help: "The adapter." }),
  status: number({ default: 0, help: "The status to end with." }),
};

await runMain(async (interruption) => {
  const { adapter, status } = parseFlags(flags, Deno.args);
  console.log(describeAdapter(await ensureAdapter(adapter, interruption)));
  if (!Deno.stdin.isTerminal()) console.log(await new Response(Deno.stdin.readable).text());
  if (status !== 0) Deno.exit(status);
});
