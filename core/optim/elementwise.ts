import { type Pointwise, pointwise } from "../ops/pointwise.ts";
import type {
  FamilyTraits,
  Measure,
  Numbers,
  RecordedFamily,
  Setting,
  State,
  Update,
} from "./family.ts";
import { checkNames } from "./wgsl_names.ts";

/** A family whose update is the same few lines at every parameter; see {@linkcode elementwise}. */
export interface Elementwise {
  /** Its name, in tables and in checkpoints. */
  readonly name: string;
  /** What a user gives. Default: the scalars, any finite numbers. */
  readonly settings?: readonly Setting[];
  /** Vectors kept from update to update, by name. */
  readonly states: Readonly<Record<string, State>>;
  /** What the lines read by name. Default: the settings, as in `learning_rate` for `learningRate`. */
  readonly scalars?: readonly string[];
  /** See {@linkcode FamilyTraits.running}. */
  readonly running?: Numbers;
  /** See {@linkcode FamilyTraits.compute}. Default: the scalars are the settings of the same name. */
  readonly compute?: FamilyTraits["compute"];
  /** See {@linkcode FamilyTraits.measure}. The lines read what is measured by name. */
  readonly measure?: Measure;
  /** See {@linkcode FamilyTraits.theta}. */
  readonly theta?: FamilyTraits["theta"];
  /** See {@linkcode FamilyTraits.averages}. */
  readonly averages?: boolean;
  /** See {@linkcode FamilyTraits.lead}. */
  readonly lead?: FamilyTraits["lead"];
  /**
   * WGSL in a block of its own: vec4f `parameters` and states to read and write, the vec4f
   * `gradient` and f32 scalars to read. It runs on the zeros between the tensors as well, which must
   * stay finite numbers.
   */
  readonly body: string;
}

/**
 * A family of optimizers from a few lines of WGSL, which replicas of a trainer use beside those that
 * are shipped: they are saved, gone on with and reported alike.
 *
 * @throws {InputError} If a name stands twice, is taken in WGSL, or is not used in the body.
 *
 * @example
 * ```ts
 * import { elementwise, type Optimizer } from "../../mod.ts";
 *
 * const sign = elementwise({
 *   name: "sign momentum",
 *   states: { mean: "zeros" },
 *   scalars: ["rate", "beta"],
 *   body: `
 *     mean = beta * mean + (1 - beta) * gradient;
 *     parameters -= rate * sign(mean);
 *   `,
 * });
 * const optimizer: Optimizer = { name: "sign", family: sign, settings: { rate: 1e-3, beta: 0.9 } };
 * console.log(optimizer.family.settings.map(({ name }) => name)); // [ "rate", "beta" ]
 * ```
 */
export function elementwise(given: Elementwise): RecordedFamily {
  const { name, states, body, running, measure, theta, averages, lead } = given;
  const scalars = given.scalars ?? (given.settings ?? []).map(({ name }) => snakeCase(name));
  const settings = given.settings ??
    scalars.map((name) => ({ name, help: `${name} of the body.` }));
  const measured = Object.keys(measure?.initial ?? {});
  checkNames(name, ["parameters", "gradient", ...Object.keys(states), ...scalars, ...measured], {
    body,
    // What is measured may serve the measuring alone.
    optional: ["parameters", "gradient", ...measure ? [...scalars, ...measured] : []],
  });
  const sources = scalars.map((scalar) =>
    [
      scalar,
      settings.find((setting) => snakeCase(setting.name) === snakeCase(scalar))?.name,
    ] as const
  );
  const unknown = given.compute ? undefined : sources.find(([, source]) => source === undefined);
  if (unknown) throw new RangeError(`${name} has no setting for "${unknown[0]}": compute() it`);
  const lines = (update: Update): Pointwise => ({
    name,
    body,
    reads: { gradient: update.gradient },
    updates: { parameters: update.parameters, ...update.states },
    scalars: update.scalars,
    groupOf: update.groupOf,
    diverges: update.diverges,
    ...update.measured && { measured: update.measured },
  });
  const record: RecordedFamily["record"] = (plan, update) => pointwise(plan, lines(update));
  linesOfRecords.set(record, lines);
  return {
    name,
    settings,
    states,
    scalars,
    ...running && { running },
    ...measure && { measure },
    ...theta && { theta },
    ...averages && { averages },
    ...lead && { lead },
    compute: given.compute ?? ((now) => ({
      scalars: Object.fromEntries(sources.map(([scalar, source]) => [scalar, now[source!]])),
      running: {},
    })),
    record,
  };
}

/** The lines that a family's updates are, where they are nothing else. */
export function linesOf(family: RecordedFamily, update: Update): Pointwise | undefined {
  return family.measure ? undefined : linesOfRecords.get(family.record)?.(update);
}

/** By the function: a family made of another one may record more. */
const linesOfRecords = new WeakMap<RecordedFamily["record"], (update: Update) => Pointwise>();

/** "learningRate" as "learning_rate". */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
