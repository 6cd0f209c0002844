import assert from "node:assert/strict";
import { extractWordnet, parseSynset } from "../../../lib/sources/extract/wordnet.ts";
import { packageFiles } from "../../../lib/sources/npm.ts";
import { temporaryDirectory } from "../temporary_directory.ts";

Deno.test("parseSynset() reads words, pointers of the same file and the gloss", () => {
  const line =
    '00001740 29 v 02 breathe 0 take_a_breath 0 002 ~ 00005041 v 0000 + 04250850 n 0102 02 + 02 00 + 08 00 | draw air into; "I can breathe"  ';
  assert.deepEqual(parseSynset(line), [
    "00001740",
    {
      words: ["breathe", "take a breath"],
      gloss: 'draw air into; "I can breathe"',
      related: new Map([["~", ["00005041"]]]),
    },
  ]);
  assert.equal(parseSynset("  1 This software and database is being provided"), null);
});

Deno.test("extractWordnet() writes an entry for a concept with three kinds or parts", async () => {
  const synset = (offset: string, word: string, pointers: string[]) =>
    `${offset} 03 n 01 ${word} 0 ${String(pointers.length).padStart(3, "0")} ${
      pointers.map((pointer) => `${pointer} n 0000`).join(" ")
    } | a ${word}  `;
  await using directory = await temporaryDirectory({
    "data.noun": [
      synset("00000001", "animal", ["~ 00000002"]),
      synset("00000002", "dog", ["@ 00000001", "~ 00000003", "~i 00000004", "%p 00000005"]),
      synset("00000003", "toy_dog", ["@ 00000002"]),
      synset("00000004", "Argos", ["@i 00000002"]),
      synset("00000005", "tail", []),
    ].join("\n"),
    "index.noun": "",
  });
  const root = directory.path;
  assert.deepEqual(await Array.fromAsync(extractWordnet({ root, paths: packageFiles(root, ["."], []) })), [{
    text:
      "dog (noun)\n\na dog\n\nA kind of: animal\n\nKinds:\n- toy dog: a toy_dog\n- Argos: a Argos\n\nParts and members:\n- tail: a tail\n",
    metadata: { title: "dog", partOfSpeech: "noun" },
  }]);
});
