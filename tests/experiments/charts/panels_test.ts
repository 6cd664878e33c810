import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { layPanels, mostColored } from "../../../experiments/charts/panels.ts";
import { type CurveSetting, readCurves } from "../../../experiments/charts/learning_curves.ts";
import { nameSettings } from "../../../experiments/charts/setting_names.ts";
import type { TableRow } from "../../../experiments/files/tables.ts";

const columns = ["optimizer", "mu", "schedule", "learning_rate", "activation", "beta1", "lead"];

function settingsOf(rows: readonly TableRow[]): CurveSetting[] {
  const reports = rows.map((row) => ({ ...row, seed: "1", update: "1", loss: "1" }));
  return readCurves(reports, { figure: "loss", settings: columns }).settings;
}

/** Grids, whole and with holes, of a few values of each column. */
const grids = fc.record({
  optimizer: values("sgd", "cm", "nag", "adamw", "qhm", "muon", "lion", "mine"),
  mu: values("", "0.9", "0.99", "0.995", "0.999"),
  schedule: values("none", "paper", "constant"),
  learning_rate: values("0.1", "0.05", "0.02", "0.01", "0.005", "0.001"),
  activation: values("tanh", "sigmoid", ""),
  beta1: values("", "0.9", "0.99"),
}).chain((grid) => {
  const rows = Object.entries(grid).reduce<TableRow[]>(
    (rows, [column, cells]) =>
      rows.flatMap((row) => cells.map((cell) => ({ ...row, [column]: cell }))),
    [{}],
  );
  const whole = fc.constant(rows);
  return fc.oneof(whole, fc.subarray(rows, { minLength: 1, maxLength: Math.min(60, rows.length) }));
});

function values(...cells: string[]): fc.Arbitrary<string[]> {
  // Short lists as often as long ones: a grid's size is their product.
  return fc.oneof(
    fc.constantFrom(...cells).map((cell) => [cell]),
    fc.subarray(cells, { minLength: 1, maxLength: 2 }),
    fc.subarray(cells, { minLength: 1 }),
  );
}

Deno.test("layPanels() tells all lines of a panel apart by colour and dash", () => {
  fc.assert(
    fc.property(grids, (rows) => {
      const settings = settingsOf(rows);
      const { panels, rates } = layPanels(settings, columns);
      assert(panels.length <= 12);
      for (const { lines, legend } of panels) {
        const colored = lines.filter(({ isGrey }) => !isGrey);
        assert(colored.length >= 1 && colored.length <= 8);
        const looks = colored.map(({ name, rate }) => {
          const { color, dash } = legend.looks[legend.names.indexOf(name)];
          return JSON.stringify([color, rates?.looks[rates.names.indexOf(rate)].dash ?? dash]);
        });
        assertEquals(new Set(looks).size, colored.length);
        assertEquals(new Set(legend.names).size, legend.names.length);
        assert(legend.title !== "");
      }
      const drawn = panels.flatMap(({ lines }) => lines.map(({ setting }) => setting));
      assertEquals(drawn.toSorted(), settings.map(({ key }) => key).toSorted());
      const greys = panels.flatMap(({ lines }) => lines.filter(({ isGrey }) => isGrey));
      assertEquals(greys.length, settings.length > mostColored ? settings.length - 8 : 0);
    }),
    { numRuns: 400 },
  );
});

