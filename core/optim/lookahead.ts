import source from "../../shaders/optim/lookahead.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import { compose } from "../gpu/compose.ts";
import { pointwise, type VectorsByName } from "../ops/pointwise.ts";
import type { Family, Optimizer, RecordedFamily, Setting, SettingValue } from "./family.ts";
import { nesterovFamily } from "./nesterov.ts";
import { optimizerOf } from "./optimizer.ts";

/** Settings of {@linkcode lookahead}. */
export interface LookaheadOptions {
  /** k, the updates from one of the slow weights to the next, at least 1. Default: 5. */
  period?: SettingValue;
  /** How far the slow weights go then, above 0 and at most 1. Default: 0.5. */
  alpha?: SettingValue;
  /**
   * What becomes of the inner velocity then: it is kept, set to zero, or pulled like the weights,
   * towards a slow copy of its own. It is what the states called velocity, mean, average or sum hold.
   * Default: "keep", the authors'.
   */
  velocity?: LookaheadVelocity;
}

/** What becomes of the inner optimizer's velocity; see {@linkcode LookaheadOptions}. */
export type LookaheadVelocity = "keep" | "reset" | "pull";

const treatments: readonly LookaheadVelocity[] = ["keep", "reset", "pull"];

const period: Setting = {
  name: "period",
  default: 5,
  atLeast: 1,
  whole: true,
  help: "The updates from one of the slow weights to the next.",
};

const alpha: Setting = {
  name: "alpha",
  default: 0.5,
  above: 0,
  atMost: 1,
  help: "How far the slow weights go towards the fast ones.",
};

const families = new WeakMap<Family, Map<LookaheadVelocity, RecordedFamily>>();

/** The family of {@linkcode lookahead} around another one: one object for the same two. */
export function lookaheadFamily(
  inner: Family,
  velocity: LookaheadVelocity = "keep",
): RecordedFamily {
  const made = families.get(inner) ?? new Map<LookaheadVelocity, RecordedFamily>();
  families.set(inner, made);
  if (!made.has(velocity)) made.set(velocity, familyAround(inner, velocity));
  return made.get(velocity)!;
}

function familyAround(inner: Family, velocity: LookaheadVelocity): RecordedFamily {
  checkInner(inner);
  const isLed = inner === nesterovFamily;
  const velocities = velocity === "keep" ? [] : velocitiesOf(inner, velocity);
  const pulled = velocity === "pull" ? velocities.map((name) => slowName(inner, name)) : [];
  const own = [period, alpha].map((setting) => ({ ...setting, name: ownName(inner, setting) }));
  const states = {
    ...inner.states,
    slow: "parameters" as const,
    ...Object.fromEntries(pulled.map((name) => [name, "zeros" as const])),
  };
  const scalars = [...inner.scalars, "pull", "hold"];
  const expected = Object.keys(inner.states).length + 1 + pulled.length + scalars.length;
  if (new Set([...Object.keys(states), ...scalars]).size < expected) {
    throw new InputError(
      `${inner.name} has a state or scalar called slow, pull or hold: call it something else for ` +
        `Lookahead to go around it`,
    );
  }
  return {
    name: `lookahead(${inner.name}${velocity === "keep" ? "" : `, ${velocity}`})`,
    settings: [...inner.settings, ...own],
    states,
    scalars,
    // Where it goes on from NAG nothing leads: that lead is not taken over.
    ...isLed ? { running: { fast_lead: 0 } } : inner.running && { running: inner.running },
    compute(now, next, running, update) {
      const former = isLed ? { lead: running.fast_lead } : running;
      const of = inner.compute(now, next, former, update);
      const [period, alpha] = own.map(({ name }) => now[name]);
      const pull = (update + 1) % period === 0 ? alpha : 0;
      return {
        scalars: { ...of.scalars, pull, hold: 1 - alpha },
        running: isLed ? { fast_lead: of.running.lead } : of.running,
      };
    },
    theta: () => ({ slow: 1 }),
    averages: true,
    record(plan, update) {
      const { parameters, states: all } = update;
      const of = (names: readonly string[], as: string): VectorsByName =>
        Object.fromEntries(names.map((name, v) => [`${as}_${v}`, all[name]]));
      inner.record(plan, {
        ...update,
        states: Object.fromEntries(Object.keys(inner.states).map((name) => [name, all[name]])),
      });
      pointwise(plan, {
        name: this.name,
        body: compose(source, {
          LED: isLed,
          PULLED: pulled.length,
          RESET: velocity === "reset" ? velocities.length : 0,
        }),
        ...isLed && velocity === "keep" && { reads: of(["velocity"], "velocity") },
        updates: {
          parameters,
          slow: all.slow,
          ...of(velocities, "velocity"),
          ...of(pulled, "slow_velocity"),
        },
        scalars: update.scalars,
        when: "pull",
        groupOf: update.groupOf,
        diverges: update.diverges,
      });
    },
  };
}

