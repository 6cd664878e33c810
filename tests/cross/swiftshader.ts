// Tests of the engine on another driver of Vulkan, which Debian's chromium brings along: SwiftShader.
// It compiles large kernels for minutes; these are the tests without products. Its exp() and log() of
// NaN are numbers, which nothing may be taken in by.

import { assertEquals } from "@std/assert";
import { beside, runDeno } from "../experiments/processes.ts";

const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";

const files = [
  ...["dataset", "fresh_sequences"].map((name) => `data/${name}`),
  ...["plan", "readback", "scalars", "tensor", "uniform", "vector"].map((name) => `gpu/${name}`),
  ...["cross_entropy", "losses"].map((name) => `graph/${name}`),
  ...["activation", "axpy", "case_mean", "column_sum", "gather", "gaussian_noise", "gram_schmidt"]
    .map((name) => `ops/${name}`),
  ...["norm", "place_cases", "probe", "sequence_loss", "softmax_rows", "sum", "tree_sum"]
    .map((name) => `ops/${name}`),
].map((name) => beside(`../${name}_test.ts`));

/** Runs Deno on SwiftShader alone. */
async function onSwiftShader(command: string, ...args: readonly string[]): Promise<string> {
  await Deno.stat(driver).catch(() => {
    throw new Error(`no ${driver}: apt-get install chromium`);
  });
  const env = { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, DENO_WEBGPU_BACKEND: "vulkan" };
  const config = ["--config", beside("../../deno.json")];
  const { status, stdout, stderr } = await runDeno([command, "-A", ...config, ...args], { env });
  assertEquals(status, 0, `${stdout}\n${stderr}`);
  return stdout;
}

Deno.test("kernels give on SwiftShader what they are held to", async () => {
  const adapter = beside("../../experiments/setup.ts");
  assertEquals(/swiftshader/i.test(await onSwiftShader("run", adapter)), true);
  await onSwiftShader("test", "--no-check", ...files);
});
