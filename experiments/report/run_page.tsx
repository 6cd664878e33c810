/** @jsxImportSource preact */
import { renderToString } from "preact-render-to-string";
import { pictures } from "../charts/pictures.ts";
import { readIfReadable } from "../files/files.ts";
import { readTable } from "../files/tables.ts";
import type { Configuration } from "../study/cell.ts";
import { DataTable, Document, Picture, Section } from "./page_parts.tsx";
import { formatFigure, type TextTable } from "./text_table.ts";

/** A run as its page shows it. */
export interface RunPage {
  readonly folder: string;
  /** What was run: "autoencoder". */
  readonly title: string;
  /** The command that runs it again. */
  readonly command: string;
  /** The networks: what they were trained on is told. */
  readonly cells: readonly { readonly configuration: Configuration }[];
  /** settings.csv and summary.csv as text. */
  readonly settings: string;
  readonly networks: string;
  /** race.csv as text, where there was one. */
  readonly race?: string;
  /** Columns of the first two that are the same for all are told in a line. */
  readonly settingColumns: readonly string[];
}

/**
 * report.html of a run: its settings over their seeds, its networks, its pictures, in one file without
 * scripts and without a reference to any other. All text of it is escaped.
 */
export function runPage(page: RunPage): string {
  return `<!doctype html>\n${renderToString(<Page {...page} />)}\n`;
}

function Page(
  { folder, title, command, cells, settings, networks, race, settingColumns }: RunPage,
) {
  const data = new Set(cells.map(({ configuration }) => configuration.data));
  const shown = Object.entries(pictures).flatMap(([name, { type, title }]) => {
    const bytes = readIfReadable(`${folder}/${name}`);
    return bytes ? [{ name, type, title, bytes }] : [];
  });
  const [perSetting, perNetwork] = [
    tableOf("settings", "Settings", settings, settingColumns),
    tableOf("networks", "Networks", networks, settingColumns),
  ];
  const raced = race === undefined ? undefined : tableOf("race", "Race", race, []);
  return (
    <Document title={title}>
      <header>
        <h1>{title}</h1>
        <p class="soft">{perSetting.common}</p>
        {[...data].map((told) =>
          typeof told === "string" && <p class="soft" key={told}>data: {told}</p>
        )}
        <p>
          <code>{command}</code>
        </p>
      </header>
      <Section id="settings" title="Settings">
        <p>Means over the seeds, with standard deviations and 95 % intervals by Student's t.</p>
        <DataTable table={perSetting.table} />
      </Section>
      {shown.map(({ name, type, title, bytes }) => (
        <Section key={name} id={name.split(".")[0]} title={title}>
          <Picture alt={title} type={type} bytes={bytes} />
        </Section>
      ))}
      <Section id="networks" title="Networks">
        <DataTable table={perNetwork.table} />
      </Section>
      {raced && (
        <Section id="race-table" title="Race">
          <p>
            The networks at the rungs of the race. A score is the error after a short finish; the
            last rung is the end.
          </p>
          <DataTable table={raced.table} />
        </Section>
      )}
    </Document>
  );
}

/** A CSV table with its figures shortened; settings that all rows share become a line. */
function tableOf(
  name: string,
  title: string,
  csv: string,
  settingColumns: readonly string[],
): { table: TextTable; common: string } {
  const rows = readTable(csv), columns = Object.keys(rows[0] ?? {});
  // Where a setting means nothing its cell is empty.
  const isCommon = (column: string) =>
    settingColumns.includes(column) &&
    new Set(rows.map((row) => row[column]).filter((cell) => cell !== "")).size < 2;
  const varied = columns.filter((column) => !isCommon(column) && !ofTheFile.test(column));
  const words = (column: string) => column.replaceAll("_", " ");
  return {
    common: columns.filter(isCommon).flatMap((column) => {
      const cell = rows.find((row) => row[column] !== "")?.[column];
      return cell === undefined ? [] : [`${words(column)} ${cell}`];
    }).join(", "),
    table: {
      ...{ name, title },
      columns: varied.map((key) => ({ key, title: words(key) })),
      rows: rows.map((row) =>
        varied.map((column) => settingColumns.includes(column) ? row[column] : short(row[column]))
      ),
    },
  };
}

/** Columns that the CSV file alone tells. */
const ofTheFile = /^(last_finite_|updates_per_second|cell$)/;

/** A figure with four digits; other words as they are. */
function short(cell: string): string {
  const value = Number(cell);
  return cell === "" || !Number.isFinite(value) || Number.isInteger(value)
    ? cell
    : formatFigure(value);
}