/** Refuses what the slow weights cannot stand for. */
function checkInner(inner: Family): asserts inner is RecordedFamily {
  const isDriven = "drive" in inner;
  if (inner === nesterovFamily || !(isDriven || inner.theta || inner.measure)) return;
  const reason = isDriven
    ? "drives its own updates"
    : inner.theta
    ? "is evaluated elsewhere than at its parameters"
    : "measures its own steps";
  throw new InputError(
    `Lookahead cannot go around ${inner.name}, which ${reason}: take nag, or a family that is ` +
      `evaluated at its parameters and measures nothing, such as sgd, cm, qhm, aggmo or adamw`,
  );
}

/** The states that hold former gradients as a direction, by what families call them. */
function velocitiesOf({ name, states }: Family, treatment: LookaheadVelocity): string[] {
  const found = Object.keys(states).filter((state) =>
    /^(velocity(_\d+)?|mean|average|sum)$/.test(state)
  );
  if (found.length > 0 && found.every((state) => typeof states[state] === "string")) return found;
  throw new InputError(
    `Lookahead cannot ${treatment} the velocity of ${name}, which has no state of all tensors ` +
      `called velocity, mean, average or sum: have it "keep" what it has`,
  );
}

/** "slow_velocity" or, where the inner family has a state of that name, "slow_slow_velocity". */
function slowName({ states }: Family, name: string): string {
  const slow = `slow_${name}`;
  return slow in states ? `slow_${slow}` : slow;
}

/** "period" or, where the inner family has a setting of that name, "slowPeriod". */
function ownName({ settings }: Family, { name }: Setting): string {
  if (!settings.some((setting) => setting.name === name)) return name;
  return `slow${name[0].toUpperCase()}${name.slice(1)}`;
}

/**
 * Lookahead (Zhang, Lucas, Hinton and Ba, "Lookahead optimizer: k steps forward, 1 step back", 2019)
 * around another optimizer: every k updates
 *
 * slow' = slow + alpha (fast - slow), fast = slow'
 *
 * The network is evaluated at the slow weights, the gradient is the inner optimizer's. Of Nesterov's
 * accelerated gradient theta is pulled, and the point of the gradient led from there. Its settings
 * are those of the inner optimizer, `period` and `alpha`; where that has one of the same name,
 * `slowPeriod` or `slowAlpha`.
 *
 * @throws {InputError} If a setting is out of its range; if the inner optimizer is evaluated elsewhere
 * than at its parameters, and is not nag, or measures its own steps; or if it has no velocity that
 * could be reset or pulled.
 *
 * @example
 * ```ts
 * import { lookahead, nesterov } from "../../mod.ts";
 *
 * const inner = nesterov({ learningRate: 0.01, momentum: 0.9 });
 * const optimizer = lookahead(inner, { period: 10 });
 * console.log(optimizer.name); // lookahead(nag)
 * ```
 */
export function lookahead(inner: Optimizer, options: LookaheadOptions = {}): Optimizer {
  const { velocity = "keep" } = options;
  if (!treatments.includes(velocity)) {
    throw new InputError(
      `the velocity within Lookahead is one of ${treatments.join(", ")}, not ${velocity}`,
    );
  }
  const { family, settings, groups } = inner;
  return optimizerOf(lookaheadFamily(family, velocity), {
    ...settings,
    [ownName(family, period)]: options.period,
    [ownName(family, alpha)]: options.alpha,
    groups,
  });
}
