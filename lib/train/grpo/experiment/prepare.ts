/**
 * Makes the data of the experiment on word problems, as files that `main.ts` needs no tokenizer for.
 *
 *     deno run -A lib/train/grpo/experiment/prepare.ts --out DIR
 * @module
 */
import { join } from "node:path";
import { runTask, taskCommand } from "../../../core/command.ts";
import { writeShards } from "../../../shards/writer.ts";
import { factsDocument, storyDocument } from "../../../sources/word_problems/texts.ts";
import { openTokenizer } from "../../../tokenizer/tokenizer.ts";
import { encodeProblems } from "./encode.ts";
import { writeProblems } from "./problem_file.ts";

/** The smallest vocabulary: it has no number of two digits, so that every digit is a token. */
const TOKENIZER = "llama3-512";
const SEED = 1;
const COUNTS = { facts: 16_000, stories: 6000, training: 40_000, heldOut: 500 };

const command = taskCommand("prepare", "The data of the experiment on word problems")
  .requiredOption("--out <directory>", "where it goes");

await runTask<{ readonly out: string }>(command, async ({ out }, { signal, print }) => {
  const tokenizer = await openTokenizer(TOKENIZER);
  const documents = async function* (count: number, text: (index: number) => string) {
    for (let index = 0; index < count; index++) yield { text: text(index) };
  };
  const write = async (source: string, count: number, text: (index: number) => string) =>
    await writeShards(join(out, source), documents(count, text), tokenizer, {
      source,
      maxTokensPerShard: 2 ** 24,
      signal,
    });
  const facts = await write("facts", COUNTS.facts, (index) => factsDocument(SEED, index));
  const stories = await write("stories", COUNTS.stories, (index) => storyDocument("training", SEED, index));
  await writeProblems(
    join(out, "training.safetensors"),
    tokenizer,
    encodeProblems("training", SEED, COUNTS.training, tokenizer),
  );
  await writeProblems(
    join(out, "held_out.safetensors"),
    tokenizer,
    encodeProblems("held out", SEED, COUNTS.heldOut, tokenizer),
  );
  print(
    { facts: facts.tokens, stories: stories.tokens },
    (tokens) =>
      `${tokens.facts} tokens of facts, ${tokens.stories} of stories, ${COUNTS.training} problems, ${COUNTS.heldOut} held out: ${out}`,
  );
});
