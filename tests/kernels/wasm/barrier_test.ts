import assert from "node:assert/strict";
import { PhaseRunner } from "../../../kernels/wasm/barrier.ts";
import type { Phase } from "../../../kernels/wasm/plan/context.ts";
import { PHASES, result, TASKS } from "./barrier_phases.ts";

Deno.test("PhaseRunner.run() does every task of every phase once, in order of the phases, alone", () => {
  const runner = new PhaseRunner(new Int32Array(new SharedArrayBuffer(12)));
  const done: [number, number][] = [];
  const phases = [3, 0, 1, 2].map((tasks, number): Phase => ({
    tasks,
    run: (task) => done.push([number, task]),
  }));
  for (let run = 0; run < 3; run++) runner.run(phases);
  const once = [[0, 0], [0, 1], [0, 2], [2, 0], [3, 0], [3, 1]];
  assert.deepEqual(done, [...once, ...once, ...once]);
  runner.run([]);
  assert.equal(done.length, 18);
});

Deno.test("PhaseRunner.run() counts its phases around", () => {
  const runner = new PhaseRunner(new Int32Array(new SharedArrayBuffer(12)));
  let done = 0;
  const phases = Array.from({ length: 1000 }, (): Phase => ({ tasks: 2, run: () => done++ }));
  for (let run = 0; run < 9; run++) runner.run(phases);
  assert.equal(done, 18000);
});

Deno.test("PhaseRunner.run() of several workers leaves what one leaves", async () => {
  const expected = new Int32Array(PHASES * TASKS);
  for (let place = 0; place < expected.length; place++) {
    const phase = place - place % TASKS;
    expected[place] = result(expected.subarray(Math.max(0, phase - TASKS), phase));
  }
  const control = new Int32Array(new SharedArrayBuffer(12));
  const sums = new Int32Array(new SharedArrayBuffer(4 * PHASES * TASKS));
  const module = new URL("./barrier_worker.ts", import.meta.url);
  const workers = Array.from({ length: 3 }, () => new Worker(module, { type: "module" }));
  const everyone = (message: unknown) =>
    Promise.all(workers.map((worker) =>
      new Promise<void>((resolve, reject) => {
        worker.onmessage = () => resolve();
        worker.onerror = reject;
        worker.postMessage(message);
      })
    ));
  try {
    await everyone({ control, sums });
    for (let run = 0; run < 5; run++) {
      sums.fill(-1);
      await everyone("run");
      assert.deepEqual([...sums], [...expected]);
    }
  } finally {
    for (const worker of workers) worker.terminate();
  }
});
