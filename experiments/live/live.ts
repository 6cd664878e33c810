import { exists, readWhole } from "../files/files.ts";
import { pictures } from "../charts/pictures.ts";
import type { TableRow } from "../files/tables.ts";
import { say } from "../terminal/terminal.ts";
import { Audience, serverSentEvent } from "./audience.ts";
import { Courses } from "./courses.ts";
import { answer, hostname, listen, refusalOf } from "./local_server.ts";
import chartScript from "./chart.js" with { type: "text" };
import html from "./page.html" with { type: "text" };
import pageScript from "./page.js" with { type: "text" };
import style from "./page.css" with { type: "text" };

/** A page that shows a run while it goes on. None of its methods throws or waits for a reader. */
export interface Live extends AsyncDisposable {
  readonly url: string;
  /** Tells of new rows: of curve.csv, as text cells by column. */
  rows(rows: readonly TableRow[]): void;
  /** Tells where the run stands. */
  progress(progress: RunProgress): void;
  /** Tells that a file of the folder has been written anew; those that are no picture are ignored. */
  renewed(name: string): void;
  /** Tells how the run ended, in a word or a few. */
  ended(status: string): void;
}

/** How far a run is. */
export interface RunProgress {
  readonly done: number;
  readonly total: number;
  /** What is counted: "updates". */
  readonly unit: string;
  /** Units per second; NaN while it is not known. */
  readonly rate: number;
  /** NaN while it is not known. */
  readonly secondsLeft: number;
}

/** What a page shows, and where it is served. */
export interface LiveOptions {
  /** Of the run. */
  readonly folder: string;
  readonly title: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** The column of curve.csv that is drawn. */
  readonly figure: string;
}

/** The page and what it is made of, by path. */
const parts: Readonly<Record<string, { type: string; text: string }>> = {
  "/": { type: "text/html; charset=utf-8", text: html },
  "/page.css": { type: "text/css; charset=utf-8", text: style },
  "/page.js": { type: "text/javascript; charset=utf-8", text: pageScript },
  "/chart.js": { type: "text/javascript; charset=utf-8", text: chartScript },
};

/** The progress is told at most so often. */
const pause_ms = 200;

/** The end of a run waits so long for pages that are slow to read its last words. */
const farewell_ms = 500;

/**
 * Serves a page that shows a run, for browsers of this machine alone, and says its address. What
 * fails later is one warning, and the run goes on. Throws InputError where the port cannot be had.
 */
export function openLive(options: LiveOptions): Live {
  const live = new LivePage(options);
  say(`watch it at ${live.url}`);
  return live;
}

class LivePage implements Live {
  readonly url: string;
  readonly #options: LiveOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #closing = new AbortController();
  readonly #audience = new Audience();
  readonly #courses: Courses;
  /** How often each file has been written. */
  readonly #versions = new Map<string, number>();
  #progress: RunProgress | undefined;
  #told_ms = -Infinity;
  #status: string | undefined;
  #hasFailed = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#courses = new Courses(options.figure);
    this.#server = listen({
      ...{ port: options.port, flag: "--live", any: "yes", signal: this.#closing.signal },
      handler: (request, { completed }) => this.#answer(request, completed),
    });
    this.#server.finished.catch((error) => this.#warn(error));
    this.url = `http://${hostname}:${this.#server.addr.port}/`;
  }

  rows(rows: readonly TableRow[]): void {
    this.#attempt(() => {
      const change = this.#courses.add(rows);
      this.#tell("rows", { ...change, common: this.#courses.common });
    });
  }

  progress(progress: RunProgress): void {
    this.#progress = progress;
    const now_ms = performance.now();
    if (now_ms - this.#told_ms < pause_ms && progress.done < progress.total) return;
    this.#told_ms = now_ms;
    this.#tell("progress", progress);
  }

  renewed(name: string): void {
    if (!Object.hasOwn(pictures, name)) return;
    this.#versions.set(name, (this.#versions.get(name) ?? 0) + 1);
    this.#tell("picture", this.#picture(name));
  }

  ended(status: string): void {
    this.#status = status;
    this.#tell("progress", this.#progress ?? null);
    this.#tell("ended", status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, farewell_ms);
    await Promise.race([promise, this.#audience.close()]);
    clearTimeout(timer);
    this.#closing.abort();
    await this.#server.finished.catch((error) => this.#warn(error));
  }

  #answer(request: Request, completed: Promise<void>): Response {
    try {
      return this.#find(request, completed);
    } catch (error) {
      this.#warn(error);
      return answer(500, "the page has failed\n");
    }
  }

  #find(request: Request, completed: Promise<void>): Response {
    const refusal = refusalOf(request);
    if (refusal) return refusal;
    const { pathname } = new URL(request.url);
    if (pathname === "/events") return this.#events(completed);
    if (Object.hasOwn(parts, pathname)) return answer(200, parts[pathname].text, parts[pathname]);
    const name = pathname.slice("/files/".length);
    const isFile = pathname.startsWith("/files/") && Object.hasOwn(pictures, name);
    return isFile ? this.#file(name) : answer(404, "there is no such page\n");
  }

  #events(completed: Promise<void>): Response {
    const first = serverSentEvent("snapshot", this.#snapshot());
    const stream = this.#audience.join(first, completed);
    if (stream === undefined) return answer(503, "too many pages are open: close one\n");
    return answer(200, stream, { type: "text/event-stream" });
  }

  #file(name: string): Response {
    const path = `${this.#options.folder}/${name}`;
    if (!exists(path)) return answer(404, "there is no such file yet\n");
    return answer(200, readWhole(path), pictures[name]);
  }

  /** All that a page needs to know that is opened now. */
  #snapshot(): unknown {
    const { folder, title, figure } = this.#options;
    const found = Object.keys(pictures).filter((name) => exists(`${folder}/${name}`));
    return {
      ...{ folder, title, figure, pictures: found.map((name) => this.#picture(name)) },
      ...{ common: this.#courses.common, courses: this.#courses.all },
      ...{ progress: this.#progress ?? null, status: this.#status ?? null },
    };
  }

  #picture(name: string) {
    return { name, title: pictures[name].title, version: this.#versions.get(name) ?? 0 };
  }

  #tell(name: string, data: unknown): void {
    if (this.#audience.size === 0) return;
    this.#attempt(() => this.#audience.tell(serverSentEvent(name, data)));
  }

  /** A page that fails ends no training. */
  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#warn(error);
    }
  }

  #warn(error: unknown): void {
    if (!this.#hasFailed) say(`warning: the page at ${this.url} has failed (${String(error)})`);
    this.#hasFailed = true;
  }
}
