import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { formatDuration, showProgress } from "../../../experiments/terminal/progress.ts";
import { pause } from "../processes.ts";

Deno.test("formatDuration() is h:mm:ss", () => {
  const cases: [seconds: number, text: string][] = [
    [0, "0:00:00"],
    [59.6, "0:01:00"],
    [3599.4, "0:59:59"],
    [100 * 3600 + 61, "100:01:01"],
    [Infinity, "-:--:--"],
    [NaN, "-:--:--"],
  ];
  for (const [seconds, text] of cases) assertEquals(formatDuration(seconds), text);
});

/** Progress in a pipe, with a clock in seconds that the test sets. */
function inPipe(total: number, start = 0) {
  const lines: string[] = [];
  const clock = { seconds: 0 };
  const write = (line: string) => void lines.push(line);
  const progress = showProgress({ total, start, write, now: () => clock.seconds * 1000 });
  return { progress, lines, clock };
}

Deno.test("showProgress() writes a line every 5 s into a pipe, and the last one", () => {
  const { progress, lines, clock } = inPipe(300);
  for (clock.seconds = 1; clock.seconds <= 12; clock.seconds++) {
    progress.update(10 * clock.seconds, { loss: 12.34567 });
  }
  clock.seconds = 30;
  progress.update(300, { loss: 1 });
  assertEquals(lines, [
    "10/300 updates, 10/s, 0:00:29 left, loss 12.35",
    "60/300 updates, 10/s, 0:00:24 left, loss 12.35",
    "110/300 updates, 10/s, 0:00:19 left, loss 12.35",
    "300/300 updates, 10/s, 0:00:00 left, loss 1",
  ]);
});

Deno.test("showProgress() writes a line at a report, at most one a second", () => {
  const { progress, lines, clock } = inPipe(100);
  for (const seconds of [1, 1.5, 2, 2.5, 3.5]) {
    clock.seconds = seconds;
    progress.report(10 * seconds);
  }
  assertEquals(lines.map((line) => line.split("/")[0]), ["10", "20", "35"]);
});

Deno.test("showProgress() counts the rate from where the job goes on, over the last 30 s", () => {
  const { progress, lines, clock } = inPipe(10_000, 1000);
  progress.report(1000);
  // A slow start, then 10 updates a second.
  clock.seconds = 100;
  progress.report(1001);
  for (let i = 1; i <= 40; i++) {
    clock.seconds = 100 + i;
    progress.report(1001 + 10 * i);
  }
  assertStringIncludes(lines[0], "1000/10000 updates, -/s, -:--:-- left");
  assertStringIncludes(lines[lines.length - 1], "1401/10000 updates, 10/s, 0:14:20 left");
});

Deno.test("showProgress() says a line in a pipe at once", () => {
  const { progress, lines } = inPipe(10);
  progress.say("replica 3 diverged");
  assertEquals(lines, ["replica 3 diverged"]);
});

Deno.test("showProgress() draws a bar on a terminal and lets lines pass above it", async () => {
  let screen = "";
  const terminal = {
    isTTY: true,
    columns: 70,
    write: (text: string) => {
      screen += text;
      return true;
    },
  };
  {
    using progress = showProgress({ total: 200, terminal });
    await pause(20);
    progress.update(100, { loss: 3.14159, note: "x".repeat(100) });
    await pause(150);
    progress.say("replica 3 diverged");
  }
  assertStringIncludes(screen, "████████████░░░░░░░░░░░░ 50% 100/200 updates");
  assertStringIncludes(screen, "replica 3 diverged\n");
  // Nothing but the cursor and lines is touched: an end without warning leaves the terminal usable.
  // deno-lint-ignore no-control-regex
  assertNotMatch(screen, /\x1b\[\?/);
  // deno-lint-ignore no-control-regex
  const lines = screen.replace(/\x1b\[[\d;]*[A-Za-z]/g, "\r").split(/[\r\n]+/);
  assertEquals(Math.max(...lines.map((line) => line.length)), 70);
});
