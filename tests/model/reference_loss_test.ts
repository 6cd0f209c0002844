import assert from "node:assert/strict";
import { crossEntropy, kullbackLeibler } from "../../lib/model/reference_loss.ts";
import { tf } from "../../lib/model/tensorflow.ts";

const STUDENT = [[1, 0, -1, 2], [0, 0, 0, 0]];
const TEACHER = [[0, 3, 1, -1], [2, 0, 0, 0]];

/** log softmax in 64 bits. */
function logSoftmax(logits: readonly number[]): number[] {
  const logSum = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  return logits.map((x) => x - logSum);
}

function assertClose(tensor: tf.Tensor, expected: readonly number[]): void {
  const actual = [...tensor.dataSync()];
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) =>
    assert.ok(Math.abs(value - (expected[i] ?? NaN)) < 1e-6, `${actual} ≠ ${expected}`)
  );
}

Deno.test("crossEntropy() is −log softmax of the target", () => {
  tf.tidy(() => {
    const targets = tf.tensor1d([3, 1], "int32");
    assertClose(crossEntropy(tf.tensor2d(STUDENT), targets), [
      -(logSoftmax(STUDENT[0] ?? [])[3] ?? NaN),
      Math.log(4),
    ]);
  });
});

Deno.test("crossEntropy() stays finite on huge logits", () => {
  tf.tidy(() => {
    assertClose(crossEntropy(tf.tensor2d([[1e4, -1e4]]), tf.tensor1d([0], "int32")), [0]);
  });
});

Deno.test("kullbackLeibler() is the definition, times τ², in both directions", () => {
  const temperature = 2;
  const rows = STUDENT.map((student, r) => {
    const logQ = logSoftmax(student.map((x) => x / temperature));
    const logP = logSoftmax((TEACHER[r] ?? []).map((x) => x / temperature));
    const divergence = (a: number[], b: number[]) =>
      a.reduce((sum, logA, i) => sum + Math.exp(logA) * (logA - (b[i] ?? NaN)), 0) * temperature ** 2;
    return { forward: divergence(logP, logQ), reverse: divergence(logQ, logP) };
  });
  tf.tidy(() => {
    const [student, teacher] = [tf.tensor2d(STUDENT), tf.tensor2d(TEACHER)];
    for (const direction of ["forward", "reverse"] as const) {
      assertClose(
        kullbackLeibler(student, teacher, temperature, direction),
        rows.map((row) => row[direction]),
      );
      assertClose(kullbackLeibler(student, student, temperature, direction), [0, 0]);
    }
  });
});

Deno.test("kullbackLeibler() of all entries named is that of the whole, in any order of names", () => {
  tf.tidy(() => {
    const ids = tf.tensor2d([[3, 1, 0, 2], [0, 1, 2, 3]], [2, 4], "int32");
    const reordered = tf.tensor2d([[-1, 3, 0, 1], [2, 0, 0, 0]]);
    const whole = kullbackLeibler(tf.tensor2d(STUDENT), tf.tensor2d(TEACHER), 1.5, "forward");
    assertClose(kullbackLeibler(tf.tensor2d(STUDENT), reordered, 1.5, "forward", ids), [...whole.dataSync()]);
  });
});

Deno.test("kullbackLeibler() to a single entry is its cross-entropy", () => {
  tf.tidy(() => {
    const student = tf.tensor2d(STUDENT);
    const [top, ids] = [tf.tensor2d([[9], [9]]), tf.tensor2d([[1], [2]], [2, 1], "int32")];
    assertClose(kullbackLeibler(student, top, 1, "forward", ids), [
      ...crossEntropy(student, tf.tensor1d([1, 2], "int32")).dataSync(),
    ]);
  });
});
