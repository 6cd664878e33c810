import { assertNoLeak, operandKinds } from "../soak/leaks.ts";

for (const operands of operandKinds) {
  Deno.test(`Trainer holds its memory over 10,000 updates (${operands})`, async () => {
    await assertNoLeak({ kind: "steps", count: 10_000, operands });
  });

  // So many that the driver's pools, which grow once by 4 to 10 MB within the first 80 trainers, stay
  // below the limit of the second half, 14 MB.
  Deno.test(`Trainer.free() gives all memory back, of 100 trainers (${operands})`, async () => {
    await assertNoLeak({ kind: "trainers", count: 100, operands });
  });
}
