/**
 * What `--estimate` plans for where a recipe is too large for one machine: lib/pipeline/plan.
 * @module
 */
import { z } from "zod";
import { positive } from "./numbers.ts";

/** GPUs, how fast they are, and models that are asked but not trained. */
export const cluster = z.strictObject({
  nodes: positive,
  gpusPerNode: positive,
  /**
   * Model FLOPs (lib/model/flops.ts) of one GPU in a second, in 10¹². The paper gives no rate: 240 follows from its 4.5 days for
   * 2.097T tokens of 950M parameters at 6 FLOP each on 128 GPUs.
   */
  teraflopsPerGpu: z.number().positive(),
  /** Parameters of the judge. */
  judgeParameters: z.number().positive(),
  /** Parameters of the teacher. */
  teacherParameters: z.number().positive(),
});
