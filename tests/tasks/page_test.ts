/** page, as a person runs it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { saveModel } from "../../lib/model/checkpoint.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { runTaskFile } from "./task_file.ts";

const config = { ...SMALL_MODEL, vocabularySize: 512, width: 32, feedForwardWidth: 32 };

Deno.test("page writes one file with the model's name, and leaves none where the model is unknown or has another tokenizer", () =>
  inDirectory(async (directory) => {
    await saveModel(join(directory, "my-model"), config, initialise(config, 1));
    const flags = ["my-model", "--tokenizer", "llama3-512", "--out", "page.html", "--json"];
    const { code, stdout, stderr } = await runTaskFile("page", directory, ...flags);
    assert.equal(code, 0, stderr);
    const html = await Deno.readTextFile(join(directory, "page.html"));
    assert.equal(JSON.parse(stdout).bytes, new TextEncoder().encode(html).length);
    assert.ok(html.startsWith("<!doctype html>") && html.includes('"title":"my-model"'));

    const bad: [string, string, RegExp][] = [
      ["nothing", "llama3-512", /^nothing has no model/],
      ["my-model", "llama3-600", /^Tokenizer "llama3-600" has 600 ids, the model 512/],
    ];
    for (const [model, tokenizer, message] of bad) {
      const refused = await runTaskFile(
        "page",
        directory,
        model,
        "--tokenizer",
        tokenizer,
        "--out",
        "no.html",
      );
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, message);
    }
    assert.deepEqual(await names(directory), ["my-model", "page.html"]);
  }));
