import assert from "node:assert/strict";
import { runProcess, TIMED_OUT } from "../../lib/pipeline/subprocess.ts";

/** Runs a piece of JavaScript in a process of its own. */
function script(code: string, options?: Parameters<typeof runProcess>[2]) {
  return runProcess(Deno.execPath(), ["eval", "--quiet", code], { env: { NO_COLOR: "1" }, ...options });
}

Deno.test("runProcess() returns exit code, standard output and both streams", async () => {
  const lines: string[] = [];
  const result = await script(
    "console.log('out'); await new Promise((go) => setTimeout(go, 50)); console.error('err'); Deno.exit(3);",
    { onLine: (line) => lines.push(line) },
  );
  assert.deepEqual(result, { code: 3, stdout: "out", output: "out\nerr" });
  assert.deepEqual(lines, ["out", "err"]);
});

Deno.test("runProcess() hands over standard input, also more than a pipe holds", async () => {
  const input = "ä".repeat(200_000);
  const result = await script("console.log((await new Response(Deno.stdin.readable).text()).length)", {
    input,
  });
  assert.equal(result?.stdout, "200000");
});

Deno.test("runProcess() survives a program that does not read its input", async () => {
  const result = await script("Deno.exit(0)", { input: "x".repeat(1 << 20) });
  assert.equal(result?.code, 0);
});

Deno.test("runProcess() is null where there is no such program", async () => {
  assert.equal(await runProcess("no-such-program-anywhere", []), null);
});

Deno.test("runProcess() ends what runs too long, and what ignores SIGTERM", async () => {
  const started = performance.now();
  const result = await script(
    "Deno.addSignalListener('SIGTERM', () => {}); console.log('on'); setInterval(() => {}, 1000);",
    { seconds: 1 },
  );
  assert.equal(result?.code, TIMED_OUT);
  assert.equal(result?.stdout, "on");
  assert.ok(performance.now() - started < 10_000);
});

Deno.test("runProcess() gives up on pipes that a grandchild holds", async () => {
  const grandchild =
    `new Deno.Command(Deno.execPath(), { args: ["eval", "await new Promise((go) => setTimeout(go, 9000))"],
    stdin: "null", stdout: "inherit", stderr: "inherit" }).spawn(); setInterval(() => {}, 1000);`;
  const started = performance.now();
  const result = await script(grandchild, { seconds: 0.5 });
  assert.equal(result?.code, TIMED_OUT);
  assert.ok(performance.now() - started < 8500);
});

Deno.test("runProcess() throws the reason of its signal, and the program is gone", async () => {
  const controller = new AbortController();
  let pid = 0;
  await assert.rejects(
    script("console.log(Deno.pid); setInterval(() => {}, 1000);", {
      signal: controller.signal,
      onLine(line) {
        pid = Number(line);
        controller.abort(new Error("enough"));
      },
    }),
    /enough/,
  );
  assert.throws(() => Deno.kill(pid, "SIGCONT"), Deno.errors.NotFound);
});
