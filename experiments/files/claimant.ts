import { isGranted } from "../terminal/permissions.ts";
import { isSystemError } from "../terminal/program.ts";

/** The process that a claim is of, and what is known of where it runs; less without permissions. */
export interface Claimant {
  readonly pid: number;
  readonly host: string | undefined;
  /** Of the running system, which is one for all its containers. */
  readonly boot: string | undefined;
  /** The space of names in which `pid` is one. */
  readonly processes: string | undefined;
  /** Of a batch system. */
  readonly job: string | undefined;
  /** How often Slurm has begun the job again. */
  readonly restarts: number;
}

/** This one. */
export function thisProcess(): Claimant {
  const job = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"].map(variable).find((id) => id);
  const boot = "/proc/sys/kernel/random/boot_id", processes = "/proc/self/ns/pid";
  return {
    pid: Deno.pid,
    host: known(() => Deno.hostname(), { name: "sys", kind: "hostname" }),
    boot: known(() => Deno.readTextFileSync(boot).trim(), { name: "read", path: boot }),
    processes: known(() => Deno.readLinkSync(processes), { name: "read", path: processes }),
    job,
    restarts: Number(variable("SLURM_RESTART_COUNT") ?? 0),
  };
}

function variable(name: string): string | undefined {
  return known(() => Deno.env.get(name), { name: "env", variable: name });
}

/** In the words of a refusal. */
export function claimantName(claimant: Claimant | undefined): string {
  if (claimant === undefined) return "a process that did not say its name";
  const { pid, host, job } = claimant;
  return `process ${pid}${host ? ` on ${host}` : ""}${job ? `, job ${job}` : ""}`;
}

/** Whether it ran where this process does. What is unknown is taken to be the same. */
export function isSameHost({ host, boot }: Claimant): boolean {
  const own = thisProcess();
  if (boot && own.boot) return boot === own.boot;
  return !host || !own.host || host === own.host;
}

/** Whether it is known to be no more. */
export function isGone({ pid, boot, processes }: Claimant): boolean {
  const own = thisProcess();
  const isKnown = own.boot && boot === own.boot && processes === own.processes;
  if (!isKnown || !isGranted({ name: "run" })) return false;
  try {
    Deno.kill(pid, 0 as unknown as Deno.Signal);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

/** Whether it was an earlier beginning of this process's job, which the batch system then ended. */
export function isRequeued({ job, restarts }: Claimant): boolean {
  const own = thisProcess();
  return job !== undefined && job === own.job && restarts < own.restarts;
}

function known<T>(ask: () => T, permission: Deno.PermissionDescriptor): T | undefined {
  if (!isGranted(permission)) return undefined;
  try {
    return ask();
  } catch (error) {
    if (isSystemError(error) || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
