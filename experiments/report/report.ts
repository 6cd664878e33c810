import { writeWhole } from "../files/files.ts";
import { print } from "../terminal/terminal.ts";
import { readCells } from "../study/cells.ts";
import { readTables } from "../study/folder.ts";
import { cellsCsv } from "./cells_csv.ts";
import { checkClaims, claimsTable } from "./claims.ts";
import { readExtraSections } from "./extra_sections.ts";
import { drawFigures } from "./figures/draw.ts";
import { reportPage } from "./page.tsx";
import { printedTables } from "./print.ts";
import { ratesTable } from "./rate_tables.ts";
import { resultTable } from "./result_tables.ts";
import { summarize } from "./summary.ts";
import { csvText } from "./text_table.ts";

/**
 * Makes all that is made of a folder of results alone: the CSV files, the figures, report.html, and
 * what the terminal shows of them. Throws InputError, in words that name it, for a damaged file.
 *
 * @param show takes what the terminal shows
 */
export async function makeReport(
  folder: string,
  show: (text: string) => void = print,
): Promise<void> {
  const cells = readCells(folder);
  const sections = readExtraSections(folder);
  const summaries = readTables(folder).map((found) => summarize(found, cells));
  const claims = summaries.flatMap(checkClaims);
  const tables = [
    ...summaries.flatMap((summary) => [resultTable(summary), ratesTable(summary)]),
    ...claims.length > 0 ? [claimsTable(claims)] : [],
  ];
  for (const table of tables) writeWhole(`${folder}/${table.name}.csv`, csvText(table));
  if (summaries.length > 0) writeWhole(`${folder}/cells.csv`, cellsCsv(summaries));
  const drawn = [];
  for (const summary of summaries) {
    const figures = await drawFigures(summary);
    for (const { name, svg } of figures) writeWhole(`${folder}/${name}.svg`, svg);
    drawn.push({ summary, figures });
  }
  const page = `${folder}/report.html`;
  writeWhole(page, reportPage({ tables: drawn, claims, sections }));
  show([printedTables(summaries, claims), `report: ${page}`].filter((text) => text).join("\n\n"));
}
