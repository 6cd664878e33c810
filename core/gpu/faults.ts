import { GPUFault } from "../errors.ts";

/**
 * The errors that a device reported. Several calls may be waiting for the GPU at once, one of them
 * left behind by a call that has failed already: each is told of what went wrong while it waited, so
 * that none takes away what another must hear.
 */
export class Faults {
  /** Errors recorded so far. */
  count = 0;
  #latest: string | Error = "";
  #unraised: (string | Error)[] = [];

  /**
   * Notes an error, or what it says, for the next {@linkcode Faults.raise}: in front of the others
   * where it is their cause, which may be found out after them.
   */
  record(message: string | Error, { isCause = false } = {}): void {
    this.count++;
    this.#latest = message;
    if (isCause) this.#unraised.unshift(message);
    else this.#unraised.push(message);
  }

  /**
   * Throws one error, a {@linkcode GPUFault} where none was given: of the errors that nobody was told
   * of, or else of the latest, if it came after the first `since`.
   */
  raise(since: number = this.count): void {
    const [first, ...others] = this.#unraised.splice(0);
    if (first === undefined && this.count <= since) return;
    const error = first ?? this.#latest;
    if (error instanceof Error) throw error;
    throw new GPUFault(others.length ? `${error} (and ${others.length} more)` : error);
  }
}
