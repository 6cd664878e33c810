/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import type { DrawnFigure } from "./figures/draw.ts";
import css from "./page.css" with { type: "text" };
import { isRight, pageColumns, type TextTable } from "./text_table.ts";
import type { Verdict } from "./verdicts.ts";

/** A page in one file without scripts, and without a reference to any other. */
export function Document({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: css }} />
      </head>
      <body>{children}</body>
    </html>
  );
}

/** A part of a page, under a heading. */
export function Section({ id, title, children }: {
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

/** A table, which scrolls where the page is narrow. */
export function DataTable({ table }: { table: TextTable }) {
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

/** An SVG as an image: it runs no script, keeps its names to itself, and can be saved. */
export function Figure({ alt, svg }: Pick<DrawnFigure, "alt" | "svg">) {
  return <Picture alt={alt} type="image/svg+xml" bytes={new TextEncoder().encode(svg)} />;
}

/** An image within the page. */
export function Picture({ alt, type, bytes }: {
  alt: string;
  /** Its media type. */
  type: string;
  bytes: Uint8Array;
}) {
  return (
    <figure>
      <img src={`data:${type};base64,${bytes.toBase64()}`} alt={alt} />
    </figure>
  );
}
