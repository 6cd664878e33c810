import { InputError } from "../../mod.ts";
import { makeReport } from "../report/report.ts";
import { carryOut } from "../study/study.ts";
import type { PhasesBudget } from "../tables/budget.ts";
import { layersOf, loadPaperData } from "../tables/data.ts";
import { paperKinds } from "../tables/paper_kinds.ts";
import { writePhases } from "./phases_section.ts";
import { layPhases } from "../tables/records.ts";
import type { PhasesRequest } from "../tables/requests.ts";
import { agreePaper, type PaperOptions, paperSession } from "../tables/session.ts";

/**
 * Trains what a folder still lacks of the experiment, and puts it into the folder's report. Gives
 * whether it came to its end.
 */
export async function runPhases(
  { preset, budget: { layers, ...budget }, data }: PhasesRequest,
  options: PaperOptions & { readonly preset?: string | undefined },
  interruption: AbortSignal,
): Promise<boolean> {
  checkBudget(budget);
  const session = paperSession(options, interruption);
  const { problem } = data;
  const encoder = layersOf(data, layers);
  const { identity, remark, on: dataOn } = await loadPaperData(
    data,
    budget.batchSize,
    interruption,
  );
  const configuration = { problem, layers: encoder, data: identity, budget };
  const { plan, record } = layPhases(options.out, { preset, configuration });
  const cells = [plan.trunk, ...plan.branchings.map(({ networks }) => networks)].flat();
  return await carryOut({
    wanted: () => cells,
    ...paperKinds({ dataOn }),
    ...{ details: {}, remark, isEstimated: true, isWhole: () => false },
    ...options.preset === undefined && { agree: agreePaper(interruption) },
    report: (run) => {
      const write = run.write.bind(run);
      return {
        restart() {},
        append: () => record(write),
        keep() {},
        async conclude({ cells }) {
          record(write);
          await writePhases(write, plan, cells);
          await makeReport(run.folder, { write, cells });
        },
      };
    },
  }, session);
}

function checkBudget({ mu, branchAt }: Omit<PhasesBudget, "layers">): void {
  if (mu.length < 2) {
    throw new InputError(`--mu names ${mu.length} cap: branches differ in it, so give two or more`);
  }
  if (branchAt.length === 0) throw new InputError("--branch-at names no update");
}
