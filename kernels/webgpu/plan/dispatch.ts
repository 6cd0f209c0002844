/**
 * One kernel with its buffers and its size: what a plan is a list of.
 * @module
 */

/** A kernel to run. Binding i of group 0 is `bindings[i]`. */
export interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: readonly GPUBufferBinding[];
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations; a multiply-add counts as 2. */
  readonly flops: number;
  /** Bytes that any implementation must read and write: each input and each output once. */
  readonly bytes: number;
}
