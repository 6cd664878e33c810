import plainBody from "../../shaders/optim/sgd.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { TensorPlace, TensorShape, VectorLayout } from "../gpu/vector.ts";
import { pointwise } from "../ops/pointwise.ts";
import { classicalMomentumFamily } from "./classical_momentum.ts";
import type { Family, Optimizer } from "./family.ts";
import { linearBody, type MomentumOptions } from "./nesterov.ts";
import { optimizerOf } from "./optimizer.ts";
import { groupsOf, layoutOf, once, type Takes, weightsOf } from "./share.ts";

/**
 * Some of a network's tensors: all, the weight matrices, the biases, those of all layers but the
 * first and the last (`hidden`), those of the first and the last (`ends`), none, those of some names,
 * or whichever a function says. The layers are told by the order of the weight matrices, and of the
 * biases.
 */
export type TensorChoice =
  | "all"
  | "weights"
  | "biases"
  | "hidden"
  | "ends"
  | "none"
  | readonly string[]
  | ((tensor: TensorShape) => boolean);

/** Settings of {@linkcode partialMomentum}. */
export interface PartialMomentumOptions extends MomentumOptions {
  /** The tensors that keep a velocity. */
  in: TensorChoice;
}

/** The choices that have a name. */
const named: Readonly<Record<string, (layout: VectorLayout) => readonly TensorPlace[]>> = {
  all: ({ tensors }) => tensors,
  weights: weightsOf,
  biases: biasesOf,
  hidden: (layout) => [weightsOf(layout), biasesOf(layout)].flatMap((list) => list.slice(1, -1)),
  ends: (layout) =>
    [weightsOf(layout), biasesOf(layout)]
      .flatMap((list) => list.filter((_, i) => i === 0 || i === list.length - 1)),
  none: () => [],
};

const ofChoice = once((choice: Exclude<TensorChoice, Takes>) => wordsOf(choice), make);
const ofFunction = new WeakMap<Takes, Family>();

/**
 * The family of {@linkcode partialMomentum}: the same object for the same choice, a function being
 * the same as itself alone.
 */
export function partialMomentumFamily(choice: TensorChoice): Family {
  if (typeof choice === "function") {
    if (!ofFunction.has(choice)) ofFunction.set(choice, make(choice));
    return ofFunction.get(choice)!;
  }
  const isList = Array.isArray(choice) && choice.every((name) => typeof name === "string");
  if (!isList && !(typeof choice === "string" && Object.hasOwn(named, choice))) {
    throw new InputError(
      `partial momentum is kept in ${
        Object.keys(named).join(", ")
      }, a list of names of tensors or ` +
        `what a function says, not in ${JSON.stringify(choice)}`,
    );
  }
  return ofChoice(choice as Exclude<TensorChoice, Takes>);
}

function make(choice: TensorChoice): Family {
  const name = `partial (${wordsOf(choice)})`;
  const takesOf = (layout: VectorLayout): Takes => {
    const names = new Set(chosen(choice, layout, name).map(({ name }) => name));
    return (tensor) => names.has(tensor.name);
  };
  return {
    name,
    settings: classicalMomentumFamily.settings,
    states: choice === "none" ? {} : {
      velocity: { layout: (model) => layoutOf(model, takesOf(model)), initial: "zeros" },
    },
    scalars: classicalMomentumFamily.scalars,
    compute: classicalMomentumFamily.compute,
    record(plan, update) {
      const { parameters, gradient, scalars, diverges, states } = update;
      const takes = takesOf(parameters.layout);
      const common = { reads: { gradient }, scalars, diverges };
      if (states.velocity) {
        pointwise(plan, {
          ...common,
          name,
          body: linearBody,
          updates: { parameters, velocity: states.velocity },
          groupOf: groupsOf(update, takes),
        });
      }
      pointwise(plan, {
        ...common,
        name: `${name}, without momentum`,
        body: plainBody,
        updates: { parameters },
        groupOf: groupsOf(update, (tensor) => !takes(tensor)),
      });
    },
  };
}

/** The tensors of a choice; refuses one that the network has not. */
function chosen(
  choice: TensorChoice,
  layout: VectorLayout,
  family: string,
): readonly TensorShape[] {
  const { tensors } = layout;
  const there = `the network has ${tensors.map(({ name }) => `"${name}"`).join(", ")}`;
  if (typeof choice === "object") {
    const unknown = choice.find((name) => !tensors.some((tensor) => tensor.name === name));
    if (unknown !== undefined) {
      throw new InputError(`${family} names a tensor "${unknown}", and ${there}: choose of those`);
    }
  }
  const found = typeof choice === "string"
    ? named[choice](layout)
    : typeof choice === "object"
    ? tensors.filter(({ name }) => choice.includes(name))
    : tensors.filter((tensor) => choice(tensor));
  if (found.length === 0 && choice !== "none") {
    throw new InputError(
      `${family} keeps a velocity of no tensor: ${there}; choose some, or "none" for plain descent`,
    );
  }
  return found;
}

function biasesOf({ tensors }: VectorLayout): TensorPlace[] {
  return tensors.filter(({ isBias }) => isBias);
}

/** What tables say of a choice. */
function wordsOf(choice: TensorChoice): string {
  if (typeof choice === "function") return "chosen";
  return typeof choice === "string"
    ? choice
    : [...new Set(choice)].toSorted().map((name) => `"${name}"`).join(", ");
}

/**
 * Classical momentum (Polyak, "Some methods of speeding up the convergence of iteration methods",
 * 1964) of some tensors, and plain gradient descent of the others:
 *
 * v' = mu v - eps g, theta' = theta + v' of those in `in`; theta' = theta - eps g of the others.
 *
 * Its state is the chosen tensors' velocity alone: with all it is `classicalMomentum()`, with none
 * `sgd()`, to the bit. `Trainer.open()` refuses names that a network does not have, and a choice that
 * leaves no tensor, with the names that there are.
 *
 * @throws {InputError} If the learning rate is not above 0, the momentum not in [0, 1), or `in` no
 * choice.
 *
 * @example
 * ```ts
 * import { partialMomentum } from "../../mod.ts";
 *
 * const optimizer = partialMomentum({ learningRate: 0.01, momentum: 0.9, in: "ends" });
 * console.log(optimizer.name); // partial (ends)
 * ```
 */
export function partialMomentum(options: PartialMomentumOptions): Optimizer {
  const { in: choice, ...settings } = options;
  return optimizerOf(partialMomentumFamily(choice), settings);
}
