/** @jsxImportSource preact */
import { type Place, start, type Trails, trails } from "./bowl.ts";
import { Canvas, type Sheet } from "./canvas.tsx";
import { Slider } from "./fields.tsx";
import { dot, stroke, write } from "./line_chart.ts";
import type { Shown } from "./shown.ts";

/** What is shown of the bowl in each direction. */
const reach = [1.35, 1.15] as const;
const levels = [0.003, 0.01, 0.03, 0.08, 0.17, 0.3, 0.5, 0.8, 1.2];

/** CM and NAG in a quadratic bowl, whose sliders need no GPU. */
export function Bowl({ state }: Shown) {
  const { bowl } = state.settings;
  const made = trails(bowl);
  return (
    <section aria-labelledby="bowl">
      <h2 id="bowl">A quadratic bowl</h2>
      <p>
        Theorem 2.1: along a direction of curvature λ, NAG is CM with the momentum μ (1 − ελ).
        Circles are CM with that momentum; NAG passes through all of them.
      </p>
      <div class="bowl">
        <Canvas name="trails" label={bowlText(made)} draw={(sheet) => drawTrails(sheet, made)} />
        <div class="bowlSide">
          <Slider
            label="learning rate ε"
            value={bowl.rate}
            text={String(bowl.rate)}
            {...{ min: 0.02, max: 2, step: 0.02 }}
            onInput={(rate) => state.setBowl({ rate })}
          />
          <Slider
            label="momentum μ"
            value={bowl.momentum}
            text={String(bowl.momentum)}
            {...{ min: 0, max: 0.99, step: 0.01 }}
            onInput={(momentum) => state.setBowl({ momentum })}
          />
          <Slider
            label="curvatures: steep over flat"
            value={Math.log10(bowl.condition)}
            text={String(bowl.condition)}
            {...{ min: 0, max: 3, step: 0.05 }}
            onInput={(value) => state.setBowl({ condition: Number((10 ** value).toPrecision(2)) })}
          />
          <Slider
            label="updates"
            value={bowl.updates}
            text={String(bowl.updates)}
            {...{ min: 1, max: 200, step: 1 }}
            onInput={(updates) => state.setBowl({ updates })}
          />
          <Momenta momentum={bowl.momentum} trails={made} />
        </div>
      </div>
    </section>
  );
}

function Momenta({ momentum, trails: { curvatures, momenta, apart } }: {
  momentum: number;
  trails: Trails;
}) {
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>direction</th>
            <th>λ</th>
            <th class="cm">CM: μ</th>
            <th class="nag">NAG: μ (1 − ελ)</th>
          </tr>
        </thead>
        <tbody>
          {["flat", "steep"].map((name, i) => (
            <tr key={name}>
              <th>{name}</th>
              <td>{curvatures[i].toPrecision(2)}</td>
              <td>{momentum}</td>
              <td>{momenta[i].toFixed(3)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft">
        NAG and the theorem are {apart.toExponential(0)} apart at most, which is rounding.
      </p>
    </>
  );
}

function bowlText({ cm, nag }: Trails): string {
  const words = ([x, y]: Place) => `${x.toPrecision(2)} along, ${y.toPrecision(2)} across`;
  return `the minimum is at 0; after ${cm.length - 1} updates CM is at ${words(cm.at(-1)!)}, ` +
    `NAG at ${words(nag.at(-1)!)}`;
}

function drawTrails(sheet: Sheet, { cm, nag, theorem, curvatures }: Trails): void {
  const { context, width, height, color } = sheet;
  const scale = [width / 2 / reach[0], height / 2 / reach[1]];
  const at = ([x, y]: Place) => [width / 2 + x * scale[0], height / 2 - y * scale[1]] as const;
  context.strokeStyle = color("line");
  for (const level of levels) {
    const [a, b] = curvatures.map((curvature, i) => Math.sqrt(2 * level / curvature) * scale[i]);
    context.beginPath();
    context.ellipse(width / 2, height / 2, a, b, 0, 0, 2 * Math.PI);
    context.stroke();
  }
  dot(context, color("soft"), at([0, 0]));
  for (const [trail, name, dash] of [[cm, "cm", [5, 3]], [nag, "nag", []]] as const) {
    context.lineWidth = 2;
    context.setLineDash([...dash]);
    stroke(context, color(name), trail.map(at));
    context.setLineDash([]);
    for (const place of trail) dot(context, color(name), at(place), 2);
    dot(context, color(name), at(trail.at(-1)!), 5);
  }
  context.lineWidth = 1;
  context.strokeStyle = color("ink");
  for (const place of theorem) {
    context.beginPath();
    context.arc(...at(place), 4.5, 0, 2 * Math.PI);
    context.stroke();
  }
  dot(context, color("ink"), at(start));
  write(sheet, "start", at(start)[0] + 8, at(start)[1] - 6, "left");
  legend(sheet);
}

function legend(sheet: Sheet): void {
  const { context, color, height } = sheet;
  const y = height - 12;
  [["cm", "CM", [5, 3]] as const, ["nag", "NAG", []] as const].forEach(([name, words, dash], i) => {
    const x = 12 + 70 * i;
    context.lineWidth = 2;
    context.setLineDash([...dash]);
    stroke(context, color(name), [[x, y - 4], [x + 20, y - 4]]);
    context.setLineDash([]);
    write(sheet, words, x + 26, y, "left");
  });
}
