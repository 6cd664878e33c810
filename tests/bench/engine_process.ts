import { linesOf } from "./engine.ts";

/** An engine and how it is started. */
export interface EngineCommand {
  readonly name: string;
  /** The program and its arguments; the folder of the task is added. */
  readonly command: readonly string[];
}

/** An engine in a process of its own: what it spoils or holds does not touch the others. */
export class EngineProcess {
  readonly name: string;
  /** Losses of its first updates. */
  readonly losses: readonly number[];
  /** What it runs on, where it says so. */
  readonly note: string;
  /** Seconds from the start of its process to the end of its first update. */
  readonly firstStep: number;
  readonly #answers: Answers;

  private constructor(name: string, answers: Answers, start: Answer) {
    this.name = name;
    this.losses = start.losses ?? [];
    this.note = start.note ?? "";
    this.firstStep = start.firstStep ?? NaN;
    this.#answers = answers;
  }

  /** Starts it and waits for its first updates. Throws what it says where it cannot run here. */
  static async start({ name, command }: EngineCommand, folder: string): Promise<EngineProcess> {
    const answers = new Answers([...command, folder]);
    return new EngineProcess(name, answers, await answers.next());
  }

  /** What an update takes, as a mean over `count`. */
  async time(count: number): Promise<Seconds> {
    await this.#answers.ask(String(count));
    const { seconds = NaN, cpuSeconds = NaN } = await this.#answers.next();
    return { wall: seconds / count, cpu: cpuSeconds / count };
  }

  /** Its error where it has got to. */
  async error(): Promise<number> {
    await this.#answers.ask("error");
    const { error = NaN } = await this.#answers.next();
    return error;
  }

  /** Ends the process. */
  end(): Promise<void> {
    return this.#answers.end();
  }
}

/** Seconds on the clock, and of the process on all cores: steadier where the machine is busy. */
export interface Seconds {
  readonly wall: number;
  readonly cpu: number;
}

interface Answer {
  losses?: number[];
  firstStep?: number;
  note?: string;
  seconds?: number;
  cpuSeconds?: number;
  error?: number;
}

/** An engine that says nothing for so long is given up. */
const patience_ms = 300_000;

class Answers {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Promise<string>;

  constructor([program, ...args]: readonly string[]) {
    this.#child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
    this.#input = this.#child.stdin.getWriter();
    this.#errors = new Response(this.#child.stderr).text();
  }

  async ask(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** The next line that is an answer; libraries print what they like between. */
  async next(): Promise<Answer> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), patience_ms);
    try {
      for (;;) {
        const { value, done } = await this.#lines.next();
        if (done) throw new Error(await this.#lastWords());
        if (value.startsWith("{")) return JSON.parse(value);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#child.status;
    await this.#errors;
  }

  async #lastWords(): Promise<string> {
    const { code, signal } = await this.#child.status;
    const lines = (await this.#errors).split("\n").map((line) => line.trim());
    const said = lines.find((line) => /error|exception/i.test(line)) ?? lines.find(Boolean);
    return said ?? (signal ? `it was ended by ${signal}` : `it ended with status ${code}`);
  }
}
