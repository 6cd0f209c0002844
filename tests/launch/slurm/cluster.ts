/**
 * A real Slurm on one machine: munged, slurmctld, a slurmd for each of two nodes, and slurmrestd on a unix socket (Debian's packages
 * slurm-wlm, slurmrestd and munge; root, since slurmd switches users).
 * @module
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { exists } from "../../../lib/core/artefacts.ts";

const PROGRAMS = ["munged", "slurmctld", "slurmd", "slurmrestd", "scontrol"];

/** Why there can be no Slurm here; null: there can. */
export async function missing(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "Slurm needs root on Linux";
  const folders = ["/usr/sbin", "/usr/bin"];
  for (const program of PROGRAMS) {
    const found = await Promise.all(folders.map((folder) => exists(join(folder, program))));
    if (!found.includes(true)) return `${program} is missing: apt-get install -y slurm-wlm slurmrestd munge`;
  }
  return null;
}

/** Nodes of two processors each. */
export const NODES = ["n1", "n2"];

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}

/** The configuration; every daemon keeps its files in the folder. */
function configurationIn(folder: string): string {
  const host = hostname();
  return [
    "ClusterName=test",
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${freePort()}`,
    "SlurmUser=root",
    "SlurmdUser=root",
    "AuthType=auth/munge",
    `AuthInfo=socket=${folder}/munge/socket`,
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/%n`,
    `SlurmctldPidFile=${folder}/slurmctld.pid`,
    `SlurmdPidFile=${folder}/%n.pid`,
    `SlurmctldLogFile=${folder}/slurmctld.log`,
    `SlurmdLogFile=${folder}/%n.log`,
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "MpiDefault=none",
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_CPU",
    // The machine may have fewer processors than its two nodes say.
    "SlurmdParameters=config_overrides",
    "ReturnToService=2",
    // Seconds for which a job that is over can be asked about: all of the test.
    "MinJobAge=3600",
    ...NODES.map((node) =>
      `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${freePort()} CPUs=2 RealMemory=1000`
    ),
    `PartitionName=main Nodes=${NODES.join(",")} Default=YES State=UP`,
    "",
  ].join("\n");
}

/** A running Slurm; ends with its scope. */
export class Cluster implements AsyncDisposable {
  readonly #daemons: Deno.ChildProcess[] = [];
  #rest: Deno.ChildProcess | undefined;

  private constructor(readonly folder: string) {}

  /** @param folder Empty; takes state, logs and sockets. Its path must be short: a socket's may have 107 bytes. */
  static async start(folder: string): Promise<Cluster> {
    const cluster = new Cluster(folder);
    const munge = join(folder, "munge");
    for (const directory of [munge, join(folder, "state"), ...NODES.map((node) => join(folder, node))]) {
      await Deno.mkdir(directory, { mode: 0o700 });
    }
    await Deno.writeFile(join(munge, "key"), crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
    await Deno.writeTextFile(cluster.configuration, configurationIn(folder));
    cluster.#spawn(
      "munged",
      "--foreground",
      "--force",
      ...["key", "socket", "pid", "log", "seed"].map((file) =>
        `--${file === "socket" ? file : `${file}-file`}=${join(munge, file)}`
      ),
    );
    await until(() => exists(join(munge, "socket")), "munged's socket");
    cluster.#spawn("slurmctld", "-D", "-i");
    for (const node of NODES) cluster.#spawn("slurmd", "-D", "-N", node);
    await cluster.startRest();
    await until(
      async () => (await cluster.control("show", "node")).match(/State=IDLE/g)?.length === NODES.length,
      "idle nodes",
    );
    return cluster;
  }

  /** slurmrestd's endpoint. */
  get endpoint(): string {
    return `unix:${this.#socket}`;
  }

  get #socket(): string {
    return join(this.folder, "rest");
  }

  async startRest(): Promise<void> {
    this.#rest = this.#spawn(
      "slurmrestd",
      "-a",
      "rest_auth/local",
      "-s",
      "openapi/v0.0.38",
      `unix:${this.#socket}`,
    );
    await until(() => exists(this.#socket), "slurmrestd's socket");
  }

  async stopRest(): Promise<void> {
    if (this.#rest === undefined) return;
    await end(this.#rest);
    if (await exists(this.#socket)) await Deno.remove(this.#socket);
  }

  /** scontrol's answer. */
  async control(...args: string[]): Promise<string> {
    const { stdout } = await new Deno.Command("scontrol", { args, env: this.#environment, stderr: "null" })
      .output();
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons.toReversed()) await end(daemon);
  }

  /** Path of slurm.conf. */
  get configuration(): string {
    return join(this.folder, "slurm.conf");
  }

  get #environment() {
    return { SLURM_CONF: this.configuration, SLURMRESTD_SECURITY: "disable_user_check" };
  }

  #spawn(program: string, ...args: string[]): Deno.ChildProcess {
    const daemon = new Deno.Command(program, { args, env: this.#environment, stdout: "null", stderr: "null" })
      .spawn();
    this.#daemons.push(daemon);
    return daemon;
  }
}

async function end(daemon: Deno.ChildProcess): Promise<void> {
  try {
    daemon.kill("SIGTERM");
  } catch {
    // It has ended.
  }
  await daemon.status;
}

/** Waits for something, three minutes at most. */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let attempt = 0; attempt < 900; attempt++) {
    if (await holds()) return;
    await setTimeout(200);
  }
  throw new Error(`Waited three minutes for ${what}.`);
}
