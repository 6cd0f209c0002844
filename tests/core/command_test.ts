import assert from "node:assert/strict";
import { type Ended, runModule } from "./subprocess.ts";

/** A task whose action is given as code; it has a flag --size with a value. */
function runTask(action: string, ...args: string[]): Promise<Ended> {
  return runModule(
    `
    import { runTask, taskCommand } from "@/lib/core/command.ts";
    import { RunError, UsageError } from "@/lib/core/errors.ts";
    const command = taskCommand("sample", "Does nothing much.").option("--size <n>", "how much", "5");
    await runTask(command, async (options: { size: string }, context, positional) => {
      ${action}
    });
  `,
    { args },
  );
}

const print = 'context.print({ size: options.size }, ({ size }) => "size is " + size);';

Deno.test("runTask() prints text, or with --json one object, on standard output", async () => {
  assert.deepEqual(await runTask(print), { code: 0, stdout: "size is 5\n", stderr: "" });
  assert.deepEqual(await runTask(print, "--size", "7", "--json"), {
    code: 0,
    stdout: '{"size":"7"}\n',
    stderr: "",
  });
});

Deno.test("runTask() prints the help and ends with 0", async () => {
  const { code, stdout, stderr } = await runTask("throw new Error('not reached');", "--help");
  assert.deepEqual([code, stderr], [0, ""]);
  for (const part of ["Does nothing much.", "--size <n>", "--json", "--help"]) {
    assert.ok(stdout.includes(part), part);
  }
});

for (
  const [args, message] of [
    [["--wrong"], "unknown option '--wrong'"],
    [["--siz", "3"], "unknown option '--siz' (Did you mean --size?)"],
    [["--size"], "option '--size <n>' argument missing"],
    [["extra"], "too many arguments. Expected 0 arguments but got 1: extra."],
  ] as const
) {
  Deno.test(`runTask() ends ${args.join(" ")} with 2 and one line`, async () => {
    assert.deepEqual(await runTask(print, ...args), {
      code: 2,
      stdout: "",
      stderr: `${message} (see --help)\n`,
    });
  });
}

Deno.test("runTask() ends a full disk with 1 and one sentence", async () => {
  const { code, stderr } = await runTask('await Deno.writeTextFile("/dev/full", "text");');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^The disk is full \(No space left on device.*\/dev\/full.*\); free some space [^\n]*\n$/,
  );
});

Deno.test("runTask() ends with 2 and the sentence of a UsageError, 1 and that of a RunError", async () => {
  assert.deepEqual(await runTask('throw new UsageError("Size is 5, expected 6.");'), {
    code: 2,
    stdout: "",
    stderr: "Size is 5, expected 6.\n",
  });
  assert.deepEqual(await runTask('throw new RunError("The loss is NaN.");'), {
    code: 1,
    stdout: "",
    stderr: "The loss is NaN.\n",
  });
});

Deno.test("runTask() ends with 1 and the stack of a bug", async () => {
  const { code, stdout, stderr } = await runTask("null.x;");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^TypeError: .*\n {4}at /);
});

Deno.test("runTask() ends with 130 when interrupted", async () => {
  const { code, stderr } = await runModule(
    `
    import { runTask, taskCommand } from "@/lib/core/command.ts";
    await runTask(taskCommand("sample", "Waits."), async (_, { signal }) => {
      console.log("ready");
      while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
      throw signal.reason;
    });
  `,
    { signals: ["SIGINT"] },
  );
  assert.deepEqual([code, stderr], [130, "Interrupted; run the same command again to go on.\n"]);
});
