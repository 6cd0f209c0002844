import assert from "node:assert/strict";
import { loadLanguageIdentifier } from "../../lib/sources/language.ts";

const identify = await loadLanguageIdentifier();

Deno.test.each([
  ["en", "Call me Ishmael. Some years ago, never mind how long precisely, having little money in my purse."],
  ["de", "Der schnelle braune Fuchs springt über den faulen Hund."],
  ["fr", "Bonjour à tous,\ncomment allez-vous aujourd'hui ?"],
  ["ja", "これは日本語の文章です。"],
  ["zh", "这是一个中文句子，用来测试语言识别。"],
])("loadLanguageIdentifier() knows %s", (code, text) => {
  const language = identify(text);
  assert.equal(language.code, code);
  assert.ok(language.confidence > 0.5 && language.confidence <= 1.001);
});

Deno.test("loadLanguageIdentifier() calls code and empty text undetermined", () => {
  assert.equal(identify("for (let i = 0; i < n; i++) x[i] += y[i];").code, "und");
  assert.equal(identify("").code, "und");
});
