/** @jsxImportSource preact */
import { type ComponentChildren, Fragment } from "preact";
import { renderToString } from "preact-render-to-string";
import { formatDuration } from "../terminal/progress.ts";
import { type Claim, claimsTable } from "./claims.ts";
import { differencesTable } from "./differences.ts";
import type { FoundSection } from "./extra_sections.ts";
import type { DrawnFigure } from "./figures/draw.ts";
import css from "./page.css" with { type: "text" };
import { figureOf, titleOf } from "./headings.ts";
import { ratesMatrix } from "./rate_tables.ts";
import { resultTable } from "./result_tables.ts";
import { cellsOf, runsTable, trainingSeconds } from "./runs.ts";
import type { TableSummary } from "./summary.ts";
import { isRight, pageColumns, type TextTable } from "./text_table.ts";
import type { Verdict } from "./verdicts.ts";

/** What a report is made of. */
export interface Report {
  readonly tables: readonly { summary: TableSummary; figures: readonly DrawnFigure[] }[];
  readonly claims: readonly Claim[];
  readonly sections: readonly FoundSection[];
}

/**
 * report.html: one file without scripts, and without a reference to any other, which says what the
 * tables hold beside the paper's numbers. All text of it is escaped.
 */
export function reportPage(report: Report): string {
  return `<!doctype html>\n${renderToString(<Page {...report} />)}\n`;
}

function Page({ tables, claims, sections }: Report) {
  const summaries = tables.map(({ summary }) => summary);
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>Initialization and momentum</title>
        <style dangerouslySetInnerHTML={{ __html: css }} />
      </head>
      <body>
        <Header summaries={summaries} />
        {claims.length > 0 && <Claims claims={claims} />}
        {tables.map((table) => <ResultSection key={table.summary.name} {...table} />)}
        {sections.map((section) => <ExtraSection key={section.name} {...section} />)}
        {summaries.length > 0 && <Circumstances summaries={summaries} />}
      </body>
    </html>
  );
}

function Header({ summaries }: { summaries: readonly TableSummary[] }) {
  const cells = cellsOf(summaries);
  const seconds = trainingSeconds(cells);
  return (
    <header>
      <h1>Initialization and momentum in deep learning</h1>
      <p class="soft">
        Results of Sutskever, Martens, Dahl and Hinton (ICML 2013), reproduced with Nagare.
      </p>
      {cells.length > 0 && (
        <p>
          {cells.length} networks, trained in {formatDuration(seconds)}. Read their numbers with
          {" "}
          <a href="#differences">what differs from the paper</a>.
        </p>
      )}
    </header>
  );
}

function Claims({ claims }: { claims: readonly Claim[] }) {
  return (
    <Section id="claims" title="The paper's claims">
      <p>
        One seed chooses the learning rate of each network; the others, the confirmation seeds,
        decide. Settings are compared seed by seed: a claim holds where the 95 % interval of the
        mean difference (Student's t) lies wholly on its side of 0, does not hold where it lies on
        the other side, and is not decided else. "At least as good" allows for 5 % of the other's
        mean. A best rate at the edge of those tried is no best, as a better one may lie beyond it:
        no claim that such a network is the worse one holds.
      </p>
      <DataTable table={claimsTable(claims)} />
    </Section>
  );
}

function ResultSection({ summary, figures }: Report["tables"][number]) {
  const { name, unit } = figureOf(summary);
  const { planned, cells: { length: found }, record: { configuration: { budget } } } = summary;
  const { widen = true } = budget;
  const rates = ratesMatrix(summary);
  return (
    <Section id={summary.name} title={titleOf(summary)}>
      <p>
        The {name}{" "}
        ({unit}) of each network at its best learning rate, the one of least training error with the
        first seed: mean over the confirmation seeds, standard deviation (sd) and 95 % interval of
        the mean by Student's t. Where there are 0 confirmation seeds it is the first seed's.{" "}
        {found < planned && (
          <strong>{found} of {planned} networks are there; later stages depend on them.</strong>
        )}
      </p>
      <DataTable table={resultTable(summary)} />
      {figures.map((figure) => <Figure key={figure.name} {...figure} />)}
      <h3>{rates.title}</h3>
      <p>
        With the first seed.
        {widen &&
          " Where the best rate was the lowest or the highest, half of it or twice of it was " +
            "tried besides."}
      </p>
      <DataTable table={rates} />
    </Section>
  );
}

function ExtraSection({ name, section: { title, text, tables, figures }, svgs }: FoundSection) {
  return (
    <Section id={name} title={title}>
      {text.map((paragraph) => <p key={paragraph}>{paragraph}</p>)}
      {tables.map(({ title, columns, rows }) => (
        <Fragment key={title}>
          <h3>{title}</h3>
          <DataTable
            table={{ name, title, columns: columns.map((title) => ({ key: "", title })), rows }}
          />
        </Fragment>
      ))}
      {figures.map(({ alt }, i) => <Figure key={i} alt={alt} svg={svgs[i]} />)}
    </Section>
  );
}

function Circumstances({ summaries }: { summaries: readonly TableSummary[] }) {
  const [runs, differences] = [runsTable(summaries), differencesTable(summaries)];
  return (
    <>
      <Section id="runs" title={runs.title}>
        <DataTable table={runs} />
      </Section>
      <Section id="differences" title={differences.title}>
        <p>
          The paper left out test errors; they are given here. What it has of Hessian-free
          optimization, and of other work, is shown as its number alone.
        </p>
        <DataTable table={differences} />
      </Section>
    </>
  );
}

function Section({ id, title, children }: {
  id: string;
  title: string;
  children: ComponentChildren;
}) {
  return (
    <section id={id}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function DataTable({ table }: { table: TextTable }) {
  const { columns, rows } = table;
  const shown = pageColumns(table);
  const classes = columns.map(({ key }, i) =>
    key === "note" ? "note" : isRight(table, i) ? "right" : undefined
  );
  return (
    // Whoever has no mouse scrolls it by keys.
    <div class="wide" role="region" aria-label={table.title} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {shown.map((i) => <th key={i} scope="col" class={classes[i]}>{columns[i].title}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at} class={startsGroup(rows, at) ? "group" : undefined}>
              {shown.map((i) => (
                <td key={i} class={columns[i].key === "verdict" ? verdicts[row[i]] : classes[i]}>
                  {row[i]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether a row is the first of several with the same first cell. */
function startsGroup(rows: TextTable["rows"], at: number): boolean {
  const first = rows[at][0];
  return at > 0 && rows[at - 1][0] !== first && rows[at + 1]?.[0] === first;
}

const verdicts: Readonly<Record<string, string>> = {
  "holds": "verdict holds",
  "does not hold": "verdict fails",
  "not decided": "verdict unsaid",
} satisfies Record<Verdict, string>;

/** An image runs no script, keeps its names to itself, and can be saved. */
function Figure({ alt, svg }: Pick<DrawnFigure, "alt" | "svg">) {
  const source = new TextEncoder().encode(svg).toBase64();
  return (
    <figure>
      <img src={`data:image/svg+xml;base64,${source}`} alt={alt} />
    </figure>
  );
}
