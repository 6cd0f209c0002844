/**
 * Attacks in JavaScript. Where nothing else is said, a program prints what it got, and must not get it.
 * @module
 */
import assert from "node:assert/strict";
import { openSandbox, type Sandbox } from "../../../lib/benchmarks/sandbox/sandbox.ts";

let sandbox: Sandbox;
Deno.test.beforeAll(async () => {
  sandbox = await openSandbox({ language: "javascript", workers: 2 });
});
Deno.test.afterAll(async () => await sandbox[Symbol.asyncDispose]());

const LIMIT = { timeLimit: 30 };

/** Expressions, each of which must throw; the program prints those that do not. */
async function assertRefused(expressions: readonly string[]): Promise<void> {
  const program = `
    const got = [];
    for (const expression of ${JSON.stringify(expressions)}) {
      try {
        await (0, eval)("(async () => " + expression + ")()");
        got.push(expression);
      } catch {}
    }
    console.log(JSON.stringify(got));
    export {};`;
  const { status, stdout, stderr } = await sandbox.run(program, LIMIT);
  assert.deepEqual([status, stdout], ["passed", "[]\n"], stderr);
}

Deno.test("a program reads and writes no files", () =>
  assertRefused([
    `Deno.readTextFileSync("/etc/passwd")`,
    `Deno.readDirSync("/").next()`,
    `require("fs").readFileSync("/etc/passwd")`,
    `require("node:fs/promises").readFile("/proc/self/environ")`,
    `import("node:fs").then((fs) => fs.readFileSync("/etc/passwd"))`,
    `import("file:///etc/passwd", { with: { type: "text" } })`,
    `require("/etc/passwd")`,
    `new (require("node:sqlite").DatabaseSync)("/etc/passwd")`,
    `Deno.writeTextFileSync("leak", "x")`,
    `Deno.makeTempFileSync()`,
    `localStorage.setItem("leak", "x")`,
    `caches.open("leak")`,
    `require("v8").writeHeapSnapshot()`,
  ]));

Deno.test("a program reads no environment and learns nothing of the system", () =>
  assertRefused([
    `Deno.env.toObject()`,
    `Deno.env.get("PATH")`,
    `Object.keys(process.env).length || process.env.PATH.length`,
    `Deno.hostname()`,
    `require("os").userInfo()`,
    `Deno.networkInterfaces()`,
    `Deno.systemMemoryInfo()`,
  ]));

Deno.test("a program starts no other and asks for no permission", () =>
  assertRefused([
    `new Deno.Command("/bin/true").outputSync()`,
    `require("child_process").execSync("/bin/true")`,
    `Deno.kill(Deno.ppid, "SIGUSR1")`,
    `process.kill(process.ppid, 0)`,
    `Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {})`,
    `new (require("node:inspector").Session)().connect()`,
    `Deno.permissions.request({ name: "read" }).then(({ state }) => state === "granted" || Promise.reject())`,
    `navigator.gpu.requestAdapter()`,
    `import("npm:zod")`,
  ]));

Deno.test("a program reaches no network", async () => {
  let connections = 0;
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const connection of server) {
      connections++;
      connection.close();
    }
  })();
  const { port } = server.addr as Deno.NetAddr;
  await assertRefused([
    `fetch("http://127.0.0.1:${port}/")`,
    `Deno.connect({ port: ${port} })`,
    `new WebSocket("ws://127.0.0.1:${port}/")`,
    `new Promise((resolve, reject) => require("net").connect(${port}, "127.0.0.1").on("connect", resolve).on("error", reject))`,
    `import("http://127.0.0.1:${port}/module.js")`,
    `Deno.listen({ port: 0 })`,
    `Deno.resolveDns("localhost", "A")`,
  ]);
  server.close();
  await accepting;
  assert.equal(connections, 0);
});

Deno.test("a worker may no more than the program", async () => {
  const source =
    `try { Deno.readTextFileSync("/etc/passwd"); postMessage("read") } catch { postMessage("refused") }`;
  const program = `
    const url = "data:text/javascript," + encodeURIComponent(${JSON.stringify(source)});
    const worker = new Worker(url, { type: "module" });
    worker.onmessage = ({ data }) => { console.log(data); worker.terminate(); };`;
  const { stdout } = await sandbox.run(program, LIMIT);
  assert.equal(stdout, "refused\n");
});

Deno.test("a bomb of workers ends by a limit", async () => {
  const program = `
    const source = "data:text/javascript," + encodeURIComponent("setInterval(() => {}, 1000)");
    const spawn = () => { new Worker(source, { type: "module" }); setTimeout(spawn); };
    spawn();`;
  const { status } = await sandbox.run(program, { timeLimit: 5 });
  assert.ok(["memory", "timeout", "failed"].includes(status), status);
});

