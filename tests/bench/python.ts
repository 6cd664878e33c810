import { fileURLToPath } from "node:url";
import type { EngineCommand } from "./engine_process.ts";
import type { Report } from "./report.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** The engines of each module: those of one network, and those that train several side by side. */
const engineNames = {
  torch: {
    one: ["PyTorch eager", "PyTorch compile", "PyTorch CUDA graphs"],
    several: ["PyTorch eager", "PyTorch compile", "PyTorch CUDA graphs"],
  },
  jax: { one: ["JAX jit", "JAX scan"], several: ["JAX vmap"] },
};

/** A module that peers come from. */
export type PythonModule = keyof typeof engineNames;

/** The modules that python3 has here; a line of the report names what is missing. */
export async function pythonModules(report: Report): Promise<PythonModule[]> {
  const found: PythonModule[] = [];
  for (const name of Object.keys(engineNames) as PythonModule[]) {
    if (await runs("-c", `import ${name}`)) found.push(name);
    else report.say(`${name} is not compared with: there is no python3 that has it`);
  }
  return found;
}

/** Their engines for tasks of one network, or of several. */
export function pythonEngines(
  modules: readonly PythonModule[],
  networks: "one" | "several",
): EngineCommand[] {
  return modules.flatMap((module) => engineNames[module][networks]).map((name) => {
    const engine = name.toLowerCase().replaceAll(" ", "-");
    return { name, command: ["python3", `${folder}peers.py`, engine] };
  });
}

/** GFLOP/s of torch.matmul by the size of square matrices; undefined where there is no torch. */
export async function torchSquares(
  sizes: readonly number[],
): Promise<Readonly<Record<string, number>> | undefined> {
  if (!await runs("-c", "import torch")) return undefined;
  const args = [`${folder}peer_matmul.py`, ...sizes.map(String)];
  const { success, stdout, stderr } = await new Deno.Command("python3", { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Whether python3 is there and ends well. */
async function runs(...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command("python3", { args }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
