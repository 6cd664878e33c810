import { writeWhole } from "../files/files.ts";
import { print } from "../terminal/terminal.ts";
import { type Cell, finishedOf } from "../study/cell.ts";
import { readCells } from "../study/ledger.ts";
import { allStudies } from "../tables/all_studies.ts";
import { readTables } from "../tables/records.ts";
import { cellsCsv } from "./cells_csv.ts";
import { checkClaims, claimsTable } from "./claims.ts";
import { readExtraSections } from "./extra_sections.ts";
import { drawFigures } from "./figures/draw.ts";
import { reportPage } from "./page.tsx";
import { printedTables } from "./print.ts";
import { ratesTable } from "./rate_tables.ts";
import { resultTable } from "./result_tables.ts";
import { summarize, type TableSummary } from "./summary.ts";
import { csvText } from "./text_table.ts";

/** What a report is made of, and where its files and words go. */
export interface ReportEnds {
  /** Writes a file of the folder; default: at once. */
  readonly write?: (name: string, text: string) => void;
  /** All networks of the folder; default: as they are read from it. */
  readonly cells?: ReadonlyMap<string, Cell>;
  /** Takes what the terminal shows; default: it is printed. */
  readonly show?: (text: string) => void;
}

/**
 * Makes all that is made of a folder of results alone: the CSV files, the figures, report.html, and
 * what the terminal shows of them. Throws InputError, in words that name it, for a damaged file.
 */
export async function makeReport(
  folder: string,
  {
    write = (name, text) => writeWhole(`${folder}/${name}`, text),
    show = print,
    cells: all = readCells(folder),
  }: ReportEnds = {},
): Promise<void> {
  const cells = finishedOf(all);
  const sections = readExtraSections(folder);
  const summaries = readTables(folder).map((found) => summarize(found, cells));
  const studyOf = ({ name }: TableSummary) =>
    allStudies.find(({ heading }) => heading.name === name)!;
  const claims = summaries.flatMap((summary) => checkClaims(summary, studyOf(summary).claims));
  const tables = [
    ...summaries.flatMap((summary) => [resultTable(summary), ratesTable(summary)]),
    ...claims.length > 0 ? [claimsTable(claims)] : [],
  ];
  for (const table of tables) write(`${table.name}.csv`, csvText(table));
  if (summaries.length > 0) write("cells.csv", cellsCsv(summaries));
  const drawn = [];
  for (const summary of summaries) {
    const figures = await drawFigures(summary, studyOf(summary).figures);
    for (const { name, svg } of figures) write(`${name}.svg`, svg);
    drawn.push({ summary, figures });
  }
  write("report.html", reportPage({ tables: drawn, claims, sections }));
  const told = `report: ${folder}/report.html`;
  show([printedTables(summaries, claims), told].filter((text) => text).join("\n\n"));
}
