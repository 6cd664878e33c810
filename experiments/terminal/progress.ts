// @ts-types="./cli_progress.d.ts"
import cliProgress, { type TerminalStream } from "cli-progress";
import { Clock } from "./clock.ts";
import { type Figures, fitLine, plainLine } from "./progress_line.ts";
import { isQuiet, say, sayAbove, stderrTerminal } from "./terminal.ts";

export { type Figures, formatDuration } from "./progress_line.ts";

/** What the user sees of a job while it runs. */
export interface Progress extends Disposable {
  /** Says how far the job is. */
  update(done: number, figures?: Figures, of?: string): void;
  /**
   * Says how far the job is where it has something to report.
   *
   * @param figures the most important one first: where a line is too long, the last are left out
   * @param of whose figures they are: "nag 0.9, 0.05"
   */
  report(done: number, figures?: Figures, of?: string): void;
  /** Says a line, without disturbing the bar. */
  say(line: string): void;
}

/** How a job is shown. */
export interface ProgressOptions {
  /** How many units the whole job has. */
  total: number;
  /** What is counted. */
  unit?: string;
  /** Where the job begins, when it goes on with an earlier one. */
  start?: number;
  /** A terminal in place of stderr; stderr in a pipe is written in plain lines. */
  terminal?: TerminalStream;
  /** Takes the plain lines in place of stderr. */
  write?: (line: string) => void;
  /** The time in ms. */
  now?: () => number;
}

/** In a pipe a line comes so often, and at reports. */
const lineEvery_ms = 5000;
const reportLineEvery_ms = 1000;

/** What is said passes at once; the numbers could not be read any faster. */
const redrawsPerSecond = 2;

/** For the ^C of who ends the job; a line up to the last column may wrap, and stay. */
const freeColumns = 3;

/**
 * Shows rate, time left and current figures on stderr: a bar on a terminal, which goes on at the
 * measured rate between reports; plain lines in a pipe, at most one every 5 s (1 s for reports);
 * nothing under --quiet.
 */
export function showProgress(options: ProgressOptions): Progress {
  if (isQuiet()) return silence;
  const { write, terminal = write === undefined ? stderrTerminal() : undefined } = options;
  return terminal === undefined ? showLines(options) : showBar(options, terminal);
}

const silence: Progress = {
  update() {},
  report() {},
  say,
  [Symbol.dispose]() {},
};

function showBar(options: ProgressOptions, stream: TerminalStream): Progress {
  const { total, unit = "updates", start = 0 } = options;
  const clock = new Clock(options);
  let told: { figures: Figures; of: string | undefined } = { figures: {}, of: undefined };
  const bars = new cliProgress.MultiBar({
    stream,
    format: (_options, { maxWidth }) =>
      fitLine({ ...clock.now, ...told, total, unit }, maxWidth - freeColumns),
    fps: redrawsPerSecond,
    // The terminal's own setting of wrapping is not touched, however the job ends.
    linewrap: true,
    forceRedraw: true,
  });
  bars.create(total, start);
  bars.update();
  // No job is kept alive by its bar.
  const unref = () => bars.timer?.unref();
  unref();
  bars.on("update-post", unref);
  const said = sayAbove((text) => {
    bars.log(`${text}\n`);
    bars.update();
  });
  const update = (done: number, figures: Figures = {}, of?: string) => {
    clock.reach(done);
    told = { figures, of };
  };
  return {
    update,
    report: update,
    say,
    [Symbol.dispose]() {
      said[Symbol.dispose]();
      clock.stop();
      bars.stop();
    },
  };
}

function showLines(options: ProgressOptions): Progress {
  const { total, unit = "updates", write = say } = options;
  const clock = new Clock(options);
  let written_ms = -Infinity;
  const writeAfter = (pause_ms: number, done: number, figures: Figures, of?: string) => {
    clock.reach(done);
    if (clock.time_ms - written_ms < pause_ms && done < total) return;
    written_ms = clock.time_ms;
    write(plainLine({ ...clock.atMark, total, unit, figures, of }));
  };
  return {
    update: (done, figures = {}, of) => writeAfter(lineEvery_ms, done, figures, of),
    report: (done, figures = {}, of) => writeAfter(reportLineEvery_ms, done, figures, of),
    say: write,
    [Symbol.dispose]() {},
  };
}