Deno.test("layPanels() gives no two lines of one dash nearly the same colour", () => {
  const channels = (color: string) => color.match(/\d+/g)!.map(Number);
  fc.assert(
    fc.property(grids, (rows) => {
      for (const { legend: { looks } } of layPanels(settingsOf(rows), columns).panels) {
        looks.forEach((a, i) =>
          looks.slice(i + 1).filter(({ dash }) => dash === a.dash).forEach((b) => {
            const [from, to] = [channels(a.color), channels(b.color)];
            // The steps of the narrowest hue, grey, in four shades.
            const distance = Math.hypot(...from.map((channel, at) => channel - to[at]));
            assert(distance > 40, `${a.color} and ${b.color}`);
          })
        );
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("layPanels() keeps the hues of sgd, cm and nag, and shades them with mu", () => {
  const rows = ["sgd", "cm", "nag", "adamw"].flatMap((optimizer) =>
    (optimizer === "sgd" ? ["0"] : ["0.9", "0.99"]).map((mu) => ({ optimizer, mu }))
  );
  const colors = (rows: TableRow[]) => {
    const { legend } = layPanels(settingsOf(rows), columns).panels[0];
    return Object.fromEntries(legend.names.map((name, i) => [name, legend.looks[i].color]));
  };
  const all = colors(rows);
  assertEquals(all["SGD"], "rgb(115,123,135)");
  assertEquals([all["CM 0.9"], all["CM 0.99"]], ["rgb(253,186,92)", "rgb(143,45,6)"]);
  assertEquals([all["NAG 0.9"], all["NAG 0.99"]], ["rgb(124,196,234)", "rgb(11,47,107)"]);
  assertEquals([all["adamw 0.9"], all["adamw 0.99"]], ["rgb(138,222,159)", "rgb(11,90,51)"]);
  assertEquals(
    colors(rows.filter(({ optimizer }) => optimizer !== "cm"))["NAG 0.9"],
    all["NAG 0.9"],
  );
});

Deno.test("layPanels() parts by learning rate, else by optimizer, else by more, else in order", () => {
  const grid = (axes: Record<string, string[]>) =>
    settingsOf(
      Object.entries(axes).reduce<TableRow[]>(
        (rows, [name, cells]) =>
          rows.flatMap((row) => cells.map((cell) => ({ ...row, [name]: cell }))),
        [{}],
      ),
    );
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => String((i + 1) / 100));
  const told = (axes: Record<string, string[]>) => {
    const { panels, note, across } = layPanels(grid(axes), columns);
    return [panels.length, note, across];
  };
  const optimizer = ["nag", "adamw"];
  assertEquals(told({ optimizer, mu: numbers(4), learning_rate: numbers(3) }), [
    ...[3, "one panel per learning rate", undefined],
  ]);
  assertEquals(told({ optimizer, mu: numbers(7) }), [2, "one panel per optimizer", undefined]);
  const schedule = ["paper", "constant"];
  assertEquals(told({ optimizer, schedule, mu: numbers(6) }), [
    ...[4, "one panel per optimizer and schedule", 2],
  ]);
  assertEquals(
    told({ optimizer: ["a", "b", "c", "d"], mu: numbers(4), learning_rate: numbers(3) }),
    [
      ...[12, "one panel per optimizer and learning rate", 3],
    ],
  );
  assertEquals(told({ optimizer: ["nag"], learning_rate: numbers(9) }), [
    ...[2, "5 settings a panel", undefined],
  ]);
});

Deno.test("nameSettings() tells different settings apart by what they hold", () => {
  const names = (...rows: TableRow[]) => nameSettings(rows, columns);
  const nag = { optimizer: "nag", mu: "0.9", schedule: "paper" };
  assertEquals(names(nag, { optimizer: "sgd", mu: "0", schedule: "none" }), {
    ...{ names: ["NAG 0.9", "SGD"], title: "optimizer, mu" },
  });
  assertEquals(
    names(
      { ...nag, learning_rate: "0.1", activation: "tanh" },
      { optimizer: "adamw", mu: "", learning_rate: "0.01", activation: "sigmoid", beta1: "0.9" },
    ),
    {
      names: ["NAG 0.9, rate 0.1, tanh", "adamw, rate 0.01, sigmoid"],
      title: "optimizer, mu, learning rate (per update), activation",
    },
  );
  // A column that one of them lacks tells them apart where nothing else does.
  assertEquals(names(nag, { ...nag, beta1: "0.5" }).names, ["NAG 0.9", "NAG 0.9, beta1 0.5"]);
  const ahead = { ...nag, optimizer: "lead" };
  assertEquals(names({ ...ahead, lead: "0.5" }, { ...ahead, lead: "2" }), {
    ...{ names: ["lead 0.9, k 0.5", "lead 0.9, k 2"], title: "optimizer, mu, lead k" },
  });
  const sgd = { optimizer: "sgd" };
  assertEquals(names({ ...sgd, mu: "0.9" }, { ...sgd, mu: "0.8" }), {
    ...{ names: ["mu 0.9", "mu 0.8"], title: "mu" },
  });
  fc.assert(fc.property(grids, (rows) => {
    const settings = settingsOf(rows).map(({ cells }) => cells);
    assertEquals(new Set(nameSettings(settings, columns).names).size, settings.length);
  }));
});
