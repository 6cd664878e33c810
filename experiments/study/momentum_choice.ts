// What chooses the momentum of a grid in a user's place: a rule, a race, or what a race has found.

import { flatMomentum, InputError, type RaceLeg } from "../../mod.ts";
import {
  choice,
  type FlagTable,
  integer,
  type Kind,
  several,
  type Values,
  yesNo,
} from "../terminal/flags.ts";
import type { Configuration } from "./cell.ts";
import { finishOfRun, raceBox, type RacePart } from "./race_cell.ts";

/** The optimizers that a rule or a race chooses a momentum for. */
const tuned = ["nag", "cm"];

const leg: Kind<RaceLeg> = {
  allowed: "UPDATE:RATE:CAP:PERIOD, such as 0:0.02:0.99:25",
  placeholder: "UPDATE:RATE:CAP:PERIOD",
  read(text) {
    const parts = text.split(":").map((part) => part === "" ? NaN : Number(part));
    const [from, learningRate, cap, period] = parts;
    const isLeg = parts.length === 4 && parts.every(Number.isFinite) &&
      Number.isSafeInteger(from) && from >= 0 && learningRate > 0 && cap >= 0 && cap < 1 &&
      Number.isSafeInteger(period) && period >= 1;
    return isLeg ? { from, learningRate, cap, period } : undefined;
  },
  show: ({ from, learningRate, cap, period }) => [from, learningRate, cap, period].join(":"),
};

/** A schedule that is written out, as --switches takes it. */
export function showLegs(legs: readonly RaceLeg[]): string {
  return legs.map(leg.show).join();
}

/** The flags of what chooses the momentum. */
export const momentumChoiceFlags = {
  "tune-momentum": choice(["off", "flat", "race"], {
    default: "off",
    help:
      "Of nag and cm: race finds rate, cap and period while it trains, with rates between the two " +
      "of --learning-rate, else 0.005,0.16, and tells the command of what it found; flat takes " +
      "1 - C rate^(2/3) as the cap. Both set the schedule and a finish of a 15th of the run.",
  }),
  places: integer({
    atLeast: 1,
    shown: "16",
    unit: "networks",
    help: "Of race: those that run side by side.",
  }),
  refill: yesNo({
    shown: "yes",
    help:
      "Of race: whether places that become free are taken by branches; without it the race is " +
      "plain successive halving, for about a sixth of the work.",
  }),
  switches: several<RaceLeg, readonly RaceLeg[] | undefined>(leg, {
    help: "The rate, and cap and period of the paper's schedule, from so many updates on: what a " +
      "race tells of its winner.",
  }),
} satisfies FlagTable;

/** What a grid's flags say of its optimizers. */
interface Given extends Values<typeof momentumChoiceFlags> {
  readonly optimizer: readonly string[];
  readonly learningRate?: readonly number[] | undefined;
  readonly mu?: readonly number[] | undefined;
  readonly schedule: readonly string[];
  readonly updates: number;
  readonly finish: number;
  readonly draws?: number | undefined;
  readonly from?: string | undefined;
  readonly curvatureEvery?: number | undefined;
  readonly replicas?: number | undefined;
}

/** Flags that mean nothing beside those of the momentum, with what they are for. */
export function idleBeside(
  { tuneMomentum, switches, draws, curvatureEvery }: Given,
): Record<string, string | false> {
  const isRace = tuneMomentum === "race", isTuned = tuneMomentum !== "off";
  const byHand = (isTuned || switches !== undefined) && "a momentum chosen by hand";
  return {
    ...{ mu: byHand, schedule: byHand, "schedule-period": byHand, "momentum-in": byHand },
    "learning-rate": switches !== undefined && "runs without --switches",
    finish: isTuned && "a momentum chosen by hand",
    draws: byHand,
    switches: isTuned && "--tune-momentum off",
    places: !isRace && "--tune-momentum race",
    refill: !isRace && "--tune-momentum race",
    from: isRace
      ? "networks that are trained as they are: a race begins at initial weights"
      : draws !== undefined && "a grid: random settings begin at initial weights",
    cell: isRace && "--from",
    "curvature-figures": curvatureEvery === undefined && "--curvature-every",
    "curvature-every": isRace && "networks that are trained as they are, as the race's winner is " +
        "by the command that it tells",
  };
}

/**
 * The options with what they leave to a rule, to a race or to written switches: the axes of the grid
 * have one momentum then, and of a race one rate.
 */
export function withChosenMomentum<Options extends Given>(
  given: Options,
): Options & { readonly race?: RacePart } {
  const { tuneMomentum, switches, optimizer, updates } = given;
  if (tuneMomentum === "off" && switches === undefined) return given;
  const other = optimizer.find((name) => !tuned.includes(name));
  if (other !== undefined) {
    const flag = switches ? "--switches" : `--tune-momentum ${tuneMomentum}`;
    throw new InputError(
      `${flag} is for --optimizer ${tuned.join(", ")}, not ${other}: leave it out`,
    );
  }
  if (switches) {
    checkLegs(switches);
    const { learningRate, mu, schedule } = ofLegs(switches);
    return { ...given, learningRate: [learningRate], mu: [mu], schedule: [schedule] };
  }
  const finish = finishOfRun(updates);
  if (tuneMomentum === "flat") return { ...given, finish, mu: [0], schedule: ["flat"] };
  const race = { ...raceBox(given), places: given.places ?? 16, refill: given.refill ?? true };
  if (race.places > (given.replicas ?? Infinity)) {
    throw new InputError(
      `--replicas ${given.replicas} is less than the ${race.places} places of the race, which run ` +
        "side by side: leave it out, or give fewer --places",
    );
  }
  const learningRate = race.learningRate[1], mu = race.caps[race.caps.length - 1];
  return { ...given, finish, race, learningRate: [learningRate], mu: [mu], schedule: ["race"] };
}

function checkLegs(legs: readonly RaceLeg[]): void {
  if (legs.every(({ from }, i) => i === 0 ? from === 0 : from > legs[i - 1].from)) return;
  throw new InputError(
    "--switches must begin at update 0 and go on later and later, not " +
      `${showLegs(legs)}: put them in order`,
  );
}

/** What tables tell of a network that is trained by written switches: how it ends. */
export function ofLegs(
  legs: readonly RaceLeg[],
): Pick<Configuration, "learningRate" | "mu" | "schedule"> {
  const { learningRate, cap } = legs[legs.length - 1];
  return { learningRate, mu: cap, schedule: "switches" };
}

/** What a configuration holds beside its schedule, where that is a chosen one. */
export function ofChoice(
  { schedule, optimizer, learningRate }: Pick<
    Configuration,
    "schedule" | "optimizer" | "learningRate"
  >,
  { updates, switches, race }: {
    readonly updates: number;
    readonly switches?: readonly RaceLeg[] | undefined;
    readonly race?: RacePart | undefined;
  },
): Partial<Configuration> {
  if (schedule === "switches" && switches) return { switches: switches.map((leg) => ({ ...leg })) };
  if (schedule === "race" && race) return { race: { ...race } };
  if (schedule !== "flat") return {};
  // For tables: before the finish it is at its highest.
  const momentum = flatOf({ optimizer, learningRate, updates });
  const highest = momentum(Math.max(0, updates - finishOfRun(updates) - 1));
  return { mu: Number(highest.toPrecision(4)) };
}

/** The flat rule's momentum. */
export function flatOf(
  { optimizer, learningRate, updates }: Pick<
    Configuration,
    "optimizer" | "learningRate" | "updates"
  >,
) {
  return flatMomentum({ optimizer: optimizer as "nag" | "cm", learningRate, updates });
}
