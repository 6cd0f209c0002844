import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../lib/core/random.ts";
import { parameterLayout } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import {
  attentionMask,
  head,
  hiddenStates,
  linear,
  namedParameters,
  parameterTensors,
  rootMeanSquareNorm,
  rotate,
} from "../../lib/model/reference.ts";
import { ropeFrequencies } from "../../lib/model/rope.ts";
import { crossEntropy } from "../../lib/model/reference_loss.ts";
import { tf } from "../../lib/model/tensorflow.ts";
import { randomBatch, SMALL_MODEL } from "../backends/small_model.ts";

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-6): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    assert.ok(difference <= tolerance, `[${i}]: ${actual[i]}, expected ${expected[i]}`);
  }
}

/** Mean cross-entropy of the small model with these flat weights. */
function meanLoss(tensors: tf.Tensor[]): tf.Scalar {
  const { sequences, length, tokens, targets } = randomBatch(1, 2, 7);
  const parameters = namedParameters(SMALL_MODEL, tensors);
  const ids = tf.tensor(Int32Array.from(tokens), [sequences, length], "int32");
  const hidden = hiddenStates(SMALL_MODEL, parameters, ids, attentionMask(sequences, length));
  const logits = head(SMALL_MODEL, parameters, hidden).reshape([-1, SMALL_MODEL.vocabularySize]);
  return crossEntropy(logits, tf.tensor1d(Int32Array.from(targets), "int32")).mean();
}

Deno.test("linear() is x·Wᵀ on the last axis", () => {
  tf.tidy(() => {
    const y = linear(tf.tensor3d([[[1, 2]], [[3, 4]]]), tf.tensor2d([[1, 0], [0, 1], [1, 1]]));
    assert.deepEqual(y.arraySync(), [[[1, 2, 3]], [[3, 4, 7]]]);
  });
});

Deno.test("rootMeanSquareNorm() leaves a mean square of 1", () => {
  tf.tidy(() => {
    assertClose(rootMeanSquareNorm(tf.tensor2d([[3, -4], [0, 0]]), 1e-5).dataSync(), [
      0.848527,
      -1.131370,
      0,
      0,
    ], 1e-5);
  });
});

Deno.test("rotate() turns adjacent pairs by position · frequency", () => {
  tf.tidy(() => {
    const rotated = rotate(tf.tensor([1, 0, 1, 0, 1, 0, 1, 0], [1, 1, 2, 4]), Float32Array.of(1, 0.1));
    assertClose(rotated.dataSync(), [1, 0, 1, 0, Math.cos(1), Math.sin(1), Math.cos(0.1), Math.sin(0.1)]);
  });
});

Deno.test("rotate() makes products depend on the distance between positions only", () => {
  const vector = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 });
  const frequencies = ropeFrequencies({ headSize: 8, ropeTheta: 50, ropeScaling: null });
  fc.assert(
    fc.property(vector, vector, (q, k) => {
      tf.tidy(() => {
        const everywhere = (values: number[]) =>
          rotate(tf.tensor(values, [1, 1, 1, 8]).tile([1, 1, 6, 1]), frequencies);
        const products = tf.matMul(everywhere(q), everywhere(k), false, true).squeeze([0, 1])
          .arraySync() as number[][];
        for (let i = 1; i < 6; i++) {
          for (let j = 1; j < 6; j++) {
            assertClose([products[i]?.[j] ?? NaN], [products[i - 1]?.[j - 1] ?? NaN], 1e-5);
          }
        }
      });
    }),
    { numRuns: 20 },
  );
});

Deno.test("attentionMask() is causal and stops at every change of document", () => {
  tf.tidy(() => {
    const o = 0, x = -Infinity;
    assert.deepEqual(attentionMask(1, 3).arraySync(), [[[[o, x, x], [o, o, x], [o, o, o]]]]);
    // The third position does not see the first, though the number comes again.
    assert.deepEqual(attentionMask(1, 4, Uint32Array.of(5, 8, 5, 5)).arraySync(), [[[
      [o, x, x, x],
      [x, o, x, x],
      [x, x, o, x],
      [x, x, o, o],
    ]]]);
  });
});

Deno.test("attentionMask() begins every sequence anew", () => {
  tf.tidy(() => {
    const mask = attentionMask(2, 2, Uint32Array.of(0, 1, 1, 1)).dataSync();
    assert.deepEqual([...mask], [0, -Infinity, -Infinity, 0, 0, -Infinity, 0, 0]);
  });
});

Deno.test("hiddenStates() of a position do not change with the tokens after it", () => {
  tf.tidy(() => {
    const parameters = namedParameters(
      SMALL_MODEL,
      parameterTensors(SMALL_MODEL, initialise(SMALL_MODEL, 1)),
    );
    const states = (tokens: number[]) =>
      hiddenStates(SMALL_MODEL, parameters, tf.tensor2d([tokens], [1, 4], "int32"), attentionMask(1, 4))
        .slice([0, 0, 0], [1, 3, -1]).dataSync();
    assert.deepEqual(states([1, 2, 3, 4]), states([1, 2, 3, 30]));
  });
});

Deno.test("the reference's gradient equals finite differences along random directions", () => {
  const weights = initialise(SMALL_MODEL, 1);
  const lossAt = (values: Float32Array) =>
    tf.tidy(() => meanLoss(parameterTensors(SMALL_MODEL, values)).dataSync()[0] ?? NaN);
  const gradients = tf.tidy(() =>
    tf.grads((...tensors: tf.Tensor[]) => meanLoss(tensors))(parameterTensors(SMALL_MODEL, weights))
      .map((gradient) => [...gradient.dataSync()])
  );
  parameterLayout(SMALL_MODEL).forEach(({ name, offset, size }, i) => {
    const direction = Random.of(1, "direction", name);
    const step = 0.05 / Math.sqrt(size);
    const moved = (sign: number) =>
      weights.map((w, j) =>
        j >= offset && j < offset + size ? w + sign * step * direction.normal(j - offset) : w
      );
    const numerical = (lossAt(moved(1)) - lossAt(moved(-1))) / (2 * step);
    const analytical = (gradients[i] ?? []).reduce((sum, g, j) => sum + g * direction.normal(j), 0);
    const scale = Math.hypot(...gradients[i] ?? []);
    assert.ok(
      Math.abs(numerical - analytical) < 0.01 * scale,
      `${name}: ${numerical}, analytical ${analytical}`,
    );
  });
});
