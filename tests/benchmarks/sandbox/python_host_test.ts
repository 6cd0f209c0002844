/**
 * Python, and attacks in it: through Python itself, and through Pyodide's bridge to JavaScript.
 * @module
 */
import assert from "node:assert/strict";
import { openSandbox, type Sandbox } from "../../../lib/benchmarks/sandbox/sandbox.ts";

let sandbox: Sandbox;
Deno.test.beforeAll(async () => {
  sandbox = await openSandbox({ language: "python", workers: 2, memory: 2 ** 28 });
});
Deno.test.afterAll(async () => await sandbox[Symbol.asyncDispose]());

const LIMIT = { timeLimit: 60 };

/** Python that runs JavaScript in Pyodide's realm: `pyodide.code.run_js` needs `js.eval`, but any function leads to `Function`. */
const RUN_JS = "import pyodide_js\nrun_js = lambda source: pyodide_js.runPython.constructor(source)()\n";

/** Statements, each of which must raise; the program prints those that do not. */
async function assertRefused(statements: readonly string[]): Promise<void> {
  const program = `
got = []
for statement in ${JSON.stringify(statements)}:
    try:
        exec(statement, {})
        got.append(statement)
    except BaseException:
        pass
print(got)`;
  const { status, stdout, stderr } = await sandbox.run(program, LIMIT);
  assert.deepEqual([status, stdout], ["passed", "[]\n"], stderr);
}

Deno.test("run() tells how a Python program ended", async () => {
  const programs = {
    "import sys; assert sys.stdin.read() == 'in\\n'; print('out'); print('err', file=sys.stderr)": "passed",
    "if __name__ != '__main__': raise ImportError": "passed",
    "assert len(bytearray(15 * 10 ** 7)) > 0": "passed",
    "assert 1 == 2": "failed",
    "x = (": "failed",
    "raise SystemExit('no')": "failed",
    "import sys; sys.exit(3)": "failed",
    "import sys; print('out'); sys.exit(0)": "exited",
    "import sys; sys.__stdout__ = sys.__stderr__ = None": "passed",
    "import os; os._exit(0)": "exited",
    "def f(): f()\nf()": "failed",
    "print('x' * 10 ** 6)\nprint('x' * 10 ** 6)": "output",
    "all = []\nwhile True: all.append(bytearray(10 ** 8))": "memory",
    "a = [0]\nfor i in range(30): a = a + a": "memory",
  };
  const runs = Object.keys(programs).map((program) => sandbox.run(program, { ...LIMIT, stdin: "in\n" }));
  const outcomes = await Promise.all(runs);
  assert.deepEqual(outcomes.map(({ status }) => status), Object.values(programs));
  assert.deepEqual([outcomes[0]?.stdout, outcomes[0]?.stderr], ["out\n", "err\n"]);
  assert.match(outcomes[3]?.stderr ?? "", /AssertionError/);
  assert.equal(outcomes.find(({ status }) => status === "exited")?.stdout, "out\n");
});

Deno.test("an endless Python program is killed", async () => {
  assert.equal((await sandbox.run("while True: pass", { timeLimit: 0.5 })).status, "timeout");
});

Deno.test("a Python program sees Pyodide's own files and environment alone", async () => {
  const program =
    "import os; print(sorted(os.listdir('/')), os.environ['USER'], os.environ['PATH'], os.getcwd())";
  const { stdout } = await sandbox.run(program, LIMIT);
  assert.equal(stdout, "['dev', 'home', 'lib', 'proc', 'tmp'] web_user / /home\n");
  await assertRefused(["open('/etc/passwd')", "open('/proc/self/environ')", "open('/proc/1/cmdline')"]);
});

Deno.test("a Python program starts nothing and reaches no network", async () => {
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
    "import os; os.fork()",
    "import os; assert os.system('true') == 0",
    "import subprocess; subprocess.run(['/bin/true'])",
    "import multiprocessing; multiprocessing.Process(target=print).start()",
    "import threading; threading.Thread(target=print).start()",
    `import urllib.request; urllib.request.urlopen('http://127.0.0.1:${port}/')`,
    `import socket; s = socket.create_connection(('127.0.0.1', ${port})); s.send(b'GET / HTTP/1.0\\n\\n'); assert s.recv(1)`,
  ]);
  server.close();
  await accepting;
  assert.equal(connections, 0);
});

