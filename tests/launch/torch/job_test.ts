import assert from "node:assert/strict";
import { hostname } from "node:os";
import { torchCommand } from "../../../lib/launch/torch/job.ts";

Deno.test("torchCommand() is torchrun alone on one machine, and on each node of a Slurm job of several", () => {
  const ofOne = torchCommand("job.json", "out", 8, {});
  assert.deepEqual(ofOne.slice(0, 5), [
    "python3",
    "-m",
    "torch.distributed.run",
    "--nproc-per-node=8",
    "--standalone",
  ]);
  assert.match(ofOne[5] ?? "", /trainer\.py$/);
  assert.deepEqual(ofOne.slice(6), ["job.json", "out"]);
  assert.deepEqual(
    torchCommand("job.json", "out", 8, { SLURM_JOB_NUM_NODES: "1", SLURM_JOB_ID: "5" }),
    ofOne,
  );
  const ofMany = torchCommand("job.json", "out", 8, { SLURM_JOB_NUM_NODES: "16", SLURM_JOB_ID: "12345" });
  assert.deepEqual(ofMany.slice(0, 9), [
    "srun",
    "python3",
    "-m",
    "torch.distributed.run",
    "--nproc-per-node=8",
    "--nnodes=16",
    "--rdzv-id=12345",
    "--rdzv-backend=c10d",
    `--rdzv-endpoint=${hostname()}:29745`,
  ]);
});
