import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const TASK = fileURLToPath(new URL("../../tasks/planted.ts", import.meta.url));

Deno.test("planted refuses bad flags in one sentence, with exit code 2", async (t) => {
  const cases: [string[], string][] = [
    [
      ["--seeds", "0"],
      "option '--seeds <number>' argument '0' is invalid. expected a positive whole number. (see --help)\n",
    ],
    [["--run", "a/b"], '--run is "a/b", expected a name of letters, digits, ".", "_" and "-".\n'],
  ];
  for (const [flags, message] of cases) {
    await t.step(flags.join(" "), async () => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", TASK, ...flags],
      }).output();
      assert.deepEqual([code, new TextDecoder().decode(stderr)], [2, message]);
    });
  }
});
