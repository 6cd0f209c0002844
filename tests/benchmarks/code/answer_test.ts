import assert from "node:assert/strict";
import { codeInAnswer } from "../../../lib/benchmarks/code/answer.ts";

Deno.test("codeInAnswer() takes the last block, an open one too, or the whole answer", () => {
  assert.equal(codeInAnswer("```\na\n```\nbetter:\n```python\nb\n\nc\n```\n"), "b\n\nc\n");
  assert.equal(codeInAnswer("First:\n```js\nlet x = `1`;\nlet"), "let x = `1`;\nlet");
  assert.equal(codeInAnswer("def f(): return 1"), "def f(): return 1");
  assert.equal(codeInAnswer("````md\n```py\nx\n```\n````"), "```py\nx\n```\n");
  assert.equal(codeInAnswer("1. Do\n   ~~~\n   x\n   ~~~\n"), "   x\n");
  assert.equal(codeInAnswer("```\r\nx\r\n```\r\n"), "x\r\n");
  assert.equal(codeInAnswer("Nothing:\n```\n```"), "");
});
