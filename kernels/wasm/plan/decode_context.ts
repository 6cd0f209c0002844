/**
 * What the phases of a decoder's pass share.
 * @module
 */
import type { Kernels } from "../kernels.ts";
import { ATTENTION_BLOCK, type DecodeMemory, type DecodeScratch } from "../memory/decode.ts";
import type { TransformerShape } from "../shape.ts";
import type { Phase } from "./context.ts";

/** One pass: rows whose tokens, slots and positions lie in memory, and how many of them want logits. */
export interface Pass {
  readonly rows: number;
  readonly logits: number;
}

/** One worker's view of a decoder. */
export class DecodeContext {
  readonly scratch: DecodeScratch;
  rows = 0;
  logits = 0;
  /** Tasks of attention before each row, and those of all; a row's are one for each block and key-value head. */
  readonly firstTask: number[] = [];
  attentionTasks = 0;
  /** Counts passes, so that a phase knows what it prepared for this one. */
  pass = 0;

  constructor(
    readonly kernels: Kernels,
    readonly shape: TransformerShape,
    readonly memory: DecodeMemory,
    readonly buffer: WebAssembly.Memory,
    worker: number,
  ) {
    // One for each worker.
    this.scratch = memory.scratch[worker] as DecodeScratch;
  }

  begin({ rows, logits }: Pass) {
    this.pass++;
    this.rows = rows;
    this.logits = logits;
    this.attentionTasks = 0;
    for (let row = 0; row < rows; row++) {
      this.firstTask[row] = this.attentionTasks;
      this.attentionTasks += this.shape.keyValueHeads * this.blocks(row);
    }
  }

  /** A word of one of the lists that describe the pass. */
  word(list: number, index: number): number {
    // Within the shared memory: lists are PASS_ROWS long.
    return new Uint32Array(this.buffer.buffer, list + 4 * index, 1)[0] as number;
  }

  /** Blocks of positions that a row attends to, its own included. */
  blocks(row: number): number {
    return Math.floor(this.word(this.memory.positions, row) / ATTENTION_BLOCK) + 1;
  }
}

/** A phase whose tasks are counted when it begins; `prepare` runs once a pass in every worker that has a task. */
export function lazyPhase(
  context: DecodeContext,
  tasks: () => number,
  run: (task: number) => void,
  prepare: () => void = () => {},
): Phase {
  let prepared = 0;
  return {
    get tasks() {
      return tasks();
    },
    run(task) {
      if (prepared !== context.pass) {
        prepare();
        prepared = context.pass;
      }
      run(task);
    },
  };
}
