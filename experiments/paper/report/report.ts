import { writeWhole } from "../../shared/files.ts";
import { readCells } from "../cells.ts";
import { readTables } from "../folder.ts";
import { cellsCsv } from "./cells_csv.ts";
import { checkClaims, claimsTable } from "./claims.ts";
import { printedTables } from "./print.ts";
import { ratesTable, resultTable } from "./result_tables.ts";
import { summarize } from "./summary.ts";
import { csvText } from "./text_table.ts";

/**
 * Makes all that is made of a folder of results alone: CSV files, figures, report.html and what the
 * terminal shows. Throws InputError, in words that name it, for a damaged file.
 */
export function makeReport(
  folder: string,
  print: (text: string) => void = console.log,
): void {
  const cells = readCells(folder);
  const summaries = readTables(folder).map((found) => summarize(found, cells));
  const claims = summaries.flatMap(checkClaims);
  const tables = [
    ...summaries.flatMap((s) => [resultTable(s), ratesTable(s)]),
    claimsTable(claims),
  ];
  tables.forEach((table) => writeWhole(`${folder}/${table.name}.csv`, csvText(table)));
  writeWhole(`${folder}/cells.csv`, cellsCsv(summaries));
  print(printedTables(summaries, claims));
}
