import { InputError } from "../errors.ts";
import type { Model } from "../graph/model.ts";
import type { DrivenFamily, Numbers, Optimizer, Setting, SettingValue } from "./family.ts";
import { HessianFreeDriver } from "./hessian_free_driver.ts";
import { hessianFreeNumbers, toldNumbers } from "./hessian_free_lines.ts";
import { footprintOf, type HessianFreeSizes } from "./hessian_free_plans.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";

/** Settings of {@linkcode hessianFree}; what is not given takes the default told there. */
export interface HessianFreeOptions extends GroupOptions {
  /** Steps of conjugate gradient at most, from 1 to 10,000. Default 250. */
  cgSteps?: SettingValue;
  /** How much of the last iterate the next conjugate gradient begins with, in [0, 1]. Default 0.95. */
  decay?: SettingValue;
  /**
   * What the damping lambda begins at, and again where it is set to another value; above 0. Default 45,
   * for sums over some hundred pixels.
   */
  lambda?: SettingValue;
  /** The least that lambda falls to. Default 0. */
  lambdaMin?: SettingValue;
  /** What a step is multiplied by at first, above 0 and at most 1. Default 1. */
  stepSize?: SettingValue;
  /**
   * Weight decay of all tensors, biases too, as published: l2/2 |theta|^2 is minimised besides. Default
   * 0. That of the network, l2/2 |W|^2, is minimised in any case.
   */
  l2OfAll?: SettingValue;
  /** Cases of the gradient. Default: all that there are. */
  gradientCases?: SettingValue;
  /** Cases of the curvature. Default: a quarter of the gradient's, at most 5,000. */
  curvatureCases?: SettingValue;
  /**
   * Progress a step below which conjugate gradient has stalled. At 0 it takes all its steps, unless
   * rounding leaves it nothing to gain. Default 5e-4.
   */
  tolerance?: SettingValue;
  /** Whether marks on the way are looked back at, 1 or 0. Default 1. */
  backtrack?: SettingValue;
  /** Whether the step is shortened until the loss falls, 1 or 0. Default 1. */
  lineSearch?: SettingValue;
  /** Whether there is a preconditioner, 1 or 0; dense layers alone have one. Default 1. */
  precondition?: SettingValue;
  /** Whether a start that is worse than zero is left for zero, 1 or 0. Default 1. */
  hotStartGuard?: SettingValue;
  /** Whether rho counts the damping as part of the model, 1 or 0. Default 0. */
  dampedRho?: SettingValue;
  /**
   * Structural damping of recurrent layers (Martens and Sutskever 2011), as a share of lambda. Default
   * 0; 0.03 is a good value for them.
   */
  structuralDamping?: SettingValue;
  /** Cases that are summed as one chain, the same in all updates. Default 1000. */
  blockCases?: SettingValue;
}

const toggle = (name: string, value: number, help: string): Setting => (
  { name, default: value, atLeast: 0, atMost: 1, whole: true, help: `${help}, 1 or 0.` }
);

/** What the two families have in common, those that differ set by `defaults`. */
function settingsOf(defaults: Readonly<Record<string, number>>): Setting[] {
  const count = (name: string, help: string): Setting => (
    { name, default: 0, atLeast: 0, whole: true, help }
  );
  const settings: Setting[] = [
    {
      name: "cgSteps",
      ...{ default: 250, atLeast: 1, atMost: 10_000, whole: true },
      help: "The steps of conjugate gradient at most.",
    },
    {
      name: "decay",
      ...{ default: 0.95, atLeast: 0, atMost: 1 },
      help: "The share of its last iterate that conjugate gradient begins with.",
    },
    {
      name: "lambda",
      ...{ default: 45, above: 0 },
      help: "The damping that it begins with.",
    },
    { name: "lambdaMin", default: 0, atLeast: 0, help: "The least that the damping falls to." },
    {
      name: "stepSize",
      ...{ default: 1, above: 0, atMost: 1 },
      help: "What a step is multiplied by at first.",
    },
    {
      name: "l2OfAll",
      default: 0,
      atLeast: 0,
      help: "The weight decay of all tensors, biases too.",
    },
    count("gradientCases", "The cases of the gradient; 0 for what its family takes."),
    count("curvatureCases", "The cases of the curvature; 0 for what its family takes."),
    {
      name: "tolerance",
      ...{ default: 5e-4, atLeast: 0 },
      help:
        "The progress a step below which conjugate gradient has stalled; at 0 it takes all its " +
        "steps, unless rounding leaves it nothing to gain.",
    },
    toggle("backtrack", 1, "Whether earlier iterates are looked back at"),
    toggle("lineSearch", 1, "Whether a step is shortened until the loss falls"),
    toggle("precondition", 1, "Whether conjugate gradient is preconditioned"),
    toggle("hotStartGuard", 1, "Whether a start that is worse than zero is left for zero"),
    toggle("dampedRho", 0, "Whether rho counts the damping as part of the model"),
    {
      name: "structuralDamping",
      ...{ default: 0, atLeast: 0 },
      help: "The damping of the units of recurrent layers, as a share of the damping.",
    },
    {
      name: "blockCases",
      ...{ default: 1000, atLeast: 1, whole: true },
      help: "The cases that are summed at once, which fixes the bits.",
    },
  ];
  return settings.map((setting) =>
    setting.name in defaults ? { ...setting, default: defaults[setting.name] } : setting
  );
}

