import assert from "node:assert/strict";
import { join } from "node:path";
import { openTokenizer } from "../../../../lib/tokenizer/tokenizer.ts";
import { encodeProblems } from "../../../../lib/train/grpo/experiment/encode.ts";
import {
  conversationOf,
  readProblems,
  textOf,
  writeProblems,
} from "../../../../lib/train/grpo/experiment/problem_file.ts";
import { rewardNumber } from "../../../../lib/train/grpo/experiment/reward.ts";

Deno.test("readProblems() gives back what was written, with the loss on the answer alone", async () => {
  const path = join(await Deno.makeTempDir(), "problems.safetensors");
  const tokenizer = await openTokenizer("llama3-512");
  const problems = encodeProblems("held out", 7, 3, tokenizer);
  await writeProblems(path, tokenizer, problems);
  const set = await readProblems(path);
  assert.deepEqual(set.problems.map(({ gold }) => gold), problems.map(({ gold }) => gold));
  const [first] = set.problems;
  assert.ok(first);
  const { tokens, assistant } = conversationOf(first);
  assert.deepEqual(tokens, problems[0]?.tokens);
  const answer = textOf(set.vocabulary, tokens.filter((_, i) => assistant[i] === 1));
  assert.match(answer, new RegExp(`\\n#### ${first.gold}<\\|eot_id\\|>$`));
  assert.equal(rewardNumber(answer.replace("<|eot_id|>", ""), String(first.gold)), 1);
});
