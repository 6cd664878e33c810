import { InputError } from "../errors.ts";
import { partialFloats, vectorSums } from "../ops/vector_sums.ts";
import type { Measure, Numbers, Update } from "./family.ts";
import { checkNames, identifiersOf } from "./wgsl_names.ts";

/** Numbers that follow from sums over vectors; see {@linkcode measured}. */
export interface Measured {
  /**
   * By name a vec4f in WGSL of `parameters`, the `gradient` and states as they are before the
   * update, whose numbers are added over all tensors: `gradient * velocity` is their dot product. On
   * the zeros between the tensors it must be 0.
   */
  readonly sums: Readonly<Record<string, string>>;
  /** The numbers by name, with what they are before the first update. */
  readonly initial: Numbers;
  /**
   * WGSL in a block of its own: the f32 sums, and scalars of the family, to read, the numbers to
   * read as the former update left them and to write. Scalars are those of the first tensor.
   */
  readonly body: string;
  /** The numbers that reports tell, beside the scalars. Default: all. */
  readonly told?: readonly string[];
}

/**
 * Numbers of each replica that a few lines of WGSL make of sums over its vectors before every
 * update, on the GPU: norms, dot products, and what an optimizer decides by them. The lines of the
 * family read them by name; they are saved, and reports tell them beside the scalars.
 *
 * @throws {InputError} If a name stands twice, is taken in WGSL, or is not used in the body; if a
 * first value is no finite number; or if what is told is not measured.
 *
 * @example
 * ```ts
 * import { elementwise, measured, type Optimizer } from "../../mod.ts";
 *
 * const normalized = elementwise({
 *   name: "normalized gradient",
 *   states: {},
 *   scalars: ["rate"],
 *   measure: measured({
 *     sums: { square: "gradient * gradient" },
 *     initial: { norm: 0 },
 *     body: "norm = sqrt(square);",
 *   }),
 *   body: "parameters -= rate / (norm + 1e-8) * gradient;",
 * });
 * const optimizer: Optimizer = { name: "normalized", family: normalized, settings: { rate: 0.1 } };
 * console.log(Object.keys(optimizer.family.measure!.initial)); // [ "norm" ]
 * ```
 */
export function measured({ sums, initial, body, told }: Measured): Measure {
  const names = [...Object.keys(sums), ...Object.keys(initial)];
  checkNames("measured()", names, { body, kinds: "sums and initial numbers" });
  if (Object.keys(initial).length === 0) {
    throw new InputError("measured() has no number to measure: name one in initial");
  }
  const odd = Object.entries(initial).find(([, value]) => !Number.isFinite(value));
  if (odd) throw new InputError(`${odd[0]} must be a finite number at first, not ${odd[1]}`);
  const unknown = told?.find((name) => !(name in initial));
  if (unknown !== undefined) {
    throw new InputError(
      `measured() tells of "${unknown}", which it does not measure: tell of ` +
        Object.keys(initial).join(", "),
    );
  }
  const { all: used } = identifiersOf(Object.values(sums).join(";"));
  return {
    initial,
    ...told && { told },
    record(plan, update) {
      const { parameters, gradient, states, scalars } = update;
      checkNames("measured()", [...names, ...scalars.names], { body, optional: scalars.names });
      const vectors = Object.entries({ parameters, gradient, ...states })
        .filter(([name]) => used.has(name));
      const floats = partialFloats(parameters, Object.keys(sums).length);
      vectorSums(plan, {
        name: "measured()",
        vectors: Object.fromEntries(vectors),
        sums,
        body,
        scalars,
        measured: update.measured!,
        partials: update.buffer("partial sums", floats),
      });
    },
  };
}

/**
 * Refuses tensors with settings of their own for a rule whose measured numbers take those of all
 * tensors to be the same.
 */
export function refuseGroups(family: string, { scalars: { groups } }: Update): void {
  if (groups === 1) return;
  throw new InputError(
    `${family} decides over all tensors together: give it no groups with settings of their own`,
  );
}
