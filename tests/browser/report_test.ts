import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { overflow, photograph, startChromium, view, widths } from "./browser.ts";

// Others may be named: deno task browser -- results/paper/report.html
const reports = ["experiments/figures/small/report.html", ...Deno.args];

for (const report of reports) {
  Deno.test(`${report} opens without a complaint, and is no wider than its window`, async () => {
    await using chromium = await startChromium();
    const address = pathToFileURL(Deno.realPathSync(report)).href;
    for (const width of widths) {
      const { page, complaints } = await view(chromium, address, width);
      await photograph(page, `report-${width}`);
      assertEquals(complaints, [], `at ${width} px`);
      assertEquals(await overflow(page), 0, `at ${width} px`);
    }
  });
}
