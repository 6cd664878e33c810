/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import type { ReportOf } from "../page_state.ts";
import type { NetworkSettings } from "../settings.ts";
import { Canvas } from "./canvas.tsx";
import { drawChart, type Line, logAxis, momentumAxis } from "./line_chart.ts";
import { lookOf, networkNames } from "./network_names.ts";
import type { Shown } from "./shown.ts";

/** Points of a planned schedule. */
const planPoints = 400;

/** What the networks come to, as it comes. */
export function Charts({ state }: Shown) {
  const { reports, settings, update } = state;
  const last = Math.max(update, 10);
  const errors = linesOf(reports, ({ squaredError }) => squaredError);
  const velocities = linesOf(reports, ({ velocityNorm }) => velocityNorm);
  const momenta = momentumLines(state);
  return (
    <section class="charts" aria-label="Charts">
      <Figure title="Squared error on training images" wide>
        <Canvas
          name="errors"
          label={figuresText(state)}
          draw={(sheet) => drawChart(sheet, { lines: errors, last, axis: logAxis(errors) })}
        />
        <Legend networks={settings.networks} />
      </Figure>
      <Figure title="Momentum: as planned, and where it stands">
        <Canvas
          name="momenta"
          label={momentumText(state)}
          draw={(sheet) =>
            drawChart(sheet, {
              ...{ lines: momenta, last: settings.run.updates, axis: momentumAxis },
              marker: update,
            })}
        />
      </Figure>
      <Figure title="Norm of the velocity (CM and NAG)">
        <Canvas
          name="velocities"
          label={lastValues(state, "velocity norm", ({ velocityNorm }) => velocityNorm)}
          draw={(sheet) => drawChart(sheet, { lines: velocities, last, axis: logAxis(velocities) })}
        />
      </Figure>
      {settings.run.sharpness && <Sharpness state={state} last={last} />}
    </section>
  );
}

/** A line of each network, of those reports that have the value. */
function linesOf(
  reports: readonly ReportOf[][],
  valueOf: (report: ReportOf, network: number) => number | undefined,
): Line[] {
  return reports.map((of, i) => ({
    ...lookOf(i),
    points: of.flatMap((report) => {
      const value = valueOf(report, i);
      return value === undefined ? [] : [[report.update, value] as const];
    }),
  }));
}

function Sharpness({ state, last }: Shown & { last: number }) {
  const { reports, settings: { networks } } = state;
  const lines = linesOf(reports, ({ sharpness, rate, momentum }, i) => {
    const limit = stableSharpness(networks[i], rate, momentum ?? networks[i].momentum);
    return sharpness === undefined || limit === undefined ? undefined : sharpness / limit;
  });
  return (
    <Figure title="Sharpness as a share of what is stable (dashed: the edge)" wide>
      <Canvas
        name="sharpness"
        label={lastValues(state, "sharpness", ({ sharpness }) => sharpness)}
        draw={(sheet) => drawChart(sheet, { lines, last, axis: logAxis(lines, [1]), limit: 1 })}
      />
    </Figure>
  );
}

/**
 * The largest eigenvalue at which a quadratic is minimised at all: 2 / eps for SGD,
 * 2 (1 + mu) / eps for CM, 2 (1 + mu) / ((1 + 2 mu) eps) for NAG.
 */
export function stableSharpness(
  { optimizer }: NetworkSettings,
  rate: number,
  momentum: number,
): number | undefined {
  switch (optimizer) {
    case "sgd":
      return 2 / rate;
    case "cm":
      return 2 * (1 + momentum) / rate;
    case "nag":
      return 2 * (1 + momentum) / ((1 + 2 * momentum) * rate);
    case "adamw":
      return undefined;
  }
}

/** mu_t: what it was, and from there on what is planned, or what was set by hand. */
function momentumLines({ reports, plans, settings, update }: Shown["state"]): Line[] {
  const { run: { updates }, networks } = settings;
  const stride = Math.max(1, Math.floor(updates / planPoints));
  return networks.map((network, i) => {
    const look = lookOf(i);
    if (network.optimizer === "sgd") return { ...look, points: [] };
    const plan = plans[i] ?? (() => network.momentum);
    const past = reports[i].flatMap(({ update, momentum }) =>
      momentum === undefined ? [] : [[update, momentum] as const]
    );
    const planned: (readonly [number, number])[] = [];
    for (let t = update; t < updates; t += stride) planned.push([t, plan(t)]);
    return { ...look, points: [...past, ...planned] };
  });
}

function Figure({ title, wide, children }: {
  title: string;
  wide?: boolean;
  children: ComponentChildren;
}) {
  return (
    <figure class={wide ? "wide" : ""}>
      <figcaption>{title}</figcaption>
      {children}
    </figure>
  );
}

function Legend({ networks }: { networks: readonly NetworkSettings[] }) {
  return (
    <ul class="legend">
      {networkNames(networks).map((name, i) => (
        <li key={i}>
          <Swatch index={i} />
          {name}
        </li>
      ))}
    </ul>
  );
}

/** The line of a network, as charts draw it. */
export function Swatch({ index }: { index: number }) {
  const { color, dash } = lookOf(index);
  return (
    <svg class="swatch" viewBox="0 0 28 6" aria-hidden="true">
      <path d="M0,3H28" stroke={`var(--${color})`} stroke-dasharray={dash.join(" ")} />
    </svg>
  );
}

/** The last errors in words. */
export function figuresText(state: Shown["state"]): string {
  return lastValues(state, "squared error", ({ squaredError }) => squaredError);
}

function momentumText(state: Shown["state"]): string {
  return lastValues(state, "momentum", ({ momentum }) => momentum);
}

function lastValues(
  { reports, settings, update }: Shown["state"],
  what: string,
  valueOf: (report: ReportOf) => number | undefined,
): string {
  const names = networkNames(settings.networks);
  const values = reports.flatMap((of, i) => {
    const value = of.length > 0 ? valueOf(of[of.length - 1]) : undefined;
    return value === undefined ? [] : [`${names[i]} ${numberText(value)}`];
  });
  return `${what} after ${update} updates: ${values.join(", ") || "none yet"}`;
}

/** Three digits, or that there is no number. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "diverged";
}
