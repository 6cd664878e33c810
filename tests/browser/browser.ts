// Chromium for tests, without a window.

import puppeteer, { type Browser, type ConsoleMessage, type Page } from "puppeteer-core";

/** Widths of a phone and of a desk, in CSS pixels. */
export const widths = [400, 1280] as const;

const programs = ["chromium", "chromium-browser", "google-chrome"];

/** Where each test leaves what it saw, to be looked at. */
const pictures = "results/browser";

/** A page in Chromium, and all that was wrong with it. */
export interface View {
  readonly page: Page;
  /** What the console said of errors, files that are missing among them, and warnings. */
  readonly complaints: string[];
}

/** Starts Chromium, whose WebGPU is SwiftShader in software; it ends with the block. */
export async function startChromium(): Promise<Browser & AsyncDisposable> {
  return await puppeteer.launch({
    executablePath: await findChromium(),
    args: ["--no-sandbox", "--enable-unsafe-webgpu"],
    // SwiftShader compiles for minutes where a machine is busy.
    protocolTimeout: 1_800_000,
  });
}

/** Opens an address in a window as wide as `width`; a tab that is hidden would not be drawn. */
export async function view(browser: Browser, address: string, width: number): Promise<View> {
  const page = await (await browser.createBrowserContext()).newPage();
  const complaints: string[] = [];
  page.on("console", (message: ConsoleMessage) => {
    if (["error", "warn"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.setViewport({ width, height: 900 });
  await page.goto(address);
  return { page, complaints };
}

/** Has the page be dark or light. */
export async function showIn(page: Page, scheme: "dark" | "light"): Promise<void> {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
}

/** How many pixels the page is wider than its window, which is then scrolled sideways. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() =>
    Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) -
    document.documentElement.clientWidth
  );
}

/** Leaves a picture of the whole page. */
export async function photograph(page: Page, name: string): Promise<void> {
  await Deno.mkdir(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

/** The first of the programs that is there. */
async function findChromium(): Promise<string> {
  for (const program of programs) {
    for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
      const path = `${folder}/${program}`;
      if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
    }
  }
  throw new Error(`none of ${programs.join(", ")} is installed: apt-get install chromium`);
}
