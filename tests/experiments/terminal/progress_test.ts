import {
  assertEquals,
  assertLessOrEqual,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { formatDuration, showProgress } from "../../../experiments/terminal/progress.ts";
import { fitLine, type ProgressLine } from "../../../experiments/terminal/progress_line.ts";
import { say, setQuiet } from "../../../experiments/terminal/terminal.ts";
import { linesOnStderr, pause, spawnDeno } from "../processes.ts";

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

Deno.test("showProgress() measures the rate anew where the job falls back", () => {
  const { progress, lines, clock } = inPipe(100);
  for (const done of [40, 60, 20, 30]) {
    clock.seconds += 5;
    progress.report(done);
  }
  assertEquals(lines.map((line) => line.split(", ").slice(0, 2).join()), [
    ...["40/100 updates,8/s", "60/100 updates,6/s", "20/100 updates,-/s", "30/100 updates,2/s"],
  ]);
});

Deno.test("showProgress() says a line in a pipe at once", () => {
  const { progress, lines } = inPipe(10);
  progress.say("replica 3 diverged");
  assertEquals(lines, ["replica 3 diverged"]);
});

Deno.test("showProgress() names whose figures they are", () => {
  const { progress, lines, clock } = inPipe(10);
  clock.seconds = 2;
  progress.report(4, { "squared error": 12.34567, loss: 45.6 }, "nag 0.9, 0.05");
  assertEquals(lines, [
    "4/10 updates, 2/s, 0:00:03 left, squared error 12.35 (nag 0.9, 0.05), loss 45.6",
  ]);
});

/** Progress on a terminal, with a clock in seconds that the test sets. */
function onTerminal(columns: number, total = 1000) {
  const clock = { seconds: 0 };
  const terminal = {
    isTTY: true,
    columns,
    screen: "",
    write(text: string) {
      this.screen += text;
    },
  };
  const now = () => clock.seconds * 1000;
  const progress = showProgress({ total, terminal, now });
  /** What has been drawn since, by lines. */
  const drawn = () => {
    // deno-lint-ignore no-control-regex
    const lines = terminal.screen.replace(/\x1b\[[\d;]*[A-Za-z]/g, "\r").split(/[\r\n]+/);
    terminal.screen = "";
    return lines.filter((line) => line !== "");
  };
  /** The line of the bar, drawn anew. */
  const line = () => {
    drawn();
    progress.say("-");
    return drawn().at(-1)!;
  };
  return { progress, terminal, clock, drawn, line };
}

Deno.test("showProgress() draws a bar on a terminal and lets lines pass above it", () => {
  const { progress, terminal, drawn } = onTerminal(90, 200);
  assertEquals(drawn(), ["░".repeat(24) + " 0% 0/200 updates, -/s, 0:00:00 so far"]);
  progress.update(100, { error: 3.14159 });
  progress.say("replica 3 diverged");
  say("warning: said by anyone");
  assertMatch(terminal.screen, /replica 3 diverged\n.*█/s);
  // Nothing but the cursor and lines is touched: an end without warning leaves the terminal usable.
  // deno-lint-ignore no-control-regex
  assertNotMatch(terminal.screen, /\x1b\[\?/);
  const bar = "█".repeat(12) + "░".repeat(12);
  assertEquals(drawn().map((line) => line.split(" updates")[0]), [
    "replica 3 diverged",
    `${bar} 50% 100/200`,
    "warning: said by anyone",
    `${bar} 50% 100/200`,
  ]);
  progress[Symbol.dispose]();
});

Deno.test("showProgress() goes on between reports, and never to a mark that is not told", async () => {
  const { progress, clock, line, drawn } = onTerminal(100);
  clock.seconds = 10;
  progress.report(100);
  assertStringIncludes(line(), "100/1000 updates, 10/s, 0:01:30 left");
  clock.seconds = 13.6;
  assertStringIncludes(line(), "136/1000 updates, 10/s, 0:01:26 left");
  clock.seconds = 60;
  // Late: no more than these 199 can be done.
  assertStringIncludes(line(), "199/1000 updates, 3.32/s, 0:04:02 left");
  progress.report(150); // a mark nearer than the one before
  assertStringIncludes(line(), "150/1000 updates, 1/s, 0:14:10 left");
  drawn();
  clock.seconds = 64;
  await pause(700); // it is drawn by itself
  assertStringIncludes(drawn().at(-1)!, "154/1000 updates");
  progress.report(950);
  progress.report(990);
  clock.seconds = 100;
  assertStringIncludes(line(), "999/1000 updates");
  progress[Symbol.dispose]();
  assertStringIncludes(drawn().at(-1)!, "990/1000 updates"); // what was reached
});

Deno.test("showProgress() fits the terminal as it is at each redraw", () => {
  const { progress, terminal, line, clock } = onTerminal(80);
  clock.seconds = 10;
  const figures = { "squared error": 12.34567, loss: 123.4 };
  progress.report(100, figures, "nag 0.9, 0.05");
  assertEquals(
    line(),
    "░░░░░░░░░░░ 100/1000, 10/s, 0:01:30 left, squared error 12.35 (nag 0.9, 0.05)".replace(
      "░",
      "█",
    ),
  );
  terminal.columns = 120;
  assertMatch(line(), /10% .* updates, 10\/s, .*\(nag 0\.9, 0\.05\), loss 123\.4$/);
  terminal.columns = 41;
  assertEquals(line(), "10%, 0:01:30 left, squared error 12.35");
  progress[Symbol.dispose]();
});

Deno.test("showProgress() keeps no process alive", async () => {
  const module = new URL("../../../experiments/terminal/progress.ts", import.meta.url).href;
  const code = `import { showProgress } from "${module}";
    showProgress({ total: 9, terminal: { isTTY: true, write() {} } }).say("begun");`;
  const child = spawnDeno(["eval", code]);
  const late = setTimeout(() => child.kill(), 30_000);
  assertEquals((await child.output()).code, 0);
  clearTimeout(late);
});

Deno.test("showProgress() shows nothing when quiet, and says warnings", async () => {
  setQuiet(true);
  try {
    const written: string[] = [];
    const lines = await linesOnStderr(() => {
      using progress = showProgress({ total: 9, write: (line) => void written.push(line) });
      progress.report(3);
      progress.say("note: a note");
      progress.say("warning: a warning");
      say("error: an error");
      say("resumed");
    });
    assertEquals([lines, written], [["warning: a warning", "error: an error"], []]);
  } finally {
    setQuiet(false);
  }
});

const told: ProgressLine = {
  done: 123_456,
  total: 5_000_000,
  unit: "network updates",
  rate: 1234.56,
  secondsLeft: 3950,
  secondsPassed: 100,
  figures: { "squared error": 12.34567, loss: 123.456 },
  of: "nag 0.9, 0.05",
};

Deno.test("fitLine() leaves out what says least, and the first figure last of all", () => {
  const bar = /^[█░]+ /;
  const words = (width: number) => fitLine(told, width).replace(bar, "");
  const figure = "squared error 12.35";
  const named = `${figure} (nag 0.9, 0.05)`;
  const forms = [
    `2% 123456/5000000 network updates, 1230/s, 1:05:50 left, ${named}, loss 123.5`,
    `123456/5000000 network updates, 1230/s, 1:05:50 left, ${named}, loss 123.5`,
    `123456/5000000, 1230/s, 1:05:50 left, ${named}, loss 123.5`,
    `123456/5000000, 1230/s, 1:05:50 left, ${named}`,
    `123k/5M, 1230/s, 1:05:50 left, ${named}`,
    `123k/5M, 1:05:50 left, ${named}`,
    `123k/5M, 1:05:50 left, ${figure}`,
    `2%, 1:05:50 left, ${figure}`,
    `2%, ${figure}`,
    figure,
  ];
  const seen = new Set<string>();
  for (let width = 140; width >= figure.length; width--) {
    const line = fitLine(told, width);
    assertLessOrEqual(line.length, width);
    seen.add(words(width));
  }
  assertEquals([...seen], forms);
  assertEquals(fitLine(told, 10), "squared e…");
  assertEquals(fitLine(told, 0), "…");
  // The bar is the first to give way.
  assertEquals(fitLine(told, 140).match(bar)?.[0].length, 25);
  assertEquals(fitLine(told, forms[0].length + 9).match(bar)?.[0].length, 9);
});

Deno.test("fitLine() shortens counts of any size, and knows jobs without figures", () => {
  const short = (count: number) =>
    fitLine({ ...told, done: 0, total: count, of: undefined, figures: {} }, 30)
      .replace(/^.*0\//, "").split(",")[0];
  assertEquals([999, 1000, 12_345, 4_567_890, 3e12].map(short), [
    ...["999", "1k", "12.3k", "4.57M", "3000G"],
  ]);
  assertEquals(
    fitLine({ ...told, done: 0, total: 0, figures: {}, of: undefined }, 100).split(",")[0],
    `${"█".repeat(24)} 100% 0/0 network updates`,
  );
});
