import { AdapterError, limitsOf } from "../../mod.ts";
import { isGranted } from "../terminal/permissions.ts";
import { runProcess } from "../terminal/process.ts";
import type { JsonObject } from "./json.ts";
import { say } from "../terminal/terminal.ts";

/** Which adapter a program is to use. */
export type AdapterPreference = "any" | "hardware" | "software";

/** The values of --adapter. */
export const adapterPreferences = ["any", "hardware", "software"] as const;

/** Mesa's Vulkan drivers: lavapipe, which computes on the CPU, and those of Intel and AMD. */
const driverPackage = "mesa-vulkan-drivers";
const installCommand = `sudo apt-get update && sudo apt-get install -y ${driverPackage}`;

/** Set for a job that was started anew after an installation, so that it is not tried twice. */
const setUpVariable = "NAGARE_SET_UP";

const probeLimit_ms = 5000;

/**
 * A GPU adapter, with the driver installed first where there is none: on Linux with apt-get, as
 * root and with all permissions, it installs Mesa's Vulkan drivers and runs the whole command anew
 * in a process of its own, as a process that found no driver once keeps finding none. Elsewhere
 * throws AdapterError with the command to type. Call it before anything else touches
 * navigator.gpu.
 *
 * @param interruption where it is aborted, an installation is brought to its end and the job is
 * not started
 */
export async function ensureAdapter(
  preference: AdapterPreference = "any",
  interruption?: AbortSignal,
): Promise<GPUAdapter> {
  prepareLoader();
  const adapter = await requestAdapter(preference);
  if (adapter !== null) return adapter;
  if (preference === "hardware") throw new AdapterError(await hardwareAdvice());
  if (!canInstall()) throw new AdapterError(driverAdvice(preference, Deno.build.os));
  await installDriver();
  interruption?.throwIfAborted();
  if (!await answersInNewProcess(preference)) {
    throw new AdapterError(`${driverPackage} is installed, but still no adapter answers`);
  }
  say("Installed; the job starts now.");
  Deno.exit(await runProcess(ownCommand(), { [setUpVariable]: "done" }));
}

/** Whether an adapter computes on the CPU. */
export function isSoftware(adapter: GPUAdapter): boolean {
  return adapter.info.isFallbackAdapter;
}

/** The adapter's name, and that it is a software one: "llvmpipe (LLVM 15.0.6, 256 bits)". */
export function describeAdapter(adapter: GPUAdapter): string {
  const { description, vendor, architecture } = adapter.info;
  const name = description || `${vendor} ${architecture}`.trim() || "unnamed adapter";
  return isSoftware(adapter) ? `${name}, software on the CPU` : name;
}

/** What to do about a missing driver on an operating system, in one line. */
export function driverAdvice(
  preference: AdapterPreference,
  os: typeof Deno.build.os,
): string {
  const missing = preference === "software"
    ? "no software GPU adapter answers"
    : "no GPU adapter answers";
  if (os === "linux") {
    return `${missing}: install a Vulkan driver, on Debian and Ubuntu by: ${installCommand}`;
  }
  if (preference === "software" && os === "darwin") {
    return `${missing}: macOS has none; use --adapter any`;
  }
  return `${missing}: install the driver of the GPU's maker`;
}

/** lavapipe has no more. */
const mostThreads = 32;

/**
 * lavapipe cuts a dispatch in as many parts as it has threads. One a core, its default, leaves cores
 * idle while another runs two of them in turns.
 */
const threadsPerCore = 4;

/** All variables are read once, when the first adapter is asked for. */
function prepareLoader(): void {
  if (Deno.build.os !== "linux") return;
  // Without a Vulkan driver Deno would take OpenGL, unasked.
  setDefault("DENO_WEBGPU_BACKEND", "vulkan");
  // Mesa complains on stderr where it is not set.
  setDefault("XDG_RUNTIME_DIR", "/tmp");
  const threads = Math.min(mostThreads, threadsPerCore * navigator.hardwareConcurrency);
  setDefault("LP_NUM_THREADS", String(threads));
}

function setDefault(variable: string, value: string): void {
  if (Deno.env.get(variable) === undefined) Deno.env.set(variable, value);
}

async function requestAdapter(preference: AdapterPreference): Promise<GPUAdapter | null> {
  const adapter = await navigator.gpu.requestAdapter(requestOptions(preference));
  if (adapter === null || preference === "any") return adapter;
  return isSoftware(adapter) === (preference === "software") ? adapter : null;
}

function requestOptions(preference: AdapterPreference): GPURequestAdapterOptions {
  if (preference === "software") return { forceFallbackAdapter: true };
  return { powerPreference: "high-performance" };
}

async function hardwareAdvice(): Promise<string> {
  const software = await requestAdapter("software");
  const found = software === null ? "" : ` (only ${describeAdapter(software)})`;
  return `no hardware GPU adapter answers${found}: install the GPU's driver or use --adapter any`;
}

/** Only a process that may do anything can start another one with its own permissions. */
function canInstall(): boolean {
  return Deno.build.os === "linux" && hasAllPermissions() && Deno.uid() === 0 &&
    Deno.env.get(setUpVariable) === undefined && hasAptGet();
}

function hasAllPermissions(): boolean {
  const kinds = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;
  return kinds.every((name) => isGranted({ name }));
}

function hasAptGet(): boolean {
  try {
    return new Deno.Command("apt-get", { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function installDriver(): Promise<void> {
  say(
    `No GPU adapter answers: installing ${driverPackage} (a GPU in software) with apt-get ...`,
  );
  await aptGet("update");
  await aptGet("install", "-y", "--no-install-recommends", driverPackage);
}

async function aptGet(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("apt-get", {
    args: ["-qq", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim();
  throw new AdapterError(`apt-get ${args[0]} failed: ${reason}; once it works, start this again`);
}

/** Asks in a new process, and no longer than a user would wait. */
async function answersInNewProcess(preference: AdapterPreference): Promise<boolean> {
  const options = JSON.stringify(requestOptions(preference));
  const code = `Deno.exit(await navigator.gpu.requestAdapter(${options}) ? 0 : 1)`;
  const probe = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", code],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(probeLimit_ms),
  });
  return (await probe.output()).success;
}

/** The command line of this process, with Deno's own flags. */
function ownCommand(): string[] {
  const words = Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(1, -1);
  return [Deno.execPath(), ...words];
}

/** What a run's record says of its adapter. */
export function adapterDetails(adapter: GPUAdapter): JsonObject {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  return {
    vendor,
    architecture,
    device,
    description,
    software: isFallbackAdapter,
    features: [...adapter.features].toSorted(),
    limits: limitsOf(adapter.limits),
  };
}
