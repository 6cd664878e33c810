/** @jsxImportSource preact */
import { readSetting, type RunSettings } from "../settings.ts";
import { Typed } from "./fields.tsx";
import type { Shown } from "./shown.ts";

const typed: readonly { name: Exclude<keyof RunSettings, "sharpness">; label: string }[] = [
  { name: "hidden", label: "units of the encoder" },
  { name: "updates", label: "updates" },
  { name: "batch", label: "images of a minibatch" },
  { name: "cases", label: "curves to train on" },
  { name: "period", label: "period of the paper's schedule" },
  { name: "seed", label: "seed" },
];

/** What all networks have in common: their data, their layers, their minibatches. */
export function RunForm({ state }: Shown) {
  const { run } = state.settings;
  return (
    <section aria-labelledby="common">
      <h2 id="common">Data and layers of all networks</h2>
      <Data state={state} />
      <div class="fields">
        {typed.map(({ name, label }) => {
          const value = run[name];
          return (
            <Typed
              key={name}
              label={label}
              value={Array.isArray(value) ? value.join("-") : String(value)}
              take={(text) => state.setRun({ [name]: readSetting("run", name, text) })}
              complain={(complaint) => state.complain(complaint)}
            />
          );
        })}
        <label class="check">
          <input
            type="checkbox"
            checked={run.sharpness}
            onChange={({ currentTarget }) => state.setRun({ sharpness: currentTarget.checked })}
          />
          <span>measure the sharpness (slow)</span>
        </label>
      </div>
    </section>
  );
}

/** What is trained on, and a way to other images for who does not drop them onto the page. */
function Data({ state }: Shown) {
  const { file } = state;
  const choose = ({ currentTarget: { files } }: { currentTarget: HTMLInputElement }) => {
    if (files?.[0]) state.takeFile(files[0]);
  };
  return (
    <div id="drop">
      <p id="data">
        {file
          ? `Trained on ${
            file.cases.toLocaleString("en-US")
          } images of ${file.name}, which a link ` +
            "does not hold."
          : "Trained on curves, which this page makes itself."}
      </p>
      <label>
        For MNIST, drop train-images-idx3-ubyte (or its .gz) onto this page, or choose it:{" "}
        <input type="file" onChange={choose} />
      </label>
    </div>
  );
}
