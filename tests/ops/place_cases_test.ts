import { assertEquals } from "@std/assert";
import { placeCases } from "../../core/ops/place_cases.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";

gpuTest("placeCases() fills a list of cases from the step's position on", async (bench) => {
  const [replicas, batch, cases] = [3, 4, 10];
  const drawn = draw(replicas * batch, 1);
  const list = bench.buffer(new Float32Array(replicas * cases).fill(-1));
  const plan = bench.run(
    (plan) => placeCases(plan, { values: bench.buffer(drawn), list }, { batch, cases, replicas }),
    { position: 4 },
  );
  bench.step(plan, { position: 8 }); // of this batch only two cases are left
  const wanted = Array.from({ length: replicas }, (_, r) => {
    const own = [...drawn.subarray(r * batch, (r + 1) * batch)];
    return [-1, -1, -1, -1, ...own, ...own.slice(0, 2)];
  });
  assertEquals([...(await bench.floats(list)).subarray(0, replicas * cases)], wanted.flat());
});
