import caseBlock from "../../shaders/common/case_block.wgsl" with { type: "text" };
import { padded, type Tensor } from "../gpu/tensor.ts";

/** WGSL of the generator's blocks for units of cases, to be put behind that of the step. */
export const caseBlockSource: string = caseBlock;

/** The member `CaseRows` of a kernel's uniform. */
export function caseRows({ rows, steps, columns }: Tensor): Record<string, number> {
  return { count: rows, rows: padded(rows), steps, quads: Math.ceil(columns / 4) };
}
