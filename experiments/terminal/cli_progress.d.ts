// Types of the part of cli-progress in use: the package ships plain JavaScript.

/** A terminal: the part of process.stderr that the bar needs. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Options {
  /** The line of a bar, at each redraw. */
  format: (options: unknown, parameters: { readonly maxWidth: number }) => string;
  stream?: TerminalStream;
  fps?: number;
  linewrap?: boolean;
  forceRedraw?: boolean;
}

export class MultiBar {
  constructor(options: Options);
  /** The next redraw, from the first one on. */
  readonly timer: { unref(): void } | null;
  create(total: number, startValue: number): unknown;
  on(event: "update-post", listener: () => void): void;
  log(text: string): void;
  update(): void;
  stop(): void;
}

declare const cliProgress: { MultiBar: typeof MultiBar };
export default cliProgress;
