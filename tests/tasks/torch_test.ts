import assert from "node:assert/strict";
import { runTaskFile } from "./task_file.ts";

for (
  const [flags, message] of [
    [
      ["--estimate"],
      /^torch has no --estimate: `deno task pretrain --estimate` says what training takes\.\n$/,
    ],
    [["--until", "sft"], /'sft' is invalid\. Allowed choices are pretrain, midtrain/],
  ] as const
) {
  Deno.test(`torch ${flags.join(" ")} ends with one sentence and exit code 2`, async () => {
    const { code, stdout, stderr } = await runTaskFile("torch", Deno.cwd(), ...flags);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, message);
  });
}
