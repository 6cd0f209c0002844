import assert from "node:assert/strict";
import { gather } from "../../lib/model/gather.ts";
import { tf } from "../../lib/model/tensorflow.ts";

Deno.test("gather() takes rows by one coordinate and entries by two", () => {
  tf.tidy(() => {
    const x = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
    assert.deepEqual(gather(x, tf.tensor2d([[2], [0]], [2, 1], "int32")).arraySync(), [[5, 6], [1, 2]]);
    assert.deepEqual(gather(x, tf.tensor2d([[2, 1], [0, 0]], [2, 2], "int32")).arraySync(), [6, 1]);
  });
});

Deno.test("gather() has a gradient that adds up where a row is taken twice", () => {
  tf.tidy(() => {
    const rows = (x: tf.Tensor) =>
      gather(x, tf.tensor2d([[1], [0], [1]], [3, 1], "int32")).mul(tf.tensor2d([[1], [10], [100]])).sum();
    assert.deepEqual(tf.grad(rows)(tf.zeros([3, 2])).arraySync(), [[10, 10], [101, 101], [0, 0]]);
  });
});
