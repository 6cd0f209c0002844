/**
 * Every benchmark by its name.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { AIME24, AIME25 } from "./aime.ts";
import { ARC_CHALLENGE, ARC_EASY } from "./arc.ts";
import { BOOLQ } from "./boolq.ts";
import { GSM8K } from "./gsm8k.ts";
import { HELLASWAG } from "./hellaswag.ts";
import { HUMANEVAL } from "./humaneval.ts";
import { HUMANEVAL_JS } from "./humaneval_js.ts";
import { LIVE_CODE_BENCH } from "./live_code_bench.ts";
import { MATH500 } from "./math500.ts";
import { MBPP } from "./mbpp.ts";
import { MMLU } from "./mmlu.ts";
import { NQ_OPEN } from "./nq_open.ts";
import { OPENBOOKQA } from "./openbookqa.ts";
import { PIQA } from "./piqa.ts";
import { SOCIAL_IQA } from "./social_iqa.ts";
import type { Task } from "./task.ts";
import { TRIVIAQA } from "./triviaqa.ts";
import { WINOGRANDE } from "./winogrande.ts";

/** The eight of the paper's CommonSense column, in the order of Table 13. */
export const COMMONSENSE: readonly Task[] = [
  ARC_EASY,
  ARC_CHALLENGE,
  BOOLQ,
  PIQA,
  SOCIAL_IQA,
  HELLASWAG,
  OPENBOOKQA,
  WINOGRANDE,
];

/** All benchmarks. */
export const TASKS: readonly Task[] = [
  MATH500,
  GSM8K,
  AIME24,
  AIME25,
  MBPP,
  HUMANEVAL,
  HUMANEVAL_JS,
  LIVE_CODE_BENCH,
  ...COMMONSENSE,
  MMLU,
  NQ_OPEN,
  TRIVIAQA,
];

/** @throws {UsageError} listing the names, for any other. */
export function findTask(name: string): Task {
  const task = TASKS.find((known) => known.name === name);
  if (task !== undefined) return task;
  throw new UsageError(
    `Benchmark "${name}" is unknown, expected one of ${TASKS.map((known) => known.name).join(", ")}.`,
  );
}
