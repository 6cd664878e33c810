import { openGPU } from "../../mod.ts";
import { makeFolder } from "../files/disk.ts";
import { writeWhole } from "../files/files.ts";
import { showProgress } from "../terminal/progress.ts";
import { type AdapterPreference, describeAdapter, ensureAdapter } from "../study/adapter.ts";
import { csvLine } from "../files/tables.ts";
import { print, say } from "../terminal/terminal.ts";
import { renderSvg } from "../charts/vega.ts";
import { checkFolder } from "../tables/session.ts";
import { type ExtraSection, writeExtraSection } from "../report/extra_sections.ts";
import { makeReport } from "../report/report.ts";
import { formatFigure } from "../report/text_table.ts";
import { sectionText } from "../report/section_text.ts";
import {
  type Statement,
  statementCount,
  theory,
  type TheoryResult,
  theoryTable,
} from "./theory.ts";

/** Measures the paper's statements and puts them into the report of a folder. */
export async function runTheory(
  { out: folder, adapter: preference }: { out: string; adapter: AdapterPreference },
  interruption: AbortSignal,
): Promise<void> {
  checkFolder(folder);
  const adapter = await ensureAdapter(preference, interruption);
  say(`adapter: ${describeAdapter(adapter)}`);
  using gpu = await openGPU({ adapter });
  using progress = showProgress({ total: statementCount, unit: "statements" });
  const result = await theory(
    gpu,
    interruption,
    ({ id }, done) => progress.report(done, { statement: id }),
  );
  makeFolder(folder);
  const rows = theoryTable(result);
  const columns = Object.keys(rows[0]);
  const lines = rows.map((row) => columns.map((column) => row[column]));
  const write = (name: string, text: string) => writeWhole(`${folder}/${name}`, text);
  write("theory.csv", [columns, ...lines].map(csvLine).join(""));
  for (const { name, spec } of result.figures) {
    write(`theory_${name}.svg`, await renderSvg(spec));
  }
  const section = sectionOf(result, describeAdapter(adapter));
  writeExtraSection(write, "theory", section);
  print(sectionText(section));
  await makeReport(folder);
}

function sectionOf({ statements, figures }: TheoryResult, adapter: string): ExtraSection {
  return {
    title: "What the paper states, measured",
    text: [
      `Each statement is measured in float64 and on the GPU (${adapter}), with the engine's own ` +
      "optimizers and kernels in float32. A residual is how far it is from holding exactly; its " +
      "bound is what theory and the rounding of that precision allow. The row shows the " +
      "measurement closest to its bound.",
    ],
    tables: statements.map(tableOf),
    figures: figures.map(({ name, alt }) => ({ file: `theory_${name}.svg`, alt })),
  };
}

function tableOf({ title, statement, source, rows }: Statement): ExtraSection["tables"][number] {
  return {
    title: `${title}. ${statement} (${source})`,
    columns: ["measured", "float64", "its bound", "GPU", "its bound", "holds"],
    rows: rows.map(({ what, float64, gpu, holds }) => [
      what,
      ...[float64.residual, float64.bound, gpu.residual, gpu.bound].map(formatFigure),
      holds ? "yes" : "no",
    ]),
  };
}
