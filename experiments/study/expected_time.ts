import type { Gpu } from "../../mod.ts";
import { curvatureUpdates } from "./curvature.ts";
import { type LaidRound, readRound, type Yard } from "./lay.ts";
import type { PlannedCell } from "./ledger.ts";
import { networksOf, raceIn, updatesOfRace } from "./race_cell.ts";
import { allCases, openRound, type Round, type RoundContext } from "./round.ts";

/** What a short trial says of a round, in seconds. */
interface Cost {
  readonly replicas: number;
  readonly update: number;
  /** A case of an evaluation, for all networks. */
  readonly evaluatedCase: number;
}

/** What was tried before: one stage of a study after another asks. */
const known = new WeakMap<Gpu, Map<string, Cost>>();

/** Seconds that the rounds take: each kind of model is tried once. */
export async function expectedSeconds(
  rounds: readonly LaidRound[],
  context: Yard & Pick<RoundContext, "ending" | "machine">,
): Promise<number> {
  const { gpu } = context.machine;
  const costs = known.get(gpu) ?? new Map<string, Cost>();
  known.set(gpu, costs);
  let seconds = 0;
  for (const round of rounds) {
    const { model, cells } = await readRound(round, context);
    const cost = costs.get(round.modelKey) ??
      await tryRound({ ...round, model, cells: cells.flatMap(eachNetwork) }, context);
    costs.set(round.modelKey, cost);
    const [{ configuration }] = cells;
    const { reportEvery, reportCases, curvatureEvery, updates, finish } = configuration;
    const left = updates - round.update, all = allCases(model);
    const reported = (Math.ceil(left / reportEvery) + 1) * 2 * reportCases;
    const evaluated = reported + (finish > 0 ? 2 : 1) * (all.train + all.test);
    const measured = curvatureEvery === undefined ? 0 : Math.floor(left / curvatureEvery) + 1;
    const updated = left + measured * curvatureUpdates(configuration);
    if (raceIn(configuration)) {
      // Its networks are evaluated twice at each of four rungs and once at the end, its winner as others.
      const inRace = updatesOfRace(configuration) - round.update * networksOf(cells);
      seconds += (inRace * cost.update + (9 * networksOf(cells) * reportCases + evaluated) *
          cost.evaluatedCase) / cost.replicas;
      continue;
    }
    seconds += cells.length / cost.replicas *
      (updated * cost.update + evaluated * cost.evaluatedCase);
  }
  return seconds;
}

/** A cell as often as it has networks. */
function eachNetwork(cell: PlannedCell): PlannedCell[] {
  return Array.from({ length: networksOf([cell]) }, () => cell);
}

/** Long enough for a few updates of any round, and for many of a short one. */
const TRIAL_SECONDS = 2;

async function tryRound(
  { kind, model, cells }: Pick<Round, "kind" | "model" | "cells">,
  { machine, ending: { signal } }: Pick<RoundContext, "ending" | "machine">,
): Promise<Cost> {
  const beginning = cells.map(({ id, configuration }) => ({ id, configuration }));
  const trainer = await openRound(
    { kind, model, cells: beginning, standings: undefined },
    { machine },
  );
  try {
    const { reportCases, batchSize } = cells[0].configuration;
    const timed = async (work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return (performance.now() - start) / 1000;
    };
    const train = (updates: number) =>
      Array.fromAsync(trainer.run({ updates: trainer.update + updates, evalCases: 0, signal }));
    // The first update compiles kernels, and so does the first evaluation.
    await train(1);
    await trainer.evaluate("train", batchSize);
    const one = await timed(() => train(1));
    const more = Math.max(1, Math.ceil(TRIAL_SECONDS / one));
    const update = await timed(() => train(more)) / more;
    const evaluated = await timed(() => trainer.evaluate("train", reportCases));
    return { replicas: cells.length, update, evaluatedCase: evaluated / reportCases };
  } finally {
    trainer.free();
  }
}
