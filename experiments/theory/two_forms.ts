import { type Gpu, nesterov, reference, type Schedule } from "../../mod.ts";
import { type Descent, distances, follow, type Path, pathOf, upTo } from "./descent.ts";
import { changingRate, risingMomentum, start, turned, updates } from "./examples.ts";
import { ratesOf } from "./rates.ts";
import { row, type StatementAndFigure } from "./statement.ts";
import { TwoPoint } from "./two_point.ts";

const schedules: readonly (readonly [string, Schedule])[] = [
  ["mu rising", risingMomentum],
  ["mu another one at every update", (step) => [0.9, 0.2, 0.99, 0.5][step % 4]],
];

/**
 * NAG as the paper writes it, with the gradient at theta + mu v, against the form that keeps
 * phi = theta + mu v alone, whose phi is led by the momentum of the next update.
 */
export async function twoForms(gpu: Gpu, interruption: AbortSignal): Promise<StatementAndFigure> {
  const descents = schedules.map(([, momentum]) => ({
    quadratic: turned,
    start: turned.fromEigen(start),
    optimizer: nesterov({ learningRate: changingRate, momentum }),
  }));
  const engine = await follow(gpu, descents, upTo(updates), interruption);
  const rows = [];
  for (const [i, descent] of descents.entries()) {
    const oneBuffer = oneBufferPath(descent);
    const twoPoint = await twoPointPath(gpu, descent, interruption);
    rows.push(row(
      `theta of both forms, eps changing, ${schedules[i][0]}`,
      distances(engine[i].float64, oneBuffer),
      distances(engine[i].gpu, twoPoint),
    ));
  }
  return {
    statement: {
      id: "two-forms",
      title: "Both forms of NAG are one",
      statement: "v' = mu_t v - eps_t grad f(phi), phi' = phi + (1 + mu_{t+1}) v' - mu_t v gives " +
        "theta = phi' - mu_{t+1} v' of NAG with the gradient at theta + mu_t v.",
      source: "section 2, equations 3 and 4",
      rows,
    },
  };
}

/** The path of the one-buffer form in float64: theta = phi - mu_{t+1} v. */
function oneBufferPath(descent: Descent): Path {
  const { quadratic, start, optimizer } = descent;
  let state: reference.OneBuffer = { phi: start, velocity: new Float64Array(start.length) };
  const thetas = upTo(updates).map((update) => {
    const rates = ratesOf(optimizer, update - 1);
    state = reference.oneBufferUpdate(state, quadratic.gradient(state.phi), rates);
    const { phi, velocity } = state;
    return phi.map((x, i) => x - rates.nextLead * velocity[i]);
  });
  return pathOf(descent, upTo(updates), thetas, reference.float64);
}

/** The path of the two-point form on the GPU. */
async function twoPointPath(
  gpu: Gpu,
  descent: Descent,
  interruption: AbortSignal,
): Promise<Path> {
  using twoPoint = new TwoPoint(gpu, descent.quadratic, descent.start);
  const thetas: Float32Array[] = [];
  for (const update of upTo(updates)) {
    thetas.push(await twoPoint.step(update - 1, ratesOf(descent.optimizer, update - 1)));
    interruption.throwIfAborted();
  }
  return pathOf(descent, upTo(updates), thetas, reference.float32);
}
