/**
 * Questions that OpenCodeReasoning-2 only refers to: rows of TACO, APPS, CodeContests and open-r1/codeforces.
 *
 * Data sets lie beside each other as OWNER/NAME, as they are published: …/nvidia/OpenCodeReasoning-2 and …/BAAI/TACO. The rows of
 * a split are those of the files whose names begin with its name, in order: train.jsonl, data/train-00000-of-00039.parquet.
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { exists } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import { walkFiles } from "../files.ts";
import { isRecordFile, readFileRecords } from "./records.ts";

/** A row of a split of another data set. */
export interface QuestionReference {
  readonly dataset: string;
  readonly split: string;
  /** From 0. */
  readonly index: number;
}

type Row = Readonly<Record<string, unknown>>;

/** A referenced data set: its folder, and how a row becomes a question. */
interface QuestionSet {
  readonly folder: string;
  readonly columns: readonly string[];
  question(row: Row): string;
}

const QUESTION_SETS: Readonly<Record<string, QuestionSet>> = {
  taco: { folder: "BAAI/TACO", columns: ["question"], question: ({ question }) => asText(question) },
  apps: { folder: "codeparrot/apps", columns: ["question"], question: ({ question }) => asText(question) },
  code_contests: {
    folder: "deepmind/code_contests",
    columns: ["description"],
    question: ({ description }) => asText(description),
  },
  "open-r1/codeforces": {
    folder: "open-r1/codeforces",
    columns: ["description", "input_format", "output_format", "examples", "note"],
    question: codeforcesQuestion,
  },
};

/** Looks questions up; a split is read once, whole: some tens of megabytes of text. */
export class ReferencedQuestions {
  readonly #path: string;
  readonly #splits = new Map<string, Promise<readonly string[]>>();

  /** @param path The data set that refers to them; the others are looked for beside it and beside the folders above it. */
  constructor(path: string) {
    this.#path = resolve(path);
  }

  /** @throws {UsageError} saying what was expected, where data set, split or row is not there. */
  async find({ dataset, split, index }: QuestionReference): Promise<string> {
    const set = Object.hasOwn(QUESTION_SETS, dataset) ? QUESTION_SETS[dataset] : undefined;
    if (set === undefined) {
      throw new UsageError(
        `its question is in "${dataset}", expected one of ${Object.keys(QUESTION_SETS).join(", ")}.`,
      );
    }
    const key = `${dataset}/${split}`;
    const questions = this.#splits.get(key) ?? this.#read(set, split);
    this.#splits.set(key, questions);
    const question = (await questions)[index];
    if (question !== undefined && question !== "") return question;
    throw new UsageError(
      `its question is row ${index} of split "${split}" of ${set.folder}, which has ${
        question === "" ? "no text there" : `${(await questions).length} rows`
      }.`,
    );
  }

  async #read({ folder, columns, question }: QuestionSet, split: string): Promise<readonly string[]> {
    const root = await this.#locate(folder);
    const questions: string[] = [];
    let files = 0;
    for await (const file of walkFiles(root)) {
      const name = basename(file);
      if (!isRecordFile(name) || !(name.startsWith(`${split}-`) || name.startsWith(`${split}.`))) continue;
      files++;
      for await (const { value } of readFileRecords(join(root, file), columns)) {
        questions.push(question(value));
      }
    }
    if (files === 0) {
      throw new UsageError(`its question is in ${root}, which has no JSONL or parquet of split "${split}".`);
    }
    return questions;
  }

  async #locate(folder: string): Promise<string> {
    for (let above = dirname(this.#path);; above = dirname(above)) {
      const candidate = join(above, folder);
      if (await exists(candidate)) return candidate;
      if (dirname(above) === above) break;
    }
    throw new UsageError(
      `its question is in the data set ${folder}, expected ${folder} beside ${
        dirname(this.#path)
      } or a folder above.`,
    );
  }
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The statement's parts under their headings, as OpenCodeReasoning-2's card joins them. */
function codeforcesQuestion(row: Row): string {
  const description = asText(row["description"]);
  if (description === "") return "";
  const parts = [description];
  const add = (heading: string, value: unknown) => {
    if (asText(value) !== "") parts.push(heading, asText(value));
  };
  add("Input", row["input_format"]);
  add("Output", row["output_format"]);
  const examples: unknown = row["examples"];
  if (Array.isArray(examples) && examples.length > 0) {
    parts.push("Examples");
    for (const example of examples as (Row | null)[]) {
      add("Input", example?.["input"]);
      add("Output", example?.["output"]);
    }
  }
  add("Note", row["note"]);
  return parts.join("\n\n");
}
