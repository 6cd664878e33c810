/** @jsxImportSource preact */
import { Fragment } from "preact";
import { renderToString } from "preact-render-to-string";
import { formatDuration } from "../terminal/progress.ts";
import { type Claim, claimsTable } from "./claims.ts";
import { differencesTable } from "./differences.ts";
import type { FoundSection } from "./extra_sections.ts";
import type { DrawnFigure } from "./figures/draw.ts";
import { DataTable, Document, Figure, Section } from "./page_parts.tsx";
import { ratesMatrix } from "./rate_tables.ts";
import { resultTable } from "./result_tables.ts";
import { cellsOf, runsTable, trainingSeconds } from "./runs.ts";
import { hasRate, type TableSummary } from "./summary.ts";
import type { TextTable } from "./text_table.ts";
import {
  type ExperimentPlan,
  isExperiment,
  type TableConfiguration,
} from "../tables/table_record.ts";
import { capitalize } from "../charts/loss_chart.ts";

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
  const isBeyond = summaries.length > 0 && summaries.every(isOfExperiment);
  return (
    <Document title={isBeyond ? "Momentum beyond the paper" : "Initialization and momentum"}>
      <Header summaries={summaries} isBeyond={isBeyond} />
      {claims.length > 0 && <Claims claims={claims} />}
      {tables.map((table) => <ResultSection key={table.summary.name} {...table} />)}
      {sections.map((section) => <ExtraSection key={section.name} {...section} />)}
      {summaries.length > 0 && <Circumstances summaries={summaries} />}
    </Document>
  );
}

function Header({ summaries, isBeyond }: {
  summaries: readonly TableSummary[];
  isBeyond: boolean;
}) {
  const cells = cellsOf(summaries);
  const trained = `${cells.length} networks, trained in ${formatDuration(trainingSeconds(cells))}.`;
  if (isBeyond) {
    return (
      <header>
        <h1>Momentum beyond the paper</h1>
        <p class="soft">
          What Sutskever, Martens, Dahl and Hinton (ICML 2013) left open, measured with Nagare.
        </p>
        {cells.length > 0 && <p>{trained}</p>}
      </header>
    );
  }
  return (
    <header>
      <h1>Initialization and momentum in deep learning</h1>
      <p class="soft">
        Results of Sutskever, Martens, Dahl and Hinton (ICML 2013), reproduced with Nagare.
      </p>
      {cells.length > 0 && (
        <p>
          {trained} Read their numbers with <a href="#differences">what differs from the paper</a>.
        </p>
      )}
    </header>
  );
}

function isOfExperiment({ record: { configuration } }: TableSummary): boolean {
  return isExperiment(configuration);
}

function Claims({ claims }: { claims: readonly Claim[] }) {
  return (
    <Section id="claims" title="The claims">
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
  const { name, unit } = summary.figure;
  const { planned, cells: { length: found }, record: { configuration }, question } = summary;
  const rates = ratesMatrix(summary);
  return (
    <Section id={summary.name} title={summary.title}>
      {question !== undefined && <p>{capitalize(question)}</p>}
      <p>
        The {name}{" "}
        ({unit}) of each network at its best learning rate, the one of least training error with the
        first seed: mean over the confirmation seeds, standard deviation (sd) and 95 % interval of
        the mean by Student's t. Where there are 0 confirmation seeds it is the first seed's.{" "}
        {!summary.entries.every(hasRate) &&
          "Gradients are passes over cases of the whole training, in gradients over 200 cases: " +
            "Hessian-free has no learning rate, and takes many of them an update. "}
        {found < planned && (
          <strong>{found} of {planned} networks are there; later stages depend on them.</strong>
        )}
      </p>
      <DataTable table={resultTable(summary)} />
      {figures.map((figure) => <Figure key={figure.name} {...figure} />)}
      <h3>{rates.title}</h3>
      <p>
        With the first seed.
        {isWidened(configuration) &&
          " Where the best rate was the lowest or the highest, half of it or twice of it was " +
            "tried besides."}
      </p>
      <DataTable table={rates} />
      {isExperiment(configuration) && (
        <>
          <h3>What each network is</h3>
          <p>
            All are those of <code>{configuration.shared}</code>, each with flags of its own.
          </p>
          <DataTable table={flagsOf(configuration)} />
        </>
      )}
    </Section>
  );
}

/** A row a column of an experiment. */
function flagsOf({ columns }: ExperimentPlan): TextTable {
  return {
    ...{ name: "flags", title: "Flags of each network" },
    columns: [{ key: "column", title: "network" }, { key: "flags", title: "flags" }],
    rows: columns.map(({ name, flags }) => [name, flags]),
  };
}

function isWidened(configuration: TableConfiguration): boolean {
  if (isExperiment(configuration)) return configuration.entries.some(({ widen }) => widen);
  return configuration.budget.widen ?? true;
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
      {differences.rows.length > 0 && <Differences table={differences} />}
    </>
  );
}

function Differences({ table }: { table: TextTable }) {
  return (
    <Section id="differences" title={table.title}>
      <p>
        The paper left out test errors; they are given here. What it has of other work, and of
        Hessian-free optimization where it was not trained, is shown as its number alone.
      </p>
      <DataTable table={table} />
    </Section>
  );
}
