/**
 * A run on a real Slurm, through every mishap: a rank is killed, a node is drained, slurmrestd restarts; the same launch again
 * does what is missing, and nothing twice. `deno test -A tests/launch/slurm/real_slurm.ts`.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../../lib/core/artefacts.ts";
import { STEPS } from "../../../lib/launch/steps.ts";
import { SlurmClient } from "../../../lib/launch/slurm/client.ts";
import { loadModel } from "../../../lib/model/checkpoint.ts";
import { inDirectory } from "../../core/temporary.ts";
import { startTaskFile } from "../../tasks/task_file.ts";
import { smallRun, writeSmallData } from "../small_data.ts";
import { Cluster, missing, NODES, until } from "./cluster.ts";
import { hasTorch } from "../torch/has_torch.ts";

const RANKS = 8;

const reason = await missing();
if (reason !== null) console.error(`Not run: ${reason}`);

if (!hasTorch) {
  console.error("Not run: training by torch on two nodes, for want of torch, transformers and safetensors");
}

/** The process of a step's task that is running. */
async function findProcess(step: string, task: number): Promise<number | undefined> {
  for await (const { name } of Deno.readDir("/proc")) {
    const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    const words = command.split("\0");
    if (words[0]?.endsWith("deno") && words.includes(step) && words.slice(-2)[0] === String(task)) {
      return Number(name);
    }
  }
}

Deno.test({
  name:
    "a launch survives a killed rank, a drained node and a restart of slurmrestd, and ends with the bytes of a run on one machine",
  ignore: reason !== null,
  fn: () =>
    inDirectory(async (folder) => {
      const recipe = await writeSmallData(folder);
      const slurm = join(folder, "slurm");
      await Deno.mkdir(slurm);
      await using cluster = await Cluster.start(slurm);
      const launchFile = join(folder, "launch.json");
      await writeJson(launchFile, {
        endpoint: cluster.endpoint,
        partition: "main",
        environment: {
          PATH: Deno.env.get("PATH"),
          HOME: Deno.env.get("HOME"),
          // For srun.
          SLURM_CONF: cluster.configuration,
          ...(Deno.env.has("DENO_DIR") ? { DENO_DIR: Deno.env.get("DENO_DIR") } : {}),
        },
        ranks: RANKS,
        data: { processors: 1, minutes: 10 },
        task: { nodes: 2, processors: 1, minutes: 10 },
      });
      const start = async (task: string, ...flags: string[]) => {
        const own = ["--recipe", recipe, "--run", "small", "--launch-file", launchFile];
        const { code, stdout, stderr } = await startTaskFile(task, folder, ...flags, ...own).output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return { code, out: text(stdout), error: text(stderr) };
      };
      const { signal } = new AbortController();
      using client = new SlurmClient({ endpoint: cluster.endpoint, version: "v0.0.38", retryDelay: 200 });
      const tasksOf = async (step: string) =>
        (await client.jobs(signal)).filter(({ name, task }) => name === `small/${step}` && task !== null);

      const first = start("launch", "shards");
      let killed = -1;
      await until(async () => {
        const running = (await tasksOf("education")).find(({ state }) => state === "RUNNING");
        const process = running && await findProcess("education", running.task ?? -1);
        if (process === undefined) return false;
        Deno.kill(process, "SIGKILL");
        killed = running?.task ?? -1;
        return true;
      }, "a rank of education");
      const [, drained = ""] = NODES;
      await cluster.control("update", `NodeName=${drained}`, "State=DRAIN", "Reason=test");
      await cluster.stopRest();
      await cluster.startRest();
      const failed = await first;
      assert.equal(failed.code, 1, failed.error);
      assert.match(
        failed.error,
        new RegExp(
          `Step education: 1 of 8 tasks are not done \\(${killed} FAILED\\), see .*education-${killed}\\.log`,
        ),
      );
      assert.equal((await tasksOf("education")).length, RANKS);
      await cluster.control("update", `NodeName=${drained}`, "State=RESUME");

      const curated = await start("curate", "--launch", "slurm", "--json");
      assert.equal(curated.code, 0, curated.error);
      assert.ok(JSON.parse(curated.out).funnel.length > 0, "the task itself goes on from there");
      const succeeded = (await tasksOf("education")).filter(({ state }) => state === "COMPLETED");
      assert.deepEqual(
        succeeded.map(({ task }) => task).sort(),
        [0, 1, 2, 3, 4, 5, 6, 7],
        "each rank succeeded once",
      );
      assert.equal((await tasksOf("education")).length, RANKS + 1);

      const trained = await start("pretrain", "--launch", "slurm");
      assert.equal(trained.code, 0, trained.error);
      for (const step of STEPS.filter((step) => step !== "education")) {
        const array = ["documents", "reasoning", "domain", "tokens"].includes(step);
        assert.equal((await tasksOf(step)).length, array ? RANKS : 1, step);
      }
      assert.equal((await tasksOf("pretrain")).length, 1);

      if (hasTorch) {
        const byTorch = await start("torch", "--launch", "slurm", "--json");
        assert.equal(byTorch.code, 0, byTorch.error);
        assert.equal((await tasksOf("torch")).length, 1);
      }

      const local = await smallRun(recipe, join(folder, "local"));
      const stages = {
        corpus: await local.corpus(),
        curation: await local.curation(),
        shards: await local.shards(),
        "pretrain-2": await local.pretrained(),
      };
      for (const [stage, { manifest }] of Object.entries(stages)) {
        const own = JSON.parse(
          await Deno.readTextFile(join(folder, "runs", "small", stage, "manifest.json")),
        );
        assert.equal(own.digest, manifest.digest, stage);
      }
      if (hasTorch) {
        const { weights: ours } = await loadModel(join(folder, "runs", "small", "pretrain-2", "model"));
        const { weights } = await loadModel(join(folder, "runs", "small", "torch-pretrain-2", "model"));
        assert.ok(weights.every((weight, i) => Math.abs(weight - (ours[i] ?? NaN)) < 1e-3));
      }
    }),
});
