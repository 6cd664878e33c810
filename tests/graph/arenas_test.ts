import { assertEquals } from "@std/assert";
import { arenasOf } from "../../core/graph/arenas.ts";
import { type Layer, Tape } from "../../core/graph/tape.ts";
import { residual } from "../../core/layers/add.ts";
import { dense } from "../../core/layers/dense.ts";
import { layerNorm } from "../../core/layers/layer_norm.ts";
import { sequential } from "../../core/layers/sequential.ts";

/** The numbers of the values that lie together. */
function arenas(layers: Layer) {
  const tape = new Tape(3);
  layers(tape, tape.input);
  const { data, delta } = arenasOf(tape);
  const ids = (arenas: typeof data) => arenas.map((values) => values.map(({ id }) => id));
  return { data: ids(data), delta: ids(delta) };
}

const tanh = (units: number) => dense({ units, activation: "tanh" });

Deno.test("arenasOf() parts what a layer reads from what it writes, the ends in front", () => {
  assertEquals(arenas(sequential(tanh(4), tanh(5), tanh(6), dense({ units: 2 }))), {
    data: [[0, 2], [1, 3]],
    delta: [[4, 2], [3, 1]],
  });
});

Deno.test("arenasOf() parts all that a sum reads from what it writes", () => {
  // 1 is read by 2 and by the sum, 3.
  const layers = sequential(tanh(4), residual(tanh(4)), dense({ units: 2 }));
  assertEquals(arenas(layers), { data: [[0, 2], [1], [3]], delta: [[4, 2], [3], [1]] });
});

Deno.test("arenasOf() leaves alone what other operations read or write", () => {
  // 1 is read by a norm, which keeps 3 to 5 besides and writes 2.
  const layers = sequential(
    dense({ units: 4 }),
    layerNorm(),
    tanh(4),
    tanh(5),
    dense({ units: 2 }),
  );
  assertEquals(arenas(layers), { data: [[0, 7], [6]], delta: [[8, 6], [7]] });
});
