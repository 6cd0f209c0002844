/**
 * LiveCodeBench (Jain et al., 2024), code generation, in the layout of release v6: contest problems with tests by standard input or by a
 * method's arguments.
 * @module
 */
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { z } from "zod";
import { UsageError } from "../../core/errors.ts";
import { type BenchmarkRecord, parseRecord, placeOf } from "../records.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { AnswerStyle } from "../task.ts";
import { codeInAnswer } from "./answer.ts";
import { readPickledString } from "./pickled_string.ts";

/** What goes in and what must come out. */
export interface LiveCodeBenchTest {
  readonly input: string;
  readonly output: string;
}

/** A contest problem. */
export interface LiveCodeBenchProblem {
  readonly id: string;
  readonly question: string;
  /** Code that the answer must go on with; "" where it reads standard input. */
  readonly starterCode: string;
  /** The method of `Solution` that is called with the input's lines, each a JSON value; null where the program reads standard input. */
  readonly method: string | null;
  /** "YYYY-MM-DD…": a model trained later may know the problem. */
  readonly date: string;
  /** Public ones first. */
  readonly tests: readonly LiveCodeBenchTest[];
}

/** Seconds for one test, as the authors have it. */
const TIME_LIMIT = 6;

/** Private tests of one problem unpack to tens of megabytes at most. */
const MOST_BYTES = 2 ** 29;

const tests = z.array(
  z.object({ input: z.string(), output: z.string(), testtype: z.enum(["stdin", "functional"]) }),
);
const layout = z.object({
  question_id: z.string(),
  question_content: z.string(),
  starter_code: z.string(),
  contest_date: z.string(),
  public_test_cases: z.string(),
  private_test_cases: z.string(),
  metadata: z.string(),
});

/** What the authors put before an answer, so that `List` or `deque` need no import, and recursion may be deep. */
const PREAMBLE = [
  ..."string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json typing"
    .split(" ").flatMap((name) => [`from ${name} import *`, `import ${name}`]),
  "from builtins import *",
  "sys.setrecursionlimit(50000)",
].join("\n");

/** @throws {UsageError} naming file, line and field where the record is not in the published layout. */
export function liveCodeBenchProblem(record: BenchmarkRecord): LiveCodeBenchProblem {
  const fields = parseRecord(record, layout);
  const parseField = <Schema extends z.ZodType>(
    name: string,
    text: string,
    schema: Schema,
  ): z.output<Schema> => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new UsageError(`${placeOf(record)}: field "${name}" holds no JSON.`);
    }
    return parseRecord(
      { ...record, value: { [name]: value } },
      z.object({ [name]: schema }),
    )[name] as z.output<Schema>;
  };
  const all = [
    ...parseField("public_test_cases", fields.public_test_cases, tests),
    ...parseField("private_test_cases", unpack(fields.private_test_cases), tests),
  ];
  const kinds = new Set(all.map(({ testtype }) => testtype));
  if (kinds.size !== 1) {
    throw new UsageError(`${placeOf(record)}: the problem has ${kinds.size} kinds of tests, expected one.`);
  }
  const functional = kinds.has("functional");
  const schema = z.object({ func_name: functional ? z.string() : z.string().optional() });
  const { func_name } = parseField("metadata", fields.metadata, schema);
  return {
    id: fields.question_id,
    question: fields.question_content,
    starterCode: fields.starter_code,
    method: functional ? func_name ?? null : null,
    date: fields.contest_date,
    tests: all.map(({ input, output }) => ({ input, output })),
  };
}

/** JSON as it is, or in a pickled string, zlib and base64. */
function unpack(text: string): string {
  if (text.startsWith("[")) return text;
  try {
    return readPickledString(inflateSync(Buffer.from(text, "base64"), { maxOutputLength: MOST_BYTES })) ?? "";
  } catch {
    // No zlib, or too long: no JSON either, which the caller says.
    return "";
  }
}

/** Whether an answer passes every test; the first that it fails is the last that runs. */
export async function passesLiveCodeBench(
  problem: LiveCodeBenchProblem,
  answer: string,
  style: AnswerStyle,
  sandbox: Sandbox,
): Promise<boolean> {
  const code = `${PREAMBLE}\n${style === "chat" ? codeInAnswer(answer) : answer}\n`;
  for (const { input, output } of problem.tests) {
    const limits = { timeLimit: TIME_LIMIT, outputLimit: 2 ** 24 };
    if (problem.method === null) {
      const { status, stdout } = await sandbox.run(code, { ...limits, stdin: input });
      if (status !== "passed" && status !== "exited" || !sameOutput(stdout, output)) return false;
    } else {
      const { status } = await sandbox.run(code + methodTest(problem.method, input, output), limits);
      if (status !== "passed") return false;
    }
  }
  return true;
}

/** A call with a JSON value on each line of the input; a tuple is as good as a list. */
function methodTest(method: string, input: string, output: string): string {
  const literal = (text: string) => JSON.stringify(text);
  return `import json as _json
_result = Solution().${method}(*[_json.loads(line) for line in ${literal(input)}.split("\\n")])
if isinstance(_result, tuple): _result = list(_result)
assert _result == _json.loads(${literal(output)})
`;
}

/**
 * Whether two outputs have the same lines, spaces around them aside, where lines of numbers may be written differently ("1.0", "1", "1e-06").
 *
 * @example
 * ```ts
 * import { sameOutput } from "./live_code_bench.ts";
 * if (!sameOutput("1.50 2\n", "1.5 2") || sameOutput("1\n2", "1 2")) throw new Error();
 * ```
 */
export function sameOutput(written: string, expected: string): boolean {
  const [ours, theirs] = [linesOf(written), linesOf(expected)];
  return ours.length === theirs.length && ours.every((line, i) => sameLine(line, theirs[i] ?? ""));
}

function linesOf(text: string): string[] {
  return text.trim().split("\n").map((line) => line.trim());
}

function sameLine(line: string, other: string): boolean {
  if (line === other) return true;
  const [ours, theirs] = [line.split(/\s+/), other.split(/\s+/)];
  return ours.length === theirs.length && ours.every((word, i) => {
    const number = canonicalDecimal(word);
    return number !== null && number === canonicalDecimal(theirs[i] ?? "");
  });
}

/** A decimal as digits and exponent, the same text for equal numbers, however long; null for anything else. */
function canonicalDecimal(word: string): string | null {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(word);
  if (parts === null) return null;
  const [, sign, whole = "", fraction = "", power = "0"] = parts;
  if (whole + fraction === "") return null;
  const digits = (whole + fraction).replace(/^0+/, "");
  // Not by a pattern, which would try every zero of a long number anew.
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  if (end === 0) return "0";
  const significant = digits.slice(0, end);
  const exponent = Number(power) - fraction.length + digits.length - significant.length;
  return `${sign === "-" ? "-" : ""}${significant}e${exponent}`;
}
