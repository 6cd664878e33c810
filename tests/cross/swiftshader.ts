// The tests of the engine on another driver of Vulkan, which Debian's chromium brings along:
// SwiftShader. Its exp() and log() of NaN are numbers, and it takes subnormal numbers for 0.

import { assertEquals } from "@std/assert";
import { beside, runDeno } from "../experiments/processes.ts";
import { engineTests } from "./engine_tests.ts";

const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Those besides that read files, or hold to when Deno tells of an error. */
const further = ["data/dataset", "gpu/gpu", "gpu/hardware", "optim/families"]
  .map((name) => beside(`../${name}_test.ts`));

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

Deno.test("the engine holds on SwiftShader what it is held to", async () => {
  const adapter = beside("../../experiments/setup.ts");
  assertEquals(/swiftshader/i.test(await onSwiftShader("run", adapter)), true);
  await onSwiftShader("test", "--no-check", "--parallel", ...engineTests, ...further);
});
