// The layer of Khronos that checks every call of Vulkan, over a training run.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { beside, runDeno } from "../experiments/processes.ts";
import { scratch } from "../experiments/scratch.ts";
import { networkNames } from "./training.ts";

const library = "libVkLayer_khronos_validation.so";

/** Beside Debian's chromium, and of the package vulkan-validationlayers. */
const folders = ["/usr/lib/chromium", "/usr/lib/x86_64-linux-gnu"];

/** What naga 29 declares for arrays of workgroups, which the rules of SPIR-V have no place for. */
const ofNaga =
  /StandaloneSpirv-None-10684[^]*the Workgroup storage class has an explicit layout from the ArrayStride/;

async function findLibrary(): Promise<string> {
  for (const folder of folders) {
    const path = `${folder}/${library}`;
    if (await Deno.stat(path).then(() => true, () => false)) return path;
  }
  throw new Error(`no ${library}: apt-get install vulkan-validationlayers`);
}

Deno.test("training makes no call that the validation layer objects to", async () => {
  using folder = scratch();
  const manifest = {
    file_format_version: "1.2.0",
    layer: {
      name: "VK_LAYER_KHRONOS_validation",
      type: "GLOBAL",
      library_path: await findLibrary(),
      api_version: "1.3.239",
      implementation_version: "1",
      description: "what the calls of a run are checked by",
    },
  };
  folder.write("validation.json", new TextEncoder().encode(JSON.stringify(manifest)));
  const program = `
    import { train } from ${JSON.stringify(import.meta.resolve("./training.ts"))};
    for (const name of ${JSON.stringify(networkNames)}) await train(name, [3]);
    console.log(Deno.readTextFileSync("/proc/self/maps").includes("${library}"));
  `;
  const file = folder.write("program.ts", new TextEncoder().encode(program));
  const { status, stdout, stderr } = await runDeno(
    ["run", "-A", "--no-check", "--config", beside("../../deno.json"), file],
    {
      env: {
        DENO_WEBGPU_BACKEND: "vulkan",
        VK_LAYER_PATH: folder.path,
        VK_INSTANCE_LAYERS: manifest.layer.name,
      },
    },
  );
  assertEquals(status, 0, stderr);
  assertStringIncludes(stdout, "true\n", "the layer was there");
  const [, ...messages] = stdout.split(/^(?=.*Validation [A-Z][a-z]+)/m);
  for (const message of messages) assert(ofNaga.test(message), message);
});
