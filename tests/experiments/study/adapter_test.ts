// The drivers of a machine are chosen by the Vulkan loader's own variables, and apt-get is a script
// on the PATH: nothing is installed. Lavapipe must be on the machine, as for every GPU test.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { driverAdvice } from "../../../experiments/study/adapter.ts";
import { beside, type Ended, pause, runDeno, spawnDeno, whenReady } from "../processes.ts";

const adapterProgram = beside("study/adapter_program.ts");
const setupProgram = beside("../../experiments/setup.ts");

const installCommand = "sudo apt-get update && sudo apt-get install -y mesa-vulkan-drivers";
const software = /^llvmpipe .*, software on the CPU$/m;

/** The manifest by which the Vulkan loader finds lavapipe. */
function lavapipeManifest(): string {
  const folder = "/usr/share/vulkan/icd.d";
  const name = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .find((name) => /^lvp_icd.*\.json$/.test(name));
  return `${folder}/${name}`;
}

/** A machine with a driver, or with none until apt-get "installs" it. */
interface Machine {
  env: Record<string, string>;
  /** What apt-get was asked, line by line. */
  asked(): string[];
}

/**
 * @param aptGet a shell script, or undefined for a machine without apt-get; $DRIVER is where the
 * loader looks for the driver's manifest and $LAVAPIPE is the manifest
 */
async function onMachine(
  aptGet: string | undefined,
  test: (machine: Machine) => Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync();
  const driver = `${folder}/driver.json`;
  const log = `${folder}/asked`;
  Deno.writeTextFileSync(log, "");
  if (aptGet !== undefined) {
    const script = `#!/bin/sh\n[ "$1" = --version ] && exit\necho "$@" >> "$ASKED"\n${aptGet}\n`;
    Deno.writeTextFileSync(`${folder}/apt-get`, script, { mode: 0o755 });
  }
  const env = {
    PATH: `${folder}:/usr/bin:/bin`,
    VK_DRIVER_FILES: driver,
    VK_ICD_FILENAMES: driver,
    ASKED: log,
    DRIVER: driver,
    LAVAPIPE: lavapipeManifest(),
  };
  try {
    const asked = () => Deno.readTextFileSync(log).split("\n").filter((line) => line !== "");
    await test({ env: aptGet === undefined ? { ...env, PATH: folder } : env, asked });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const installs = 'if [ "$2" = install ]; then cp "$LAVAPIPE" "$DRIVER"; fi';

function withLavapipe(): Record<string, string> {
  return { VK_DRIVER_FILES: lavapipeManifest(), VK_ICD_FILENAMES: lavapipeManifest() };
}

/** Nothing of this process's environment but where Deno keeps its modules. */
function only(env: Record<string, string>) {
  const kept = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"].flatMap((variable) => {
    const value = Deno.env.get(variable);
    return value === undefined ? [] : [[variable, value]];
  });
  return { clearEnv: true, env: { ...Object.fromEntries(kept), ...env } };
}

function ask(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  return runDeno(["run", "-A", adapterProgram, ...args], only(env));
}

Deno.test("ensureAdapter() finds a software adapter where any or that one is wanted", async () => {
  for (const preference of ["any", "software"]) {
    const { status, stdout, stderr } = await ask(withLavapipe(), "--adapter", preference);
    assertEquals([status, stderr], [0, ""]);
    assertMatch(stdout, software);
  }
});

Deno.test("ensureAdapter() refuses a software adapter where hardware is wanted", async () => {
  const { status, stdout, stderr } = await ask(withLavapipe(), "--adapter", "hardware");
  assertEquals([status, stdout], [1, ""]);
  assertMatch(stderr, /^error: no hardware GPU adapter answers \(only llvmpipe .*\): .*\n$/);
});

Deno.test("ensureAdapter() says the command to type where it cannot install", async () => {
  await onMachine(undefined, async ({ env }) => {
    const { status, stdout, stderr } = await ask(env);
    assertEquals([status, stdout], [1, ""]);
    assertMatch(stderr, /^error: no GPU adapter answers: .*\n$/);
    assertStringIncludes(stderr, installCommand);
  });
});

