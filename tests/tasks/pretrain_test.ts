import assert from "node:assert/strict";
import { inDirectory, names } from "../core/temporary.ts";
import { runTaskFile } from "./task_file.ts";

Deno.test("pretrain --recipe 950m --estimate --json prints the plan, without any of its sources", () =>
  inDirectory(async (folder) => {
    const flags = ["--recipe", "950m", "--estimate", "--json"];
    const { code, stdout, stderr } = await runTaskFile("pretrain", folder, ...flags);
    assert.equal(code, 0, stderr);
    const { stages, totals, cluster } = JSON.parse(stdout);
    assert.deepEqual([cluster.nodes, cluster.gpusPerNode], [16, 8]);
    assert.equal(
      stages.find(({ stage }: { stage: string }) => stage === "pretrain-2").tokens,
      2_097_152_000_000,
    );
    assert.ok(totals.gpuHours > 0 && totals.storageBytes > 1e12);
  }));

Deno.test("pretrain --recipe 950m says in one sentence which sources are missing, and makes nothing", () =>
  inDirectory(async (folder) => {
    const { code, stderr } = await runTaskFile("pretrain", folder, "--recipe", "950m");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^Not on this machine: "Arxiv" at .*RedPajama-Data-1T\/arxiv, "StackExchange" at .*; --estimate does without\.\n$/,
    );
    assert.deepEqual(await names(folder), []);
  }));
