import { assertEquals, assertThrows } from "@std/assert";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { pointwise, type VectorsByName } from "../../core/ops/pointwise.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

const whole = new VectorLayout([
  { name: "a", rows: 3, columns: 5 },
  { name: "b", rows: 1, columns: 5, isBias: true },
  { name: "c", rows: 17, columns: 70 },
  { name: "d", rows: 2, columns: 2 },
]);

/** The tensors of these names alone. */
function only(...names: string[]): VectorLayout {
  return new VectorLayout(whole.tensors.filter(({ name }) => names.includes(name)));
}

/** A vector of three networks with numbers in all its tensors. */
function vector(bench: Bench, layout: VectorLayout, stream: number): Vector {
  const made = bench.take(new Vector(bench.gpu, "test", layout, 3));
  for (let r = 0; r < 3; r++) {
    made.write(
      r,
      layout.tensors.map(({ name, rows, columns }) =>
        draw(rows * columns, stream + 10 * r + 100 * name.charCodeAt(0))
      ),
    );
  }
  return made;
}

async function contents(vector: Vector): Promise<Record<string, Float32Array>[]> {
  return await Promise.all([0, 1, 2].map(async (r) => {
    const tensors = await vector.read(r);
    return Object.fromEntries(vector.layout.tensors.map(({ name }, t) => [name, tensors[t]]));
  }));
}

for (const names of [["b"], ["a", "c"], ["c", "d"], ["a", "b", "c", "d"]]) {
  gpuTest(`a vector of ${names} alone is changed by one of all tensors`, async (bench) => {
    const small = vector(bench, only(...names), 1);
    const large = vector(bench, whole, 2);
    const [before, added] = [await contents(small), await contents(large)];
    bench.run((plan) =>
      pointwise(plan, {
        name: "test",
        body: "small += large;",
        updates: { small },
        reads: { large },
        groupOf: whole.tensors.map(({ name }) => names.includes(name) ? 0 : undefined),
      })
    );
    const sums = before.map((tensors, r) =>
      Object.fromEntries(
        Object.entries(tensors).map((
          [name, values],
        ) => [name, values.map((x, i) => x + added[r][name][i])]),
      )
    );
    assertEquals(await contents(small), sums);
    assertEquals(await contents(large), added);
  });

  gpuTest(`one of all tensors is changed by a vector of ${names} alone`, async (bench) => {
    const small = vector(bench, only(...names), 1);
    const large = vector(bench, whole, 2);
    const [added, before] = [await contents(small), await contents(large)];
    bench.run((plan) =>
      pointwise(plan, {
        name: "test",
        body: "large += small;",
        updates: { large },
        reads: { small },
        groupOf: whole.tensors.map(({ name }) => names.includes(name) ? 0 : undefined),
      })
    );
    const sums = before.map((tensors, r) =>
      Object.fromEntries(
        Object.entries(tensors).map((
          [name, values],
        ) => [name, added[r][name] ? values.map((x, i) => x + added[r][name][i]) : values]),
      )
    );
    assertEquals(await contents(large), sums);
  });
}

gpuTest("where no tensor has a group nothing is recorded", async (bench) => {
  const [none, large] = [vector(bench, only(), 1), vector(bench, whole, 2)];
  const job = (updates: VectorsByName) => ({
    ...{ name: "test", body: "large += none;", reads: { none }, updates },
    groupOf: whole.tensors.map(() => undefined),
  });
  const plan = bench.run((plan) => pointwise(plan, job({ large })));
  assertEquals(plan.length, 0);
  assertEquals(await contents(none), [{}, {}, {}]);
});

gpuTest("vectors of three layouts are refused", (bench) => {
  const updates = Object.fromEntries(
    [whole, only("a"), only("c")].map((layout, i) => [`v${i}`, vector(bench, layout, i)]),
  );
  bench.run((plan) => {
    assertThrows(
      () => pointwise(plan, { name: "test", body: "", updates }),
      RangeError,
      "vectors of three layouts",
    );
  });
});
