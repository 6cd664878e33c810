/** @jsxImportSource preact */
import { useEffect, useState } from "preact/hooks";
import type { Activity } from "../page_state.ts";
import { reportsCSV } from "./reports_csv.ts";
import { figuresText } from "./charts.tsx";
import type { Shown } from "./shown.ts";

/** Figures are read out at most so often. */
const spoken_ms = 5000;

const activityWords: Readonly<Record<Activity, string>> = {
  opening: "opening",
  ready: "ready",
  training: "training",
  finished: "finished",
  measuring: "measuring this GPU",
  refused: "the settings do not fit",
  lost: "no GPU",
};

/** Start, pause, step, reset, and what is taken away: a link, a table. */
export function Controls({ state }: Shown) {
  const { activity, update, updatesPerSecond, settings: { run: { updates } }, adapter } = state;
  const isTraining = activity === "training";
  const isReady = activity === "ready" || activity === "opening";
  const machine = adapter && `${adapter.name}${adapter.isSoftware ? " (software: slow)" : ""}`;
  return (
    <section class="controls" aria-label="Training">
      <div class="buttons">
        {isTraining
          ? <button type="button" class="main" onClick={() => state.pause()}>Pause</button>
          : (
            <button type="button" class="main" disabled={!isReady} onClick={() => state.train()}>
              {update > 0 ? "Go on" : "Start"}
            </button>
          )}
        <button type="button" disabled={!isReady} onClick={() => state.step()}>Step</button>
        <button type="button" disabled={activity === "measuring"} onClick={() => state.reset()}>
          Reset
        </button>
        <CopyButton text={() => location.href} what="Copy link" />
        <button type="button" disabled={update === 0} onClick={() => download(reportsCSV(state))}>
          Download CSV
        </button>
      </div>
      {state.complaint && <p class="complaint" role="alert">{state.complaint}</p>}
      <progress max={updates} value={update} aria-label="updates done" />
      <p id="standing" class="soft">
        {[
          activityWords[activity],
          `update ${update.toLocaleString("en-US")} of ${updates.toLocaleString("en-US")}`,
          ...updatesPerSecond > 0 ? [`${speedText(updatesPerSecond)} updates/s`] : [],
          ...machine ? [machine] : [],
        ].join(" · ")}
      </p>
      <Spoken text={`${activityWords[activity]}: ${figuresText(state)}`} activity={activity} />
    </section>
  );
}

/** Says the figures now and then to who does not see them, and each end and beginning at once. */
function Spoken({ text, activity }: { text: string; activity: Activity }) {
  const [said, say] = useState(text);
  const [latest] = useState({ text });
  latest.text = text;
  useEffect(() => {
    say(latest.text);
    if (activity !== "training") return;
    const timer = setInterval(() => say(latest.text), spoken_ms);
    return () => clearInterval(timer);
  }, [activity]);
  return <p id="spoken" class="unseen" role="status" aria-live="polite">{said}</p>;
}

/** Copies a text, and says so. */
export function CopyButton({ text, what }: { text: () => string; what: string }) {
  const [answer, setAnswer] = useState<string>();
  const copy = async () => {
    const isCopied = await navigator.clipboard?.writeText(text()).then(() => true, () => false);
    setAnswer(isCopied ? "Copied" : "No clipboard: copy the address");
    setTimeout(() => setAnswer(undefined), 2000);
  };
  return (
    <button type="button" onClick={copy}>
      <span aria-live="polite">{answer ?? what}</span>
    </button>
  );
}

function speedText(perSecond: number): string {
  return perSecond >= 10 ? Math.round(perSecond).toLocaleString("en-US") : perSecond.toPrecision(2);
}

function download(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), {
    ...{ href: address, download: "curve.csv" },
  });
  link.click();
  URL.revokeObjectURL(address);
}
