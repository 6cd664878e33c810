import { assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import type { Page } from "puppeteer-core";
import { lessons } from "../../experiments/page/lessons.ts";
import { servePage } from "../../experiments/page/serve_page.ts";
import { idx } from "../experiments/page/idx.ts";
import { pause } from "../experiments/processes.ts";
import { scratch } from "../experiments/scratch.ts";
import { overflow, photograph, showIn, startChromium, type View, view, widths } from "./browser.ts";

/** SwiftShader compiles for seconds, on a busy machine for long ones. */
const patience_ms = 60_000;

/** Networks that a processor trains fast. */
const small = "#run=hidden:20-6,updates:200,batch:20,cases:200" +
  "&network=optimizer:nag&network=optimizer:sgd";

/** Opens the page, and waits until its networks are there. */
async function opened(
  browser: Awaited<ReturnType<typeof startChromium>>,
  address: string,
  width = 1280,
): Promise<View> {
  const opened = await view(browser, address, width);
  await until(opened.page, "#standing", "ready");
  await until(opened.page, ".card .figure", /\d/);
  return opened;
}

/** Waits until the page shows something. */
async function until(page: Page, selector: string, text: string | RegExp): Promise<void> {
  const { source } = text instanceof RegExp ? text : { source: RegExp.escape(text) };
  await page.waitForFunction(
    (selector, source) =>
      new RegExp(source).test(document.querySelector(selector)?.textContent ?? ""),
    { timeout: patience_ms },
    selector,
    source,
  );
}

function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, ({ textContent }) => textContent ?? "");
}

async function updateOf(page: Page): Promise<number> {
  return Number((await textOf(page, "#standing")).match(/update ([\d,]+)/)![1].replace(",", ""));
}

function errorsOf(page: Page): Promise<number[]> {
  return page.$$eval(".card .figure", (all) => all.map((each) => parseFloat(each.textContent!)));
}

async function press(page: Page, button: string): Promise<void> {
  await page.locator(`::-p-xpath(//button[normalize-space()="${button}"])`).click();
}

Deno.test("networks train, pause and step; a slider acts amid training; a link holds it", async () => {
  using folder = scratch();
  await using served = await servePage(0);
  await using chromium = await startChromium();
  const address = `http://127.0.0.1:${served.port}/`;
  const { page, complaints } = await opened(chromium, address + small);
  const others: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !/^(blob|data):/.test(request.url())) {
      others.push(request.url());
    }
  });
  const first = await errorsOf(page);
  await press(page, "Start");
  await page.waitForFunction(
    () => Number(document.querySelector("#standing")!.textContent!.match(/update (\d+)/)![1]) >= 8,
    { timeout: patience_ms },
  );
  const later = await errorsOf(page);
  later.forEach((error, i) => assertLess(error, first[i]));
  // With the keyboard alone.
  await page.focus('.card input[aria-valuetext="0.9"]');
  await page.keyboard.press("ArrowRight");
  await until(page, "legend", "NAG 0.9109");
  await page.waitForFunction(
    () => document.querySelector("#momenta")!.ariaLabel!.includes("NAG 0.9109 0.911"),
    { timeout: patience_ms },
  );
  await press(page, "Pause");
  await until(page, "#standing", "ready");
  const paused = await updateOf(page);
  await pause(1000);
  assertEquals(await updateOf(page), paused);
  await press(page, "Step");
  await until(page, "#standing", `update ${paused + 1} of`);
  assertMatch(
    await textOf(page, "#spoken"),
    /ready: squared error after \d+ updates: NAG 0.9109 \d/,
  );

  const session = await chromium.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", {
    ...{ behavior: "allow", downloadPath: folder.path, eventsEnabled: true },
    browserContextId: page.browserContext().id!,
  });
  const saved = new Promise<void>((resolve) => {
    session.on("Browser.downloadProgress", ({ state }) => state === "completed" && resolve());
  });
  await press(page, "Download CSV");
  await saved;
  const [head, ...rows] = Deno.readTextFileSync(`${folder.path}/curve.csv`).trimEnd().split("\r\n");
  assertMatch(head, /^network,optimizer,.*,train_squared_error,velocity_norm,sharpness$/);
  assertMatch(
    rows.find((row) => row.startsWith(`1,nag,paper,0,glorot,4,${paused + 1},`))!,
    /0\.9109/,
  );

  const link = await page.evaluate(() => location.href);
  const copy = await opened(chromium, link);
  assertEquals(await textOf(copy.page, "legend"), "NAG 0.9109");
  assertEquals(await errorsOf(copy.page), first);
  await press(page, "Reset");
  await until(page, "#standing", "update 0 of");
  assertEquals([others, complaints, copy.complaints], [[], [], []]);
});

Deno.test("each lesson is a link that shows its text and its networks", async () => {
  await using served = await servePage(0);
  await using chromium = await startChromium();
  const { page, complaints } = await opened(chromium, `http://127.0.0.1:${served.port}/${small}`);
  for (const { title, question, settings } of lessons) {
    await page.locator(`::-p-xpath(//nav//a[text()="${title}"])`).click();
    await until(page, ".question", question);
    assertEquals((await page.$$(".card")).length, settings.networks.length);
    await until(page, ".card .figure", /\d/);
    assertEquals(await page.$$(".complaint"), []);
  }
  assertEquals(complaints, []);
});

