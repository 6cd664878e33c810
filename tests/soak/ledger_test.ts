import { assertEquals } from "@std/assert";
import { Ledger } from "./ledger.ts";

const kill = { section: "kills", fault: "SIGKILL", survival: "goes on" };
const cut = { section: "properties", fault: "cut file", survival: "one error" };

Deno.test("Ledger counts faults tried and survived, by kind", () => {
  const ledger = new Ledger();
  ledger.survived(kill);
  ledger.survived({ ...cut, count: 1999 });
  ledger.survived(kill);
  ledger.failed(cut, new Error("two lines"));
  assertEquals(ledger.rows, [
    { ...kill, tried: 2, survived: 2 },
    { ...cut, tried: 2000, survived: 1999 },
  ]);
  assertEquals(ledger.failures, ["properties: cut file: two lines"]);
  assertEquals(
    ledger.toMarkdown(),
    "| fault | survived means | tried | survived |\n| --- | --- | --: | --: |\n" +
      "| SIGKILL | goes on | 2 | 2 |\n| cut file | one error | 2,000 | 1,999 |\n",
  );
  assertEquals(
    ledger.toCSV(),
    "section,fault,survival,tried,survived\nkills,SIGKILL,goes on,2,2\n" +
      "properties,cut file,one error,2000,1999\n",
  );
});