/** What fixes the buffers. */
const shared: readonly string[] = ["gradientCases", "curvatureCases", "blockCases"];

/** What is asked for where a number of cases is 0. */
interface Cases {
  gradient(model: Model): number;
  curvature(gradientCases: number): number;
}

function familyOf(name: string, settings: Setting[], cases: Cases): DrivenFamily {
  return {
    name,
    settings,
    states: { velocity: "zeros" },
    scalars: settings.map(({ name }) => scalarOf(name)),
    compute: (now) => ({
      scalars: Object.fromEntries(settings.map(({ name }) => [scalarOf(name), now[name]])),
      running: {},
    }),
    shared,
    measure: {
      initial: Object.fromEntries(hessianFreeNumbers.map((name) => [name, 0])),
      told: toldNumbers,
    },
    footprint: (model, scalars) => footprintOf(model, sizesOf(name, model, [scalars], cases)),
    drive(parts) {
      return new HessianFreeDriver(parts, (scalars) => sizesOf(name, parts.model, scalars, cases));
    },
  };
}

/** As the lines read it: what they make of a setting has its plain name. */
function scalarOf(setting: string): string {
  const own: Record<string, string> = {
    cgSteps: "cg_steps_wanted",
    lambda: "lambda_first",
    tolerance: "stall",
  };
  return own[setting] ?? setting.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The family of {@linkcode hessianFree}. */
export const hessianFreeFamily: DrivenFamily = familyOf("hf", settingsOf({}), {
  gradient: ({ cases: { train } }) => train,
  curvature: (cases) => Math.min(5000, Math.ceil(cases / 4)),
});

/** The family of {@linkcode hessianFreeDagger}. */
export const hessianFreeDaggerFamily: DrivenFamily = familyOf(
  "hf-dagger",
  settingsOf({
    ...{ cgSteps: 50, lambdaMin: 0.03, tolerance: 0 },
    ...{ backtrack: 0, lineSearch: 0, hotStartGuard: 0 },
  }),
  {
    gradient: ({ cases: { train } }) => Math.ceil(train / 16),
    curvature: (cases) => cases,
  },
);

/**
 * Hessian-free optimization (Martens, "Deep learning via Hessian-free optimization", 2010). An update
 * minimises the quadratic model of the loss about theta by conjugate gradient,
 *
 * q(p) = g'p + p'(G + l2 + lambda) p / 2,  theta' = theta + step p,
 *
 * with the Gauss-Newton matrix G of some cases, the gradient g of more, and the damping lambda, which
 * grows or falls with rho, the loss's change by the model's (Levenberg, Marquardt). Conjugate gradient
 * begins with `decay` times its last iterate, which is the velocity of momentum: with one step, no
 * preconditioner and no damping an update is that of Nesterov's gradient on a quadratic, with the
 * exact learning rate (Sutskever et al. 2013, section 5).
 *
 * It looks at the loss after 5, 7, 9, 11, 15, ... steps and goes back to the iterate from which the
 * loss no longer fell, then shortens the step by 0.8 until the loss falls by a hundredth of what its
 * slope says, 60 times at most. The preconditioner is (h + lambda + l2)^(3/4), h the mean square of the
 * gradients of single cases. Losses change case by case before they are summed. A start that the model
 * finds worse than zero is left for zero, which is ours; `hotStartGuard: 0` is as published.
 *
 * The cases of the gradient are those of an epoch from the last update's on, of the curvature the first
 * of them; with all cases those of the curvature come in turn. `batchSize` of the trainer plays no part
 * in updates. Reports tell `lambda`, `rho`, `step`, `step_norm`, how often the `guard` found the start
 * worse, `cg_steps`, `cg_steps_total` and `gradient_equivalents`, the passes over cases in gradients of
 * 200 cases.
 *
 * The loss that it measures holds weight decay, the network's and its own. Groups of tensors may differ
 * in `l2OfAll` alone.
 *
 * @throws {InputError} If a setting is out of its range, or groups differ in another one than l2OfAll.
 *
 * @example
 * ```ts
 * import { autoencoder, Dataset, hessianFree, openGPU, sparse, Trainer } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const train = new Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
 * const trainer = await Trainer.open(gpu, {
 *   model: autoencoder({ layers: [8, 4, 2], train }),
 *   replicas: [{ seed: 1, optimizer: hessianFree({ lambda: 1 }), initializer: sparse() }],
 *   batchSize: 8,
 * });
 * for await (const { replicas } of trainer.run({ updates: 5, every: 1 })) {
 *   console.log(replicas[0].figures.squaredError, replicas[0].scalars.cg_steps);
 * }
 * ```
 */
export function hessianFree(options: HessianFreeOptions = {}): Optimizer {
  return checkedGroups(optimizerOf(hessianFreeFamily, { ...options }));
}

/**
 * Hessian-free optimization on minibatches, as Sutskever et al. (2013, appendix A.6) ran it: the
 * settings of {@linkcode hessianFree} with 50 steps of conjugate gradient without a stop rule, no line
 * search and no backtracking, gradient and curvature of the same cases, by default a sixteenth of all.
 *
 * As published it is not stable: rho on the minibatch stays high, lambda falls without end and the steps
 * explode. So lambda stays at least `lambdaMin`, 0.03 by default, which is ours.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { hessianFreeDagger } from "../../mod.ts";
 *
 * const optimizer = hessianFreeDagger({ cgSteps: 10, gradientCases: 1250 });
 * console.log(optimizer.settings.lambdaMin); // 0.03
 * ```
 */
export function hessianFreeDagger(options: HessianFreeOptions = {}): Optimizer {
  return checkedGroups(optimizerOf(hessianFreeDaggerFamily, { ...options }));
}

/** Refuses groups that differ in more than weight decay: what is decided is decided of all tensors. */
function checkedGroups(optimizer: Optimizer): Optimizer {
  const { name, groups = [] } = optimizer;
  const other = groups.flatMap(({ settings }) => Object.keys(settings)).find((key) =>
    key !== "l2OfAll"
  );
  if (other === undefined) return optimizer;
  throw new InputError(
    `${name} decides over all tensors together: groups may differ in l2OfAll, not in ${other}`,
  );
}

/** The sizes of an update, which all replicas must agree on. */
function sizesOf(
  name: string,
  model: Model,
  scalars: readonly Numbers[],
  cases: Cases,
): HessianFreeSizes {
  const [first] = scalars;
  for (const key of shared.map(scalarOf)) {
    const other = scalars.find((of) => of[key] !== first[key]);
    if (!other) continue;
    throw new InputError(
      `networks of one trainer share their cases, and ${key} is ${first[key]} of one and ` +
        `${other[key]} of another: give each its trainer`,
    );
  }
  const { train } = model.cases;
  const gradientCases = first.gradient_cases || cases.gradient(model);
  if (gradientCases === Infinity) {
    throw new InputError(
      `the cases are made fresh without end, so ${name} must be told how many a gradient is of: give ` +
        "gradientCases",
    );
  }
  const curvatureCases = first.curvature_cases || cases.curvature(gradientCases);
  if (gradientCases > train || curvatureCases > gradientCases) {
    const [what, given, most] = gradientCases > train
      ? ["gradientCases", gradientCases, `the ${train} training cases`]
      : ["curvatureCases", curvatureCases, `the ${gradientCases} cases of the gradient`];
    throw new InputError(`${what} must be at most ${most}, not ${given}`);
  }
  const any = (key: string) => scalars.some((of) => of[key] > 0);
  return {
    ...{ gradientCases, curvatureCases, blockCases: first.block_cases },
    longest: Math.max(...scalars.map(({ cg_steps_wanted }) => cg_steps_wanted)),
    preconditions: any("precondition"),
    dampsStructure: any("structural_damping"),
    backtracks: any("backtrack"),
    searches: any("line_search"),
  };
}