/** Has a file be dropped onto the page. */
async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.evaluate(
    (name, bytes) => {
      const files = new DataTransfer();
      files.items.add(new File([Uint8Array.from(bytes)], name));
      const event = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
      document.querySelector("#drop")!.dispatchEvent(event);
    },
    name,
    [...bytes],
  );
}

Deno.test("dropped images are trained on, and what is none is refused in a line", async () => {
  await using served = await servePage(0);
  await using chromium = await startChromium();
  const { page, complaints } = await opened(chromium, `http://127.0.0.1:${served.port}/${small}`);
  const curves = await errorsOf(page);
  await drop(page, "digits", idx([30, 7, 5], (i) => 37 * i % 256));
  await until(page, "#data", "Trained on 30 images of digits");
  await until(page, ".card .figure", /\d/);
  assertLess((await errorsOf(page))[0], curves[0]);
  assertEquals(await page.$eval(".strip", (strip) => (strip as HTMLCanvasElement).height), 7);
  await press(page, "Step");
  await until(page, "#standing", "update 1 of");

  await drop(page, "labels", idx([30], () => 1));
  await until(page, ".complaint", "labels: it holds labels, where images belong");
  await drop(page, "notes.txt", new TextEncoder().encode("no images"));
  await until(page, ".complaint", "notes.txt: an IDX file starts with the bytes 00 00");
  // The networks are as they were.
  assertEquals([await updateOf(page), await textOf(page, "#data")], [
    1,
    "Trained on 30 images of digits, which a link does not hold.",
  ]);
  await drop(page, "few", idx([3, 7, 5], () => 1));
  await until(page, ".complaint", "the batch size must be a whole number from 1 to the 3");
  assertEquals(complaints, []);
});

Deno.test("a link that is out of range is told, and the usual settings are shown", async () => {
  await using served = await servePage(0);
  await using chromium = await startChromium();
  const address = `http://127.0.0.1:${served.port}/#network=momentum:1.5`;
  const { page, complaints } = await view(chromium, address, 1280);
  await until(page, ".complaint", "momentum must be a number of at least 0 and below 1");
  assertEquals(await page.$$eval("legend", (all) => all.map(({ textContent }) => textContent)), [
    ...["NAG 0.9", "CM 0.9", "SGD"],
  ]);
  assertEquals(complaints, []);
});

Deno.test("without WebGPU the page says which browsers have it, and the bowl remains", async () => {
  await using served = await servePage(0);
  await using chromium = await startChromium();
  const address = `http://127.0.0.1:${served.port}/`;
  const { page, complaints } = await view(chromium, "about:blank", 400);
  await page.evaluateOnNewDocument(() => {
    Reflect.deleteProperty(Navigator.prototype, "gpu");
  });
  await page.goto(address);
  await until(page, '[role="alert"]', /Chrome and Edge.*Safari.*Firefox/);
  const before = await page.$eval("#trails", ({ ariaLabel }) => ariaLabel);
  await page.focus(".bowl input");
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(
    (before) => document.querySelector("#trails")!.ariaLabel !== before,
    {},
    before,
  );
  assertEquals(await page.$$("#standing"), []);
  await photograph(page, "page-no-webgpu");
  assertEquals(await overflow(page), 0);
  assertEquals(complaints, []);
});

/** What a screen reader tells of controls and drawings: how many, and those that it has no name for. */
async function controls(page: Page) {
  const roles = ["button", "slider", "combobox", "textbox", "checkbox", "link", "image"];
  const { nodes } = await (await page.createCDPSession()).send("Accessibility.getFullAXTree");
  const told = nodes.filter(({ role, ignored }) => !ignored && roles.includes(role?.value))
    .map(({ role, name }) => ({ role: role!.value as string, name: name?.value as string }));
  return { count: told.length, nameless: told.filter(({ name }) => !name) };
}

Deno.test("the page fits phones and desks, dark and light, and its controls have names", async () => {
  await using served = await servePage(0);
  await using chromium = await startChromium();
  const measured = small.replace("run=", "run=sharpness:yes,");
  const address = `http://127.0.0.1:${served.port}/${measured}&lesson=${lessons[1].name}`;
  const { page, complaints } = await opened(chromium, address);
  await press(page, "Start");
  await page.waitForFunction(
    () => Number(document.querySelector("#standing")!.textContent!.match(/update (\d+)/)![1]) > 3,
    { timeout: patience_ms },
  );
  await press(page, "Pause");
  await until(page, "#standing", "ready");
  for (const width of widths) {
    await page.setViewport({ width, height: 900 });
    for (const scheme of ["light", "dark"] as const) {
      await showIn(page, scheme);
      await pause(200);
      await photograph(page, `page-${width}-${scheme}`);
    }
    assertEquals(await overflow(page), 0);
  }
  const { count, nameless } = await controls(page);
  assertGreater(count, 20);
  assertEquals([nameless, complaints], [[], []]);
});
