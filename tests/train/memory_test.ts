import { assertNoLeak, operandKinds } from "../soak/leaks.ts";

for (const operands of operandKinds) {
  Deno.test(`Trainer holds its memory over 10,000 updates (${operands})`, async () => {
    await assertNoLeak({ kind: "steps", count: 10_000, operands });
  });

  Deno.test(`Trainer.free() gives all memory back, of 50 trainers (${operands})`, async () => {
    await assertNoLeak({ kind: "trainers", count: 50, operands });
  });
}
