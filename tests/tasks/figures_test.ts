import assert from "node:assert/strict";
import { join } from "node:path";
import { inDirectory, names } from "../core/temporary.ts";
import { writeSmallRun } from "../pipeline/paper/small_run.ts";
import { runTaskFile } from "./task_file.ts";

Deno.test("figures draws a run's figures beside the paper's, and lists what it lacks", () =>
  inDirectory(async (folder) => {
    await writeSmallRun(join(folder, "runs", "small"));
    const only = "figure-6,figure-9,table-6";
    const { code, stdout, stderr } = await runTaskFile(
      "figures",
      folder,
      "--run",
      "small",
      "--only",
      only,
      "--json",
    );
    assert.equal(code, 0, stderr);
    const { run, directory, items } = JSON.parse(stdout);
    assert.deepEqual([run, directory], ["small", join("runs", "small", "figures")]);
    assert.deepEqual(
      items.map(({ id, lacks }: { id: string; lacks: string | null }) => [id, lacks]),
      [["figure-6", null], ["figure-9", "deno task midtrain --run small"], ["table-6", null]],
    );
    assert.deepEqual(await names(join(folder, directory)), [
      ...["figure-6", "figure-9"].flatMap((id) => ["json", "png", "svg"].map((kind) => `${id}.${kind}`)),
      ...["csv", "json", "md", "png", "svg"].map((kind) => `table-6.${kind}`),
    ]);
  }));

Deno.test("figures needs no run for what the paper prints", () =>
  inDirectory(async (folder) => {
    const { code, stdout } = await runTaskFile("figures", folder, "--only", "figure-2", "--out", "pictures");
    assert.equal(code, 0);
    assert.match(stdout, /^figure-2 {3}Base models \(published\)\n {11}own values: deno task eval /);
    assert.deepEqual(await names(join(folder, "pictures")), [
      "figure-2.json",
      "figure-2.png",
      "figure-2.svg",
    ]);
  }));

Deno.test("figures refuses a run that does not exist, and a figure that is none, with exit code 2", () =>
  inDirectory(async (folder) => {
    const refusal = async (...flags: string[]) => {
      const { code, stderr } = await runTaskFile("figures", folder, ...flags);
      return { code, stderr };
    };
    assert.deepEqual(await refusal("--run", "gone"), {
      code: 2,
      stderr: `--run is "gone", but ${join("runs", "gone")} does not exist.\n`,
    });
    assert.deepEqual(await refusal("--only", "figure-0"), {
      code: 2,
      stderr: '--only has "figure-0", expected figure-1 to figure-11 or table-1 to table-13.\n',
    });
    assert.deepEqual(await names(folder), []);
  }));
