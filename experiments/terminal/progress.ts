// @ts-types="./cli_progress.d.ts"
import cliProgress, { type TerminalStream } from "cli-progress";
import { say, stderrTerminal } from "./terminal.ts";

/** The current figures of a job: { loss: 12.3 }; numbers are shown with four digits. */
export type Figures = Readonly<Record<string, number | string>>;

/** What the user sees of a job while it runs. */
export interface Progress extends Disposable {
  /** Says how far the job is. */
  update(done: number, figures?: Figures): void;
  /** Says how far the job is where it has something to report. */
  report(done: number, figures?: Figures): void;
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

/** The rate is that of so long a past: the first steps compile kernels and say little. */
const rateWindow_ms = 30_000;

/**
 * Shows rate, time left and current figures on stderr: a bar on a terminal, plain lines in a pipe,
 * at most one every 5 s (1 s for reports).
 */
export function showProgress(options: ProgressOptions): Progress {
  const { write, terminal = write === undefined ? stderrTerminal() : undefined } = options;
  return terminal === undefined ? showLines(options) : showBar(options, terminal);
}

/** A time in seconds as h:mm:ss; -:--:-- where it is not known. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--:--";
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function showBar(options: ProgressOptions, stream: TerminalStream): Progress {
  const { total, unit = "updates", start = 0 } = options;
  const clock = new Clock(options);
  const bars = new cliProgress.MultiBar({
    stream,
    format: `{bar} {percentage}% {value}/{total} ${unit}, {rate}/s, {left} left{figures}`,
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    // A line too long is cut: the terminal's own setting is not touched, however the job ends.
    linewrap: true,
    forceRedraw: true,
  });
  const payload = (figures: Figures) => ({
    rate: formatFigure(clock.rate),
    left: formatDuration(clock.secondsLeft),
    figures: formatFigures(figures),
  });
  const bar = bars.create(total, start, payload({}));
  const update = (done: number, figures: Figures = {}) => {
    clock.reach(done);
    bar.update(done, payload(figures));
  };
  return {
    update,
    report: update,
    say: (line) => bars.log(`${line}\n`),
    [Symbol.dispose]() {
      bars.update();
      bars.stop();
    },
  };
}

function showLines(options: ProgressOptions): Progress {
  const { total, unit = "updates", write = say } = options;
  const clock = new Clock(options);
  let written_ms = -Infinity;
  const writeAfter = (pause_ms: number, done: number, figures: Figures) => {
    clock.reach(done);
    if (clock.time_ms - written_ms < pause_ms && done < total) return;
    written_ms = clock.time_ms;
    const rate = `${formatFigure(clock.rate)}/s, ${formatDuration(clock.secondsLeft)} left`;
    write(`${done}/${total} ${unit}, ${rate}${formatFigures(figures)}`);
  };
  return {
    update: (done, figures = {}) => writeAfter(lineEvery_ms, done, figures),
    report: (done, figures = {}) => writeAfter(reportLineEvery_ms, done, figures),
    say: write,
    [Symbol.dispose]() {},
  };
}

/** How fast a job goes, and how long it still takes. */
class Clock {
  time_ms: number;
  readonly #total: number;
  readonly #now: () => number;
  readonly #marks: { time_ms: number; done: number }[];

  constructor({ total, start = 0, now = () => performance.now() }: ProgressOptions) {
    this.#total = total;
    this.#now = now;
    this.time_ms = now();
    this.#marks = [{ time_ms: this.time_ms, done: start }];
  }

  reach(done: number): void {
    this.time_ms = this.#now();
    this.#marks.push({ time_ms: this.time_ms, done });
    while (this.#marks.length > 2 && this.time_ms - this.#marks[1].time_ms >= rateWindow_ms) {
      this.#marks.shift();
    }
  }

  /** Units per second; NaN before any is done. */
  get rate(): number {
    const [first] = this.#marks;
    const last = this.#marks[this.#marks.length - 1];
    if (last.done === first.done) return NaN;
    return 1000 * (last.done - first.done) / (last.time_ms - first.time_ms);
  }

  get secondsLeft(): number {
    const { done } = this.#marks[this.#marks.length - 1];
    return done >= this.#total ? 0 : (this.#total - done) / this.rate;
  }
}

function formatFigures(figures: Figures): string {
  return Object.entries(figures).map(([name, value]) =>
    `, ${name} ${typeof value === "number" ? formatFigure(value) : value}`
  ).join("");
}

/** Four significant digits, without an exponent where it is readable so. */
function formatFigure(value: number): string {
  if (Number.isNaN(value)) return "-";
  return String(Number(value.toPrecision(4)));
}