Deno.test("a program that does not reach its end has not passed, whatever it changes before", async () => {
  const tampering = [
    "process.exit(0)",
    "Deno.exit(0)",
    "process.exitCode = 0; throw 1",
    "addEventListener('error', (event) => event.preventDefault()); throw 1",
    "process.on('uncaughtException', () => {}); throw 1",
    "process.on('exit', () => { process.exitCode = 0 }); throw 1",
    "Object.prototype.then = function (resolve) { resolve() }; Object.prototype.value = 0; throw 1",
    "Promise.prototype.then = function (resolve) { resolve() }; throw 1",
    "Function.prototype.call = Function.prototype.apply = () => {}; throw 1",
    "console.log = console.error = JSON.stringify = () => 'passed'; throw 1",
    "Uint8Array.prototype.subarray = function () { console.log([...this]); return this }; throw 1",
    "Deno.stdout.writeSync = (bytes) => bytes.length; throw 1",
    "require('assert').deepEqual = () => {}; require('node:assert').strictEqual(1, 2)",
    "const written = arguments.callee.caller; written(); throw 1",
    "Error.prepareStackTrace = (_, sites) => { sites.at(-1).getFunction()(); return '' }; new Error().stack; throw 1",
    "}); (function () {",
    "export const x = 1; await new Promise(() => {})",
    "for (let i = 0; i < 100; i++) console.log('passed'); throw 1",
  ];
  const outcomes = await Promise.all(tampering.map((program) => sandbox.run(program, LIMIT)));
  outcomes.forEach(({ status }, i) =>
    assert.ok(["failed", "exited"].includes(status), `${tampering[i]}: ${status}`)
  );
});

Deno.test("a right program passes although it changes what the host uses", async () => {
  const program = "Uint8Array.prototype.subarray = Promise.prototype.then = Array.prototype.push = null; " +
    "Deno.stdout.writeSync = () => 0;";
  assert.equal((await sandbox.run(program, LIMIT)).status, "passed");
});

Deno.test("the seal is not in the JavaScript heap", async (t) => {
  const original = crypto.getRandomValues;
  // A seal that can be looked for.
  crypto.getRandomValues = (<T extends ArrayBufferView | null>(array: T): T => {
    if (array instanceof Uint8Array) array.fill("Z".charCodeAt(0));
    return array;
  }) as typeof crypto.getRandomValues;
  try {
    const program = (known: string) => `
      import { getHeapSnapshot } from "node:v8";
      ${known}
      let text = "";
      for await (const chunk of getHeapSnapshot()) text += chunk;
      console.log(text.length > 1e5, text.includes("Z".repeat(31)));`;
    await t.step("of a program", async () => {
      const { stdout } = await sandbox.run(program(""), LIMIT);
      assert.equal(stdout, "true false\n");
    });
    await t.step("where a string like it would be found", async () => {
      const { stdout } = await sandbox.run(
        program(`globalThis.known = "Z".repeat(32).slice(0, 32) + 1;`),
        LIMIT,
      );
      assert.match(stdout, /^true/);
    });
  } finally {
    crypto.getRandomValues = original;
  }
});

Deno.test("nothing of a program is left for the next", async () => {
  await sandbox.run(
    "globalThis.leak = 1; Array.prototype.leak = 1; require('assert').leak = 1; require.cache.leak = 1;",
    LIMIT,
  );
  const program = "console.log(typeof leak, [].leak, require('assert').leak, require.cache.leak)";
  for (let i = 0; i < 4; i++) {
    assert.equal((await sandbox.run(program, LIMIT)).stdout, "undefined undefined undefined undefined\n");
  }
});

Deno.test("JavaScript runs as Node runs it: in sloppy mode with require, or as a module", async () => {
  const script = await sandbox.run(
    "x = 1; const assert = require('node:assert'); assert.equal(x, this === module.exports ? 1 : 2)",
    LIMIT,
  );
  assert.equal(script.status, "passed", script.stderr);
  const module = await sandbox.run(
    "import { equal } from 'node:assert'; equal(await 1, 1); export {}",
    LIMIT,
  );
  assert.equal(module.status, "passed", module.stderr);
});

Deno.test("TypeScript runs with its types, as a module with require", async () => {
  await using typescript = await openSandbox({ language: "typescript", workers: 1 });
  const program = (value: number) =>
    `declare const require: (name: string) => { equal(a: unknown, b: unknown): void };
    enum Answer { Right = 42 }
    const { equal } = require("node:assert");
    equal(Answer.Right satisfies number, await Promise.resolve<number>(${value}));`;
  const outcomes = await Promise.all([42, 41].map((value) => typescript.run(program(value), LIMIT)));
  assert.deepEqual(outcomes.map(({ status }) => status), ["passed", "failed"], outcomes[0]?.stderr);
  // Types are not checked: a wrong one is no reason to fail.
  assert.equal((await typescript.run("const x: number = 'text';", LIMIT)).status, "passed");
});
