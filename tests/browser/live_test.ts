import { assertEquals } from "@std/assert";
import { openLive } from "../../experiments/live/live.ts";
import { beside, linesOnStderr, pause, spawnDeno, whenReady } from "../experiments/processes.ts";
import { figure, row } from "../experiments/live/rows.ts";
import { scratch } from "../experiments/scratch.ts";
import { overflow, photograph, startChromium, type View, view, widths } from "./browser.ts";

/** A picture of one pixel. */
const pixel = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
);

/** What stands on the page. */
function standing({ page }: View) {
  return page.evaluate(() => {
    const text = (selector: string) => document.querySelector(selector)?.textContent;
    const all = (selector: string) => [...document.querySelectorAll(selector)];
    return {
      points: all("#chart .course").map((line) => Number(line.getAttribute("data-points"))),
      names: all("#legend li").map(({ textContent }) => textContent),
      table: all("#networks tr").map((row) => row.querySelector("td:nth-child(2)")?.textContent),
      crosses: all("#chart .diverged").length,
      pictures: all("#pictures img").map((image) => (image as HTMLImageElement).naturalWidth),
      status: text("#status"),
      bar: (document.querySelector("#bar") as HTMLProgressElement).value,
    };
  });
}

/** Waits until the page shows something. */
async function until(view: View, selector: string, text: string): Promise<void> {
  await view.page.waitForFunction(
    (selector, text) => document.querySelector(selector)?.textContent?.includes(text),
    { timeout: 10_000 },
    selector,
    text,
  );
}

Deno.test("the page follows a run from its first row to its end", async () => {
  using folder = scratch();
  await using chromium = await startChromium();
  await linesOnStderr(async () => {
    const live = openLive({ folder: folder.path, title: "a run", port: 0, figure });
    const views = await Promise.all(widths.map((width) => view(chromium, live.url, width)));
    const report = async (update: number, errors: readonly string[]) => {
      live.rows(errors.map((error, i) => row({ mu: String(i), update, error })));
      live.progress({
        ...{ done: update, total: 200, unit: "updates", rate: 12.345, secondsLeft: 3725 },
      });
      for (const each of views) await until(each, "#networks", String(update));
    };
    await report(17, ["60", "61"]);
    for (const each of views) {
      const { points, names, status } = await standing(each);
      assertEquals([points, names], [[1, 1], ["μ 0", "μ 1"]]);
      assertEquals(status, "running · 17 of 200 updates · 12.3/s · 1:02:05 left");
    }
    await report(58, ["9.87654321", "NaN", "70"]);
    folder.write("montage.png", pixel);
    live.renewed("montage.png");
    await report(99, ["8", "NaN", "7"]);
    for (const each of views) {
      await until(each, "#pictures", "Cases that the networks are trained on");
    }
    views.push(await view(chromium, live.url, 640));
    await until(views[2], "#networks", "99");
    await views[2].page.waitForSelector("#pictures img");
    for (const each of views) {
      await each.page.waitForFunction(() =>
        [...document.querySelectorAll<HTMLImageElement>("#pictures img")].every(({ complete }) =>
          complete
        )
      );
      const { points, names, table, crosses, pictures } = await standing(each);
      assertEquals(points, [3, 1, 2]);
      assertEquals(names, ["μ 0", "μ 1", "μ 2"]);
      assertEquals(table, ["7", "8", "NaN"]);
      assertEquals([crosses, pictures], [1, [1]]);
    }
    live.ended("finished");
    views.push(await view(chromium, live.url, 640));
    await until(views[3], "#status", "ended: finished");
    await live[Symbol.asyncDispose]();
    // Longer than a browser waits before it connects anew, which would be a complaint.
    await pause(4000);
    for (const [i, each] of views.entries()) {
      await until(each, "#status", "ended: finished");
      await photograph(each.page, `live-${["narrow", "wide", "late", "last"][i]}`);
      const { status, bar } = await standing(each);
      assertEquals([status, bar], ["ended: finished · 99 of 200 updates", 99 / 200]);
      assertEquals(await each.page.title(), "finished · a run");
      assertEquals(await overflow(each.page), 0);
      assertEquals(each.complaints, []);
    }
  });
});

Deno.test("the page says that a program is gone, and shows what it had told", async () => {
  await using chromium = await startChromium();
  const child = spawnDeno(["run", "-A", beside("../browser/watched_program.ts")]);
  await whenReady(child, async (child, address) => {
    const watched = await view(chromium, address, 1280);
    await until(watched, "#status", "running");
    child.kill("SIGKILL");
    await until(watched, "#status", "no connection");
    const { points, table } = await standing(watched);
    assertEquals([points, table], [[2], ["30"]]);
  });
});

Deno.test("the page shows the next program at its address by itself", async () => {
  using folder = scratch();
  await using chromium = await startChromium();
  await linesOnStderr(async () => {
    const options = { folder: folder.path, figure };
    const first = openLive({ ...options, title: "the first", port: 0 });
    const port = Number(new URL(first.url).port);
    const watched = await view(chromium, first.url, 1280);
    await until(watched, "#title", "the first");
    await first[Symbol.asyncDispose]();
    await until(watched, "#status", "no connection");
    await using _second = openLive({ ...options, title: "the second", port });
    await until(watched, "#title", "the second");
    await until(watched, "#status", "running");
  });
});

Deno.test("a pointer on an entry brings its line out, also while rows come", async () => {
  using folder = scratch();
  await using chromium = await startChromium();
  await linesOnStderr(async () => {
    await using live = openLive({ folder: folder.path, title: "a run", port: 0, figure });
    const report = (update: number) =>
      live.rows(["0", "1"].map((mu) => row({ mu, update, error: String(60 - update) })));
    report(0), report(10);
    const { page, complaints } = await view(chromium, live.url, 1280);
    await page.hover("#legend li:nth-child(2)");
    const chosen = () =>
      page.$$eval(
        "#chart .course.chosen",
        (lines) =>
          lines.map((line) => [line.getAttribute("data-id"), line.getAttribute("data-points")]),
      );
    assertEquals(await chosen(), [["1", "2"]]);
    report(20);
    await page.waitForSelector('#chart .course[data-points="3"]');
    assertEquals(await chosen(), [["1", "3"]]);
    await page.mouse.move(0, 0);
    assertEquals(await chosen(), []);
    assertEquals(complaints, []);
  });
});
