import { alignTable } from "../terminal/aligned_table.ts";
import type { ExtraSection } from "./extra_sections.ts";

/** A section of the report as the terminal shows it: its tables. */
export function sectionText({ tables }: ExtraSection): string {
  return tables.map(({ title, columns, rows }) => `${title}\n\n${alignTable([columns, ...rows])}\n`)
    .join("\n");
}
