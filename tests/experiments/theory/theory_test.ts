import { assertEquals, assertRejects } from "@std/assert";
import { theory, theoryTable } from "../../../experiments/theory/theory.ts";
import { gpuTest } from "../../gpu/fixture.ts";

gpuTest("theory() ends with the reason it is interrupted for", async ({ gpu }) => {
  const interruption = new AbortController();
  const told: string[] = [];
  const run = theory(gpu, interruption.signal, ({ id }, done, of) => {
    told.push(`${id} ${done}/${of}`);
    interruption.abort(new Error("enough"));
  });
  await assertRejects(() => run, Error, "enough");
  assertEquals(told, ["theorem-2.1 1/10"]);
});

Deno.test("theoryTable() has a line for each measurement", () => {
  const row = (what: string, holds: boolean) => ({
    what,
    float64: { residual: 1e-16, bound: 2e-16 },
    gpu: { residual: 0.5, bound: 0.25 },
    holds,
  });
  const statement = { id: "both", title: "", statement: "", source: "" };
  const numbers = {
    float64_residual: 1e-16,
    float64_bound: 2e-16,
    gpu_residual: 0.5,
    gpu_bound: 0.25,
  };
  assertEquals(
    theoryTable({
      statements: [{ ...statement, rows: [row("one", true), row("two", false)] }],
      figures: [],
    }),
    [
      { statement: "both", what: "one", ...numbers, holds: true },
      { statement: "both", what: "two", ...numbers, holds: false },
    ],
  );
});
