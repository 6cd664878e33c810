import type { Value } from "./operation.ts";
import type { Tape } from "./tape.ts";

/**
 * The values of a tape whose data, and those whose deltas, may lie in one buffer: none of them is read
 * where another one is written. Products that give gradients of weights then read the same few buffers,
 * and go together in a dispatch.
 *
 * Sources, losses and figures take what they are given at the start of a buffer. So the input lies
 * before all others, the delta of the output too, and the data of the output stay by themselves.
 */
export function arenasOf(tape: Tape): Record<"data" | "delta", Value[][]> {
  const colors = new Map([[tape.input, 0]]);
  for (const { reads, writes } of tape.operations) {
    const taken = reads.map((read) => colors.get(read));
    let color = 0;
    while (taken.includes(color)) color++;
    colors.set(writes, color);
  }
  const placed = [...colors.keys()].filter((value) => isPlaced(tape, value));
  const byColor = (values: readonly Value[]) => {
    const all = [...new Set(values.map((value) => colors.get(value)))];
    return all.map((color) => values.filter((value) => colors.get(value) === color));
  };
  return {
    data: byColor(placed.filter((value) => tape.readers(value).length > 0)),
    delta: byColor(placed.toReversed().filter((value) => tape.moves(value))),
  };
}

/** Whether all operations that write or read a value take it wherever it lies. */
function isPlaced(tape: Tape, value: Value): boolean {
  const writer = tape.writer(value);
  return [...writer ? [writer] : [], ...tape.readers(value)].every(({ placed }) => placed);
}
