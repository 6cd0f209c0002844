import assert from "node:assert/strict";
import {
  extractLessons,
  extractProblems,
  extractSolutions,
  readChallenges,
} from "../../../lib/sources/extract/curriculum.ts";
import { packageFiles } from "../../../lib/sources/npm.ts";
import { temporaryDirectory } from "../temporary_directory.ts";

const block = {
  name: "Basics",
  challenges: [
    {
      title: "Add",
      description: ["Numbers <em>add</em>.", "<hr>", "Return <code>a + b</code>."],
      solutions: ["// stub", "function add(a, b) {\n  return a + b;\n}\n"],
      files: { indexjs: { ext: "js", contents: ["function add(a, b) {", "}"] } },
    },
    {
      title: "Colour",
      description: ["Make it red."],
      solutions: ['var code = "<p style=\\"color: red\\">a</p>"'],
      files: { indexhtml: { ext: "html", contents: [] } },
    },
    { title: "Read", description: [], solutions: ["// solution required"] },
  ],
};

async function withBlock<T>(
  use: (files: () => { root: string; paths: AsyncIterable<string> }) => Promise<T>,
): Promise<T> {
  await using directory = await temporaryDirectory({ "a.json": JSON.stringify(block) });
  const root = directory.path;
  return await use(() => ({ root, paths: packageFiles(root, ["."], []) }));
}

Deno.test("readChallenges() parts lesson from task, and finds starter and solution", () =>
  withBlock(async (files) => {
    assert.deepEqual(await Array.fromAsync(readChallenges(files())), [
      {
        block: "Basics",
        title: "Add",
        lesson: "Numbers add.",
        task: "Return `a + b`.",
        language: "js",
        starter: "function add(a, b) {\n}",
        solution: "function add(a, b) {\n  return a + b;\n}",
      },
      {
        block: "Basics",
        title: "Colour",
        lesson: "Make it red.",
        task: "",
        language: "html",
        starter: null,
        solution: '<p style="color: red">a</p>',
      },
      { block: "Basics", title: "Read", lesson: "", task: "", language: "js", starter: null, solution: null },
    ]);
  }));

Deno.test("extractLessons() writes lesson, task and starter", () =>
  withBlock(async (files) => {
    const [lesson, ...more] = await Array.fromAsync(extractLessons(files()));
    assert.equal(
      lesson?.text,
      "# Add\n\nNumbers add.\n\n## Task\n\nReturn `a + b`.\n\n```js\nfunction add(a, b) {\n}\n```\n",
    );
    assert.equal(more.length, 1);
  }));

Deno.test("extractProblems() writes problem and solution", () =>
  withBlock(async (files) => {
    const [problem] = await Array.fromAsync(extractProblems(files()));
    assert.equal(
      problem?.text,
      "# Add\n\nNumbers add.\n\nReturn `a + b`.\n\nSolution:\n\n```js\nfunction add(a, b) {\n  return a + b;\n}\n```\n",
    );
  }));

Deno.test("extractSolutions() writes code under a comment of its language", () =>
  withBlock(async (files) => {
    const texts = (await Array.fromAsync(extractSolutions(files()))).map(({ text }) => text);
    assert.deepEqual(texts, [
      "/*\nAdd\n\nReturn `a + b`.\n*/\nfunction add(a, b) {\n  return a + b;\n}\n",
      '<!--\nColour\n\nMake it red.\n-->\n<p style="color: red">a</p>\n',
    ]);
  }));
