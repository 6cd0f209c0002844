/**
 * Indexing with a gradient.
 * @module
 */
import { tf } from "./tensorflow.ts";

/**
 * Entries or rows of x by their coordinates: `tf.gatherND` with the gradient that tfjs lacks (it adds up where
 * coordinates repeat).
 *
 * @param indices int32 […, n]: coordinates in the first n axes of x.
 * @returns […, axes of x after the first n].
 */
export function gather(x: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  return tf.customGrad((source, save) => {
    // Saved, so that it outlives the forward pass. The type is that of any of customGrad's arguments.
    (save as (tensors: tf.Tensor[]) => void)([indices]);
    return {
      value: tf.gatherND(source as tf.Tensor, indices),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.scatterND(saved[0] as tf.Tensor, dy, x.shape),
    };
  })(x);
}
