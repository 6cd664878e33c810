import type { Cell, CellRow } from "../study/cell.ts";
import { gradientEquivalents } from "../study/optimizers.ts";
import { estimate } from "./estimate.ts";

/** What the training of some networks took, on average, in whole gradients over 200 cases. */
export function workOf(cells: readonly Cell[]): string {
  const work = estimate(cells.flatMap(({ result: { curve }, configuration }) => {
    const last: CellRow | undefined = curve.at(-1);
    return last ? [gradientEquivalents(last, configuration)] : [];
  }));
  return work ? String(Math.round(work.mean)) : "";
}
