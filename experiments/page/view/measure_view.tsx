/** @jsxImportSource preact */
import { stringify } from "@std/csv";
import type { MeasuredTime } from "../messages.ts";
import { CopyButton } from "./controls.tsx";
import type { Shown } from "./shown.ts";

/** Measures the visitor's GPU: a row of CSV to be sent to whom it concerns. */
export function Measure({ state }: Shown) {
  const { activity, adapter, measuring, times } = state;
  const row = times && adapter && measuredCSV(adapter.name, times);
  return (
    <section aria-labelledby="measure">
      <h2 id="measure">Measure this GPU</h2>
      <p>
        About 20 seconds, longer in software: milliseconds an update of the paper's Curves
        autoencoder (batch 200) and of its recurrent network on <i>add</i>{" "}
        (T = 80, batch 100), of one network and of 16 side by side. What would take too long is left
        out.
      </p>
      <button
        type="button"
        disabled={!adapter || activity === "measuring"}
        onClick={() => state.measure()}
      >
        Measure this GPU
      </button>
      <p role="status" class="soft" id="measuring">
        {measuring ? `measuring ${measuring}` : row ? "measured:" : ""}
      </p>
      {row && (
        <>
          <pre id="measured" tabIndex={0}>{row}</pre>
          <CopyButton text={() => row} what="Copy row" />
        </>
      )}
    </section>
  );
}

/** A head and a row: the adapter, the browser, and a column of each time. */
function measuredCSV(adapter: string, times: readonly MeasuredTime[]): string {
  const texts = times.map(({ milliseconds }) => milliseconds?.toPrecision(3) ?? "");
  return stringify([
    ["adapter", "browser", ...times.map(({ column }) => column)],
    [adapter, navigator.userAgent, ...texts],
  ]).trimEnd();
}
