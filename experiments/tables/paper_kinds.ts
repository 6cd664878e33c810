import type { Gpu } from "../../mod.ts";
import { autoencoderKind } from "../problems/autoencoder_kind.ts";
import type { ProblemData } from "../problems/problem.ts";
import { recurrentKind } from "../problems/recurrent_kind.ts";
import { nameOf, optimizerMaker } from "../study/grid.ts";
import type { PlannedCell } from "../study/ledger.ts";
import { shippedOptimizers } from "../study/shipped_optimizers.ts";
import type { Laid } from "../study/study.ts";

/** The kinds of networks of the paper's tables, and what they are called. */
export function paperKinds(
  { dataOn }: { dataOn: ((gpu: Gpu) => Promise<ProblemData>) | undefined },
): Pick<Laid, "kindOf" | "nameOf"> {
  const optimizerOf = optimizerMaker(Object.values(shippedOptimizers));
  const recurrent = recurrentKind({ optimizerOf });
  const autoencoder = dataOn && autoencoderKind({ dataOn, optimizerOf });
  return {
    kindOf({ configuration: { network } }) {
      const kind = network === "recurrent" ? recurrent : autoencoder;
      if (!kind) throw new RangeError("an autoencoder needs data");
      return kind;
    },
    nameOf: (cell: PlannedCell) => `${cell.configuration.problem}, ${nameOf(cell)}`,
  };
}
