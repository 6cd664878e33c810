import { assertEquals, assertGreaterOrEqual, assertMatch, assertThrows } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import {
  cadence,
  duration,
  showTime,
  signalAfter,
} from "../../../experiments/terminal/durations.ts";
import { parseFlags } from "../../../experiments/terminal/flags.ts";
import { runDeno } from "../processes.ts";

const table = {
  "max-time": duration({ help: "When it ends." }),
  "checkpoint-every": cadence({ default: { time_ms: 120_000 }, help: "How often." }),
};

function refusal(...args: string[]): string {
  const { message } = assertThrows(() => parseFlags(table, args), InputError);
  assertMatch(message, /^.+$/);
  return message;
}

Deno.test("duration() reads seconds, minutes, hours and days in milliseconds", () => {
  const read = (text: string) => parseFlags(table, ["--max-time", text]).maxTime;
  assertEquals(
    ["30s", "1.5m", "2h", "24d", "0.2s"].map(read),
    [30_000, 90_000, 7_200_000, 24 * 86_400_000, 200],
  );
  assertEquals(parseFlags(table, []).maxTime, undefined);
});

Deno.test("cadence() reads updates, a time, or off", () => {
  const read = (...args: string[]) => parseFlags(table, args).checkpointEvery;
  assertEquals(read(), { time_ms: 120_000 });
  assertEquals(read("--checkpoint-every", "500"), { updates: 500 });
  assertEquals(read("--checkpoint-every=5m"), { time_ms: 300_000 });
  assertEquals(read("--checkpoint-every", "off"), { never: true });
  assertEquals(table["checkpoint-every"].shown, "2m");
});

Deno.test("duration() and cadence() refuse what is no time, in one line", () => {
  for (const text of ["10", "m", "0s", "-5s", "1w", "25d", "1e3s", "s30", "Infinitys", "1 m"]) {
    assertMatch(
      refusal(`--max-time=${text}`),
      /^--max-time must be a time up to 24d, such as 30s, 10m or 2h, not "/,
    );
  }
  for (const text of ["0", "-3", "1.5", "never", "2M"]) {
    assertMatch(refusal(`--checkpoint-every=${text}`), /must be a number of updates, a time/);
  }
});

Deno.test("showTime() takes the largest unit that fits", () => {
  assertEquals([1000, 90_000, 7_200_000, 172_800_000, 1500].map(showTime), [
    ...["1s", "90s", "2h", "2d", "1.5s"],
  ]);
});

Deno.test("signalAfter() is aborted after its time, and keeps no process alive", async () => {
  const start = performance.now();
  const awake = setInterval(() => {}, 1000);
  await new Promise((resolve) => signalAfter(20).addEventListener("abort", resolve));
  clearInterval(awake);
  assertGreaterOrEqual(performance.now() - start, 19); // timers count whole milliseconds
  const durations = new URL("../../../experiments/terminal/durations.ts", import.meta.url).href;
  const code = `import { signalAfter } from "${durations}";
    signalAfter(60_000).addEventListener("abort", () => console.log("too late"));`;
  assertEquals(await runDeno(["eval", code]), { status: 0, stdout: "", stderr: "" });
});