Deno.test("Python's bridge to JavaScript leads nowhere", async () => {
  const control = await sandbox.run(`${RUN_JS}print(run_js("return 6 * 7"))`, LIMIT);
  assert.equal(control.stdout, "42\n", control.stderr);
  const js = (source: string) => `${RUN_JS}run_js(${JSON.stringify(source)})`;
  await assertRefused([
    "import js; js.Deno",
    "import js; js.eval",
    js("Deno.readTextFileSync('/etc/passwd')"),
    js("process.env.PATH.length"),
    js("process.getBuiltinModule('fs').readFileSync('/etc/passwd')"),
    js("require('fs')"),
    js("new WebSocket('ws://127.0.0.1:1')"),
    js("localStorage.setItem('leak', '1')"),
    js("navigator.gpu.requestAdapter()"),
    "import pyodide_js; assert pyodide_js.mountNodeFS('/mnt', '/')",
  ]);
});

Deno.test("a Python program that does not reach its end has not passed, whatever it changes before", async () => {
  const js = (source: string) =>
    `from pyodide.code import run_js\nrun_js(${JSON.stringify(source)})\nassert False`;
  const tampering = [
    "import builtins\nbuiltins.AssertionError = type('Quiet', (BaseException,), {})\nassert False",
    "import sys\nsys.excepthook = lambda *_: None\nassert False",
    "import sys\nsys.excepthook = lambda *_: sys.exit(0)\nassert False",
    "import sys\nsys.exit = lambda *_: None\nraise SystemExit(0)",
    "import atexit, os\natexit.register(os._exit, 0)\nassert False",
    "import builtins\nbuiltins.exec = builtins.eval = builtins.compile = lambda *_, **__: None\nassert False",
    "import unittest\nunittest.TestCase.assertEqual = lambda *_: None\nunittest.TestCase().assertTrue(False)",
    "import sys\nprint('passed\\n' * 100)\nsys.stdout = None\nassert False",
    "import pyodide_js\npyodide_js._module._pythonexc2js = lambda *_: None\nassert False",
    "import pyodide_js\npyodide_js.runPython = lambda *_: None\nassert False",
    "import _pyodide._base\n_pyodide._base.eval_code = lambda *_, **__: None\nassert False",
    js("Object.prototype.then = Object.prototype.status = 0; Number.prototype.status = 0"),
    js("Promise.prototype.then = (resolve) => resolve(); WebAssembly.Memory.prototype.grow = null"),
    js("Uint8Array.prototype.set = Function.prototype.call = Function.prototype.apply = () => 0"),
    js("queueMicrotask(() => { throw { status: 0 } })"),
    js("globalThis.Deno = { exit() {} }; throw { status: 0 }"),
  ];
  const outcomes = await Promise.all(tampering.map((program) => sandbox.run(program, LIMIT)));
  outcomes.forEach(({ status }, i) =>
    assert.ok(["failed", "exited"].includes(status), `${tampering[i]}: ${status}`)
  );
});

Deno.test("nothing of a Python program is left for the next", async () => {
  const leave = `${RUN_JS}
import builtins, math, sys, os
builtins.leak = math.leak = 1
sys.modules["json"] = None
os.environ["leak"] = "1"
open("/tmp/leak", "w").close()
run_js("globalThis.leak = Array.prototype.leak = 1")
builtins.len = None`;
  const look = `${RUN_JS}
import builtins, math, json, os
print(hasattr(builtins, "leak"), hasattr(math, "leak"), len([]), "leak" in os.environ, os.path.exists("/tmp/leak"))
print(run_js("return typeof leak + typeof [].leak"))`;
  const left = await sandbox.run(leave, LIMIT);
  assert.equal(left.status, "passed", left.stderr);
  for (let i = 0; i < 3; i++) {
    const { stdout, stderr } = await sandbox.run(look, LIMIT);
    assert.equal(stdout, "False False 0 False False\nundefinedundefined\n", stderr);
  }
});

Deno.test("Python programs repeat: randomness and the order of sets are the snapshot's", async () => {
  const program = "import random; print(random.random(), list({'a', 'b', 'c', 'd', 'e'}))";
  const [first, second] = await Promise.all([sandbox.run(program, LIMIT), sandbox.run(program, LIMIT)]);
  assert.match(first?.stdout ?? "", /^0\.\d+ \[/);
  assert.equal(first?.stdout, second?.stdout);
});
