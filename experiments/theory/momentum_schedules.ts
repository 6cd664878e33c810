import {
  constant,
  type Gpu,
  nesterov,
  nesterov1983,
  paperMomentum,
  reference,
  type Schedule,
  Vector,
  VectorLayout,
} from "../../mod.ts";
import { ratesOf } from "./rates.ts";
import { scheduleFigure } from "./schedule_figure.ts";
import { row, type StatementAndFigure } from "./statement.ts";
import { recordUpdate, StepPlan } from "./step_plan.ts";

/** mu at an update: as the schedule has it, as it should be, and by how much they may differ. */
interface Sample {
  schedule: Schedule;
  update: number;
  wanted: number;
  bound: number;
}

/** The values of mu_max. */
const caps = [0.999, 0.995, 0.99, 0.9, 0];

/** What the schedule (5) reaches, and from which update on. */
const tabulated: readonly (readonly [number, number])[] = [
  [0, 0.5],
  [249, 0.5],
  [250, 0.75],
  [500, 5 / 6],
  [1000, 0.9],
  [12_250, 0.99],
  [24_750, 0.995],
  [124_750, 0.999],
  [749_999, 0.999],
];

const roundoff = 2 ** -53;

const comparisons: readonly (readonly [string, readonly Sample[]])[] = [
  ["the paper's schedule against its formula (5), for every mu_max", caps.flatMap(byFormula)],
  [
    "the paper's schedule against the updates where it reaches its values",
    // Two roundings, of a quotient below 1 and of the difference from 1.
    tabulated.map(([update, wanted]) =>
      sample(paperMomentum({ cap: 0.999 }), update, wanted, 2 * roundoff)
    ),
  ],
  [
    "Nesterov's schedule of 1983 against its values at 10 and 1000",
    // Half of the last digit.
    [
      sample(nesterov1983(), 10, 0.78241, 0.5e-5),
      sample(nesterov1983(), 1000, 0.9970177, 0.5e-7),
    ],
  ],
  [
    "Nesterov's schedule of 1983 against 1 - 3/(t + 5)",
    [0, 1, 2, 5, 10, 100, 1000, 10_000, 100_000, 750_000].map(byApproximation),
  ],
  ["a constant", [0, 1000, 749_999].map((update) => sample(constant(0.9), update, 0.9, 0))],
];

/** mu_t of the three schedules, on the host and as the update applies it. */
export async function momentumSchedules(
  gpu: Gpu,
  interruption: AbortSignal,
): Promise<StatementAndFigure> {
  const samples = comparisons.flatMap(([, samples]) => samples);
  const applied = await appliedMomenta(gpu, samples);
  interruption.throwIfAborted();
  const ofSample = new Map(samples.map((sample, i) => [sample, applied[i]]));
  return {
    statement: {
      id: "schedules",
      title: "The momentum schedules",
      statement: "mu_t is min(1 - 2^(-1 - log2(floor(t/250) + 1)), mu_max), Nesterov's " +
        "(a_t - 1)/a_{t+1}, about 1 - 3/(t + 5), or a constant.",
      source: "section 3, equation 5; section 2 and appendix A.1",
      rows: comparisons.map(([what, samples]) =>
        row(
          what,
          samples.map(({ schedule, update, wanted, bound }) => ({
            residual: Math.abs(schedule(update) - wanted),
            bound,
          })),
          samples.map((sample) => ({
            residual: Math.abs(ofSample.get(sample)! - sample.wanted),
            bound: sample.bound + reference.unitRoundoff * sample.schedule(sample.update),
          })),
        )
      ),
    },
    figure: scheduleFigure(caps),
  };
}

function sample(schedule: Schedule, update: number, wanted: number, bound: number): Sample {
  return { schedule, update, wanted, bound };
}

/**
 * The formula as the paper has it. Of x = 1 + log2(k), below 16, log2 and the sum may be off by
 * 2^-49 together, which moves 2^-x by less than 2^-x 2^-49 <= 2^-50; the power, the differences from
 * 1 and the quotient of the schedule itself each round a value of at most 1.
 */
function byFormula(cap: number): Sample[] {
  const schedule = paperMomentum({ cap });
  return tabulated.map(([update]) => {
    const formula = 1 - 2 ** (-1 - Math.log2(Math.floor(update / 250) + 1));
    return sample(schedule, update, Math.min(formula, cap), 2 ** -50 + 4 * roundoff);
  });
}

/**
 * 1 - mu_t = (a_{t+1} - a_t + 1) / a_{t+1}. With a_t + 1/2 <= a_{t+1} <= a_t + 1/2 + 1/(8 a_t) and
 * a_0 = 1, a_t is at least 1 + t/2 and, summing the rest, at most 1 + t/2 + log(t + 1)/4. So 1 - mu_t
 * lies between 3 / (t + 3 + log(t + 2)/2) and (3 + 1/(2 (t + 2))) / (t + 3), as does the distance.
 */
function byApproximation(update: number): Sample {
  const about = 3 / (update + 5);
  const least = 3 / (update + 3 + Math.log(update + 2) / 2);
  const most = (3 + 1 / (2 * (update + 2))) / (update + 3);
  const bound = Math.max(about - least, most - about);
  return sample(nesterov1983(), update, 1 - about, bound + 4 * roundoff);
}

/** mu of each sample on the GPU: with a gradient of 0 the update makes v = 1 to v' = mu. */
async function appliedMomenta(gpu: Gpu, samples: readonly Sample[]): Promise<number[]> {
  using taken = new DisposableStack();
  const layout = new VectorLayout([{ name: "x", rows: 1, columns: 1 }]);
  const replicas = samples.length;
  const [parameters, velocity, gradient] = ["parameters", "velocity", "gradient"].map((label) =>
    taken.adopt(new Vector(gpu, label, layout, replicas), (vector) => vector.free())
  );
  samples.forEach((_, r) => velocity.write(r, [[1]]));
  const plan = taken.use(
    new StepPlan(gpu, replicas, (plan) => recordUpdate(plan, { parameters, velocity, gradient })),
  );
  plan.submit(
    0,
    samples.map(({ schedule, update }) =>
      ratesOf(nesterov({ learningRate: 1, momentum: schedule }), update)
    ),
  );
  const values = new Float32Array(await gpu.read(velocity.buffer));
  return samples.map((_, r) => values[r * layout.length]);
}
