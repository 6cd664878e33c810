import type { Gpu } from "../../mod.ts";
import type { Cell } from "../files/tables.ts";
import { conjugateGradient } from "./conjugate_gradient.ts";
import { heavyBall } from "./heavy_ball.ts";
import { momentumSchedules } from "./momentum_schedules.ts";
import { nesterov1983Rate } from "./nesterov_1983.ts";
import { nesterov2003Rate } from "./nesterov_2003.ts";
import { noise } from "./noise.ts";
import { rotation } from "./rotation.ts";
import { smallSteps } from "./small_steps.ts";
import type { Statement, StatementAndFigure, TheoryFigure } from "./statement.ts";
import { theorem21 } from "./theorem_2_1.ts";
import { twoForms } from "./two_forms.ts";

export type { Measured, Row, Statement, TheoryFigure } from "./statement.ts";

/** What the paper states, measured. */
export interface TheoryResult {
  statements: Statement[];
  figures: TheoryFigure[];
}

/** The statements, in their order. */
const checks: readonly ((gpu: Gpu, interruption: AbortSignal) => Promise<StatementAndFigure>)[] = [
  theorem21,
  rotation,
  smallSteps,
  conjugateGradient,
  heavyBall,
  nesterov1983Rate,
  nesterov2003Rate,
  noise,
  twoForms,
  momentumSchedules,
];

/** How many statements {@linkcode theory} measures. */
export const statementCount: number = checks.length;

/**
 * Measures the paper's statements about momentum, in float64 and on the GPU with the engine's own
 * optimizers: how far each is from holding exactly, beside the most that theory and rounding allow.
 * All of it is fixed, the seeds of noise too.
 *
 * @param interruption where it is aborted, throws its reason
 * @param report told of each statement when it is done
 */
export async function theory(
  gpu: Gpu,
  interruption: AbortSignal,
  report: (statement: Statement, done: number, of: number) => void = () => {},
): Promise<TheoryResult> {
  const findings: StatementAndFigure[] = [];
  for (const check of checks) {
    interruption.throwIfAborted();
    const finding = await check(gpu, interruption);
    findings.push(finding);
    report(finding.statement, findings.length, checks.length);
  }
  return {
    statements: findings.map(({ statement }) => statement),
    figures: findings.flatMap(({ figure }) => figure ?? []),
  };
}

/** A line of theory.csv for each measurement. */
export function theoryTable({ statements }: TheoryResult): Record<string, Cell>[] {
  return statements.flatMap(({ id, rows }) =>
    rows.map(({ what, float64, gpu, holds }) => ({
      statement: id,
      what,
      float64_residual: float64.residual,
      float64_bound: float64.bound,
      gpu_residual: gpu.residual,
      gpu_bound: gpu.bound,
      holds,
    }))
  );
}
