/**
 * Losses per position in tfjs operations. R rows (positions), V vocabulary, k entries of a teacher's top-k.
 * @module
 */
import { gather } from "./gather.ts";
import { tf } from "./tensorflow.ts";

/** −log softmax(logits)[target] of each row, in nats: logits [R, V], targets [R] → [R]. */
export function crossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  return pick(tf.logSoftmax(logits), targets.expandDims(1)).squeeze([1]).neg();
}

/**
 * τ² · KL between the teacher's softmax(logits/τ) and the student's, per row, in nats → [R]
 * (Hinton et al., 2015: τ² keeps the gradient's size when τ changes).
 *
 * Forward is KL(teacher ‖ student) = Σ p (log p − log q); reverse is KL(student ‖ teacher) = Σ q (log q − log p).
 *
 * @param student Logits [R, V].
 * @param teacher Logits [R, V], or [R, k] where `ids` names the entries; its softmax is over what is given.
 * @param ids Vocabulary ids [R, k]; the student's softmax is still over all of V.
 */
export function kullbackLeibler(
  student: tf.Tensor,
  teacher: tf.Tensor,
  temperature: number,
  direction: "forward" | "reverse",
  ids?: tf.Tensor,
): tf.Tensor {
  const full = tf.logSoftmax(student.div(temperature));
  const logQ = ids === undefined ? full : pick(full, ids);
  const logP = tf.logSoftmax(teacher.div(temperature));
  const [logA, logB] = direction === "forward" ? [logP, logQ] : [logQ, logP];
  return logA.exp().mul(logA.sub(logB)).sum(-1).mul(temperature ** 2);
}

/** x[row, ids[row, j]]: x [R, V], ids [R, k] → [R, k]; the ids of a row differ. */
function pick(x: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  const rows = tf.range(0, ids.shape[0] ?? 0, 1, "int32").expandDims(1).tile([1, ids.shape[1] ?? 0]);
  return gather(x, tf.stack([rows, ids], -1));
}
