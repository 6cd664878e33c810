// Slurm on this machine alone: a controller and one node of two places, bound to 127.0.0.1, in a
// folder of their own.

import { pause } from "../experiments/processes.ts";
import { scratch } from "../experiments/scratch.ts";

/** A cluster of one node, until it is disposed of. */
export interface SlurmNode extends AsyncDisposable {
  /** What its commands are run with. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs one of its commands, and gives what it prints. */
  ask(command: string, ...args: string[]): Promise<string>;
}

/** Starts one. Needs Debian's slurm-wlm. */
export async function startSlurm(): Promise<SlurmNode> {
  const [controller, node] = [freePort(), freePort()];
  await using started = new AsyncDisposableStack();
  const folder = started.use(scratch()), user = await output("id", ["-un"]);
  const host = Deno.hostname();
  const at = (name: string) => `${folder.path}/${name}`;
  const write = (name: string, lines: readonly string[]) =>
    folder.write(name, new TextEncoder().encode(lines.join("\n") + "\n"));
  for (const name of ["state", "spool"]) Deno.mkdirSync(at(name));
  const env = {
    SLURM_CONF: write("slurm.conf", [
      "ClusterName=alone",
      `SlurmctldHost=${host}(127.0.0.1)`,
      `SlurmctldPort=${controller}`,
      `SlurmdPort=${node}`,
      "CommunicationParameters=NoInAddrAny,NoCtldInAddrAny",
      `SlurmUser=${user}`,
      `SlurmdUser=${user}`,
      // There is nobody else on it. Credentials that expire soon let a job begin again soon.
      "AuthType=auth/none",
      "CredType=cred/none",
      "AuthInfo=cred_expire=5",
      `StateSaveLocation=${at("state")}`,
      `SlurmdSpoolDir=${at("spool")}`,
      `SlurmctldPidFile=${at("slurmctld.pid")}`,
      `SlurmdPidFile=${at("slurmd.pid")}`,
      "ProctrackType=proctrack/linuxproc",
      "SelectType=select/cons_tres",
      "SelectTypeParameters=CR_CPU",
      "GresTypes=gpu",
      `NodeName=alone NodeHostname=${host} NodeAddr=127.0.0.1 Port=${node} CPUs=2 Gres=gpu:2`,
      "PartitionName=all Nodes=alone Default=YES MaxTime=60",
    ]),
  };
  // Any two devices: nothing keeps a task from others here.
  write("gres.conf", ["Name=gpu File=/dev/null", "Name=gpu File=/dev/zero"]);
  for (const command of [["slurmctld", "-D"], ["slurmd", "-D", "-N", "alone"]]) {
    const [name, ...args] = command;
    const daemon = new Deno.Command(name, {
      ...{ args, env, cwd: folder.path },
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
    started.defer(async () => {
      daemon.kill();
      await daemon.status;
    });
  }
  const ask = (command: string, ...args: string[]) => output(command, args, env);
  for (let tries = 0; await ask("sinfo", "--noheader", "--format=%t") !== "idle"; tries++) {
    if (tries === 60) throw new Error(`no idle node: ${await ask("sinfo", "--list-reasons")}`);
    await pause(500);
  }
  // Jobs would outlive the node.
  started.defer(async () => {
    await ask("scancel", "--user", user);
    for (let tries = 0; tries < 20 && await ask("squeue", "--noheader"); tries++) await pause(500);
  });
  const kept = started.move();
  return { env, ask, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function output(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await new Deno.Command(command, {
    ...{ args: [...args], env, stdin: "null", stderr: "null" },
  }).output();
  return new TextDecoder().decode(stdout).trim();
}
