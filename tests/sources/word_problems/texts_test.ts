import assert from "node:assert/strict";
import fc from "fast-check";
import {
  factsDocument,
  problemConversation,
  storyDocument,
} from "../../../lib/sources/word_problems/texts.ts";

Deno.test("factsDocument() lists true facts of numbers up to 99", () => {
  fc.assert(fc.property(fc.nat(), fc.nat({ max: 1e6 }), (seed, index) => {
    for (const line of factsDocument(seed, index).split("\n")) {
      const [, a, operation, b, result] = /^(\d+) ([-+*/]) (\d+) = (\d+)$/.exec(line)?.map((part, i) =>
        i === 2 ? part : Number(part)
      ) ?? [];
      const [x, y] = [Number(a), Number(b)];
      const expected = operation === "+"
        ? x + y
        : operation === "-"
        ? x - y
        : operation === "*"
        ? x * y
        : x / y;
      assert.equal(result, expected, line);
      assert.ok(Math.max(x, y, expected) <= 99 && Math.min(x, y, expected) >= 1, line);
    }
  }));
});

Deno.test("storyDocument() tells what comes of it and asks nothing", () => {
  const story = storyDocument("training", 1, 0);
  assert.equal(story.split("\n\n").length, 8);
  assert.doesNotMatch(story, /\?|####/);
});

Deno.test("problemConversation() asks and answers", () => {
  const [question, answer] = problemConversation("held out", 1, 0);
  assert.deepEqual([question.role, answer.role], ["user", "assistant"]);
  assert.match(question.content, /\?$/);
  assert.match(answer.content, /\n#### \d+$/);
});