Deno.test("ensureAdapter() installs nothing without all permissions", async () => {
  await onMachine(installs, async ({ env, asked }) => {
    const { status, stderr } = await runDeno(["run", "--allow-env", adapterProgram], only(env));
    assertEquals(status, 1);
    assertStringIncludes(stderr, installCommand);
    assertEquals(asked(), []);
  });
});

Deno.test("ensureAdapter() needs only three variables of the environment", async () => {
  const allowed = "--allow-env=DENO_WEBGPU_BACKEND,XDG_RUNTIME_DIR,LP_NUM_THREADS";
  const { status, stdout } = await runDeno(["run", allowed, adapterProgram], only(withLavapipe()));
  assertEquals(status, 0);
  assertMatch(stdout, software);
});

Deno.test("ensureAdapter() as root installs the driver and starts the job anew", async () => {
  await onMachine(installs, async ({ env, asked }) => {
    const args = ["run", "-A", adapterProgram, "--status", "7", "--adapter=software"];
    const child = spawnDeno(args, { ...only(env), stdin: "piped" });
    const input = child.stdin.getWriter();
    await input.write(new TextEncoder().encode("from stdin"));
    await input.close();
    const { code, stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stderr);
    if (Deno.uid() !== 0) {
      assertEquals([code, asked()], [1, []]);
      return assertStringIncludes(said, installCommand);
    }
    const printed = new TextDecoder().decode(stdout);
    assertEquals(code, 7);
    assertMatch(printed, software);
    assertStringIncludes(printed, "from stdin");
    assertStringIncludes(said, "installing mesa-vulkan-drivers");
    assertEquals(asked(), [
      "-qq update",
      "-qq install -y --no-install-recommends mesa-vulkan-drivers",
    ]);
  });
});

Deno.test("ensureAdapter() says what apt-get said when it fails", async () => {
  await onMachine('echo "E: no network" >&2; exit 100', async ({ env }) => {
    const { status, stderr } = await ask(env);
    assertEquals(status, 1);
    const expected = Deno.uid() === 0 ? "apt-get update failed: E: no network" : installCommand;
    assertStringIncludes(stderr, expected);
    assertMatch(stderr, /\nerror: [^\n]*\n$|^error: [^\n]*\n$/);
  });
});

Deno.test("ensureAdapter() does not start anew where the driver installed is of no use", async () => {
  await onMachine(":", async ({ env }) => {
    const { status, stdout, stderr } = await ask(env);
    assertEquals([status, stdout], [1, ""]);
    const expected = Deno.uid() === 0 ? "installed, but still no adapter" : installCommand;
    assertStringIncludes(stderr, expected);
  });
});

Deno.test("setup.ts runs a command with its status, and says the adapter without one", async () => {
  const options = only(withLavapipe());
  const exits = 'Deno.exit(Deno.env.get("DENO_WEBGPU_BACKEND") === undefined ? 0 : 7)';
  assertEquals(
    (await runDeno(["run", "-A", setupProgram, "deno", "eval", exits], options)).status,
    7,
  );
  assertMatch((await runDeno(["run", "-A", setupProgram], options)).stdout, software);
});

Deno.test("setup.ts passes signals on and ends with the command's status", async () => {
  const job = `Deno.addSignalListener("SIGTERM", () => {
    console.log("told");
    Deno.exit(143);
  });
  setInterval(() => {}, 1000);
  console.log("ready");`;
  const child = spawnDeno(["run", "-A", setupProgram, "deno", "eval", job], only(withLavapipe()));
  const result = await whenReady(child, async (child) => {
    await pause(20);
    child.kill("SIGTERM");
  });
  assertEquals(result, { status: 143, stdout: "ready\ntold\n", stderr: "" });
});

Deno.test("driverAdvice() fits the system", () => {
  assertStringIncludes(driverAdvice("any", "linux"), installCommand);
  assertStringIncludes(driverAdvice("software", "darwin"), "--adapter any");
  assertStringIncludes(driverAdvice("any", "windows"), "driver of the GPU's maker");
});
