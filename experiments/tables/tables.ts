import { InputError } from "../../mod.ts";
import { makeReport } from "../report/report.ts";
import { type Cell, finishedOf } from "../study/cell.ts";
import { carryOut, type Laid as StudyLaid, type Session } from "../study/study.ts";
import { say } from "../terminal/terminal.ts";
import { RECURRENT_CONNECTIONS } from "./configurations.ts";
import { layersOf, loadPaperData, type PaperData } from "./data.ts";
import { paperKinds } from "./paper_kinds.ts";
import type { PlannedTable } from "./grid.ts";
import { type Laid, layTable } from "./records.ts";
import type { TableRequest } from "./requests.ts";
import { agreePaper, type PaperOptions, paperSession } from "./session.ts";
import { currentStage, nextNetworks } from "./stages.ts";
import type { TableConfiguration } from "./table_record.ts";

/**
 * Trains what the tables' folder still lacks, stage after stage, and makes the report of what it then
 * holds. Gives whether it came to its end.
 */
export async function runTables(
  requests: readonly TableRequest[],
  options: PaperOptions & { readonly preset?: string | undefined },
  interruption: AbortSignal,
): Promise<boolean> {
  requests.forEach(checkRequest);
  const session = paperSession(options, interruption);
  const first = requests.find((request) => request.name !== "table5");
  const batch = Math.max(
    0,
    ...requests.map(({ name, budget: { batchSize } }) => name === "table5" ? 0 : batchSize),
  );
  const loaded = first && await loadPaperData(first.data, batch, interruption);
  const laid = requests.map((request) =>
    layTable(options.out, request.name, {
      preset: request.preset,
      configuration: configurationOf(request, loaded),
    })
  );
  return await trainTables(laid, {
    ...paperKinds({ dataOn: loaded?.on }),
    remark: loaded?.remark,
    ...options.preset === undefined && { agree: agreePaper(interruption) },
  }, session);
}

/** What the networks of tables are beside what they are laid from. */
type Kinds = Pick<StudyLaid, "kindOf" | "nameOf" | "remark" | "agree">;

/** Trains what the folder of some tables lacks, stage after stage; see {@linkcode runTables}. */
export async function trainTables(
  laid: readonly Laid<PlannedTable>[],
  kinds: Kinds,
  session: Session,
): Promise<boolean> {
  const plans = laid.map(({ plan }) => plan), { shard } = session.options;
  return await carryOut({
    wanted: (cells) => currentStage(plans, finishedOf(cells)),
    ...kinds,
    ...{ details: {}, isEstimated: true, isWhole: () => false },
    report: (run) => {
      const write = run.write.bind(run);
      const record = () => laid.forEach(({ record }) => record(write));
      return {
        restart() {},
        append: record,
        keep() {},
        async conclude({ cells }) {
          record();
          noteOthers(shard !== undefined, cells);
          await makeReport(run.folder, { write, cells });
        },
      };
    },
  }, session);

  function noteOthers(isShare: boolean, cells: ReadonlyMap<string, Cell>): void {
    if (!isShare || nextNetworks(plans, finishedOf(cells)).length === 0) return;
    say(
      "note: the next stage depends on the cells of all machines: put them into one folder and " +
        "repeat the command",
    );
  }
}

/** Checks what can be checked before anything is read. */
function checkRequest(request: TableRequest): void {
  const { updates } = request.budget;
  if (request.name === "table5") {
    const { warmUpUpdates, hidden } = request.budget;
    if (hidden < RECURRENT_CONNECTIONS) {
      throw new InputError(
        `--hidden ${hidden} is less than the ${RECURRENT_CONNECTIONS} incoming connections of a ` +
          "unit: give as many or more",
      );
    }
    if (warmUpUpdates < updates) return;
    throw new InputError(
      `--updates ${updates} ends within the warm-up of ${warmUpUpdates}: give more, or ` +
        `--warm-up-updates 0 to ${updates - 1}`,
    );
  }
  const { budget: { finish, layers }, data } = request;
  if (finish > updates) {
    throw new InputError(
      `--updates ${updates} is shorter than the low-momentum finish of ${finish}: give at least as ` +
        `many, or --finish 0 to ${updates}`,
    );
  }
  layersOf(data, layers);
}

function configurationOf(
  request: TableRequest,
  loaded: PaperData | undefined,
): TableConfiguration {
  if (request.name === "table5") {
    const { problems, budget } = request;
    return { problems, budget };
  }
  const { layers, ...budget } = request.budget;
  const { problem } = request.data;
  const data = loaded!.identity;
  return { problem, layers: layersOf(request.data, layers), data, budget };
}
