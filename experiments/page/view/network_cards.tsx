/** @jsxImportSource preact */
import {
  initializers,
  mostNetworks,
  type NetworkSettings,
  optimizers,
  readSetting,
  schedules,
} from "../settings.ts";
import { numberText, Swatch } from "./charts.tsx";
import { Choice, Slider, Typed } from "./fields.tsx";
import { networkNames, optimizerNames, scheduleNames } from "./network_names.ts";
import type { Shown } from "./shown.ts";

/** The networks side by side, each with its settings. */
export function Networks({ state }: Shown) {
  const { networks } = state.settings;
  return (
    <section aria-labelledby="networks">
      <h2 id="networks">Networks</h2>
      <p class="soft">
        Sliders act at once, also amid training; a momentum moved by hand stays there, in place of
        its schedule. Other changes begin all networks anew.
      </p>
      <div class="cards">
        {networks.map((_, i) => <Card key={i} state={state} index={i} />)}
        {networks.length < mostNetworks && (
          <button
            type="button"
            class="add"
            onClick={() => state.addNetwork()}
          >
            Add a network
          </button>
        )}
      </div>
    </section>
  );
}

function Card({ state, index }: Shown & { index: number }) {
  const { networks } = state.settings;
  const network = networks[index];
  const set = (change: Partial<NetworkSettings>) => state.setNetwork(index, change);
  const last = state.reports[index]?.at(-1);
  return (
    <fieldset class="card">
      <legend>
        <Swatch index={index} />
        {networkNames(networks)[index]}
      </legend>
      <p class="figure">
        {last ? numberText(last.squaredError) : "–"} <span class="soft">squared error</span>
      </p>
      <Choice
        label="optimizer"
        value={network.optimizer}
        names={optimizers}
        words={optimizerNames}
        onChange={(optimizer) => set({ optimizer })}
      />
      <Sliders network={network} set={set} />
      <details>
        <summary>Schedule and initial weights</summary>
        <Rest state={state} network={network} set={set} />
      </details>
      {networks.length > 1 && (
        <button
          type="button"
          class="plain"
          onClick={() => state.removeNetwork(index)}
        >
          Remove<span class="unseen">{` ${networkNames(networks)[index]}`}</span>
        </button>
      )}
    </fieldset>
  );
}

interface Changeable {
  readonly network: NetworkSettings;
  readonly set: (change: Partial<NetworkSettings>) => void;
}

function Sliders({ network: { optimizer, rate, momentum }, set }: Changeable) {
  return (
    <>
      <Slider
        label="learning rate"
        value={Math.log10(rate)}
        text={String(rate)}
        {...{ min: -4, max: 1, step: 0.05 }}
        onInput={(value) => set({ rate: Number((10 ** value).toPrecision(2)) })}
      />
      {optimizer !== "sgd" && (
        <Slider
          label={optimizer === "adamw" ? "momentum (β₁)" : "momentum"}
          value={-Math.log10(1 - momentum)}
          text={String(momentum)}
          {...{ min: 0, max: 3, step: 0.05 }}
          onInput={(value) => set({ momentum: Number((1 - 10 ** -value).toFixed(4)) })}
        />
      )}
    </>
  );
}

function Rest({ state, network, set }: Shown & Changeable) {
  const typed = (name: "finish" | "scale", label: string) => (
    <Typed
      label={label}
      value={String(network[name])}
      take={(text) => set({ [name]: readSetting("network", name, text) })}
      complain={(complaint) => state.complain(complaint)}
    />
  );
  return (
    <>
      {network.optimizer !== "sgd" && (
        <Choice
          label="schedule"
          value={network.schedule}
          names={schedules}
          words={scheduleNames}
          onChange={(schedule) => set({ schedule })}
        />
      )}
      {network.optimizer !== "sgd" && typed("finish", "last updates at 0.9")}
      <Choice
        label="weights"
        value={network.initializer}
        names={initializers}
        onChange={(initializer) => set({ initializer })}
      />
      {typed("scale", "times")}
    </>
  );
}
