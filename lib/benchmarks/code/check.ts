/**
 * Whether sandbox and graders tell right from wrong on the published files: every solution passes, every mutant of it fails.
 * @module
 */
import { findBenchmarkFiles, readRecords } from "../records.ts";
import type { Outcome, Sandbox } from "../sandbox/sandbox.ts";
import { humanEvalProblem, humanEvalProgram } from "./humaneval.ts";
import { humanEvalJsProblem, humanEvalJsProgram } from "./humaneval_js.ts";
import { JAVASCRIPT_SOLUTIONS } from "./humaneval_js_solutions.ts";
import { mbppProblem, mbppProgram } from "./mbpp.ts";
import { mutateJavaScript, mutatePython } from "./mutants.ts";

/** A right program and a wrong one. */
export interface SolutionPair {
  /** "HumanEval/0". */
  readonly id: string;
  readonly solution: string;
  readonly mutant: string;
}

/** A verdict that was not the one expected. */
export interface WrongVerdict {
  readonly id: string;
  readonly program: "solution" | "mutant";
  readonly outcome: Outcome;
}

/** HumanEval's canonical solutions. @throws {UsageError} where the files are missing or in another layout. */
export async function humanEvalPairs(data: string): Promise<SolutionPair[]> {
  const pairs: SolutionPair[] = [];
  for (const path of await findBenchmarkFiles(data, ["humaneval"], /HumanEval\.jsonl(\.gz)?$/)) {
    for await (const record of readRecords(path)) {
      const problem = humanEvalProblem(record);
      const { id, prompt, solution } = problem;
      const program = (body: string) => humanEvalProgram({ ...problem, prompt: "" }, body, "completion");
      pairs.push({
        id,
        solution: program(prompt + solution),
        mutant: program(mutatePython(prompt + solution)),
      });
    }
  }
  return pairs;
}

/** MBPP's solutions, of the file with all splits. @throws {UsageError} where the files are missing or in another layout. */
export async function mbppPairs(data: string): Promise<SolutionPair[]> {
  const pairs: SolutionPair[] = [];
  for (const path of await findBenchmarkFiles(data, ["mbpp"], /(^|\/)mbpp\.jsonl$/)) {
    for await (const record of readRecords(path)) {
      const problem = mbppProblem(record);
      const program = (code: string) => mbppProgram(problem, code, "completion");
      const { id, solution } = problem;
      pairs.push({ id: `MBPP/${id}`, solution: program(solution), mutant: program(mutatePython(solution)) });
    }
  }
  return pairs;
}

/** Our own solutions for problems of HumanEval-JS, whose file has none. @throws {UsageError} as above. */
export async function humanEvalJsPairs(data: string): Promise<SolutionPair[]> {
  const pairs: SolutionPair[] = [];
  for (const path of await findBenchmarkFiles(data, ["humaneval-js"], /humaneval-js\.jsonl$/)) {
    for await (const record of readRecords(path)) {
      const problem = humanEvalJsProblem(record);
      const { id, prompt } = problem;
      const body = JAVASCRIPT_SOLUTIONS[id];
      if (body === undefined) continue;
      const name = id.replace(/^HumanEval_\d+_/, "");
      const program = (code: string) => humanEvalJsProgram({ ...problem, prompt: "" }, code, "completion");
      pairs.push({
        id,
        solution: program(prompt + body),
        mutant: program(mutateJavaScript(prompt + body, name)),
      });
    }
  }
  return pairs;
}

/**
 * Runs solutions and mutants.
 *
 * @param timeLimit Seconds for each program.
 * @returns The verdicts that were wrong; none, if all is well.
 */
export async function checkPairs(
  pairs: readonly SolutionPair[],
  sandbox: Sandbox,
  timeLimit: number,
): Promise<WrongVerdict[]> {
  const verdicts = await Promise.all(
    pairs.flatMap(({ id, ...programs }) =>
      (["solution", "mutant"] as const).map(async (program) => {
        const outcome = await sandbox.run(programs[program], { timeLimit });
        return { id, program, outcome };
      })
    ),
  );
  return verdicts.filter(({ program, outcome }) =>
    (outcome.status === "passed") !== (program === "solution")
  );
}
