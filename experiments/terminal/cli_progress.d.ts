// Types of the part of cli-progress in use: the package ships plain JavaScript.

/** A terminal: the part of process.stderr that the bar needs. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Options {
  format: string;
  stream?: TerminalStream;
  barsize?: number;
  barCompleteChar?: string;
  barIncompleteChar?: string;
  linewrap?: boolean;
  forceRedraw?: boolean;
}

export interface Bar {
  update(value: number, payload: Record<string, string>): void;
}

export class MultiBar {
  constructor(options: Options);
  create(total: number, startValue: number, payload: Record<string, string>): Bar;
  log(text: string): void;
  update(): void;
  stop(): void;
}

declare const cliProgress: { MultiBar: typeof MultiBar };
export default cliProgress;
