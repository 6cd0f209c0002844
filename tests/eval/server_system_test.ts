import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { serverSystem } from "../../lib/eval/server_system.ts";
import type { AnswerRequest } from "../../lib/eval/system.ts";

type Body = Readonly<Record<string, unknown>>;

/** Runs a test against a server on this machine. */
async function withServer(
  respond: (path: string, body: Body) => Response,
  test: (baseUrl: string, bodies: Body[]) => Promise<void>,
): Promise<void> {
  const bodies: Body[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const body = await request.json();
    bodies.push(body);
    return respond(new URL(request.url).pathname, body);
  });
  await test(`http://127.0.0.1:${server.addr.port}/v1`, bodies);
}

function systemAt(baseUrl: string) {
  return serverSystem({ baseUrl, model: "m", concurrency: 2, timeout: 5000, retries: 1, retryDelay: 1 });
}

const { signal } = new AbortController();

function request(prompt: AnswerRequest["prompt"], stop: readonly string[] = []): AnswerRequest {
  return {
    ...{ task: "t", id: "1", sample: 0, prompt, stop, maxNewTokens: 9, seed: 5 },
    sampling: { temperature: 0.5, topP: 0.9 },
  };
}

Deno.test("serverSystem() asks chats and continuations, and cuts at every stop text", () =>
  withServer(
    (path) =>
      Response.json(
        path === "/v1/chat/completions"
          ? {
            choices: [{ message: { content: "hello" }, finish_reason: "length" }],
            usage: { completion_tokens: 2 },
          }
          : { choices: [{ text: " one\nQ: two", finish_reason: "stop" }] },
      ),
    async (baseUrl, bodies) => {
      const requests = [
        request({ messages: [{ role: "user", content: "hi" }] }),
        request({ text: "Q: x\nA:" }, ["a", "b", "c", "d", "Q:"]),
      ];
      const answers = await Array.fromAsync(systemAt(baseUrl).answers(requests, signal));
      answers.sort((a, b) => a.index - b.index);
      assert.deepEqual(answers, [
        { index: 0, text: "hello", tokens: 2, finish: "length" },
        { index: 1, text: " one\n", tokens: null, finish: "stop" },
      ]);
      const text = bodies.find(({ prompt }) => prompt !== undefined);
      assert.deepEqual(text, {
        ...{ model: "m", temperature: 0.5, top_p: 0.9, seed: 5, max_tokens: 9 },
        ...{ stop: ["a", "b", "c", "d"], prompt: "Q: x\nA:" },
      });
    },
  ));

Deno.test("serverSystem() sums the echoed tokens of the continuation", () =>
  withServer(
    () =>
      Response.json({
        choices: [{
          text: "äb cd!",
          logprobs: { token_logprobs: [null, -1, -2, -4, -8], text_offset: [0, 1, 2, 4, 5] },
        }],
      }),
    async (baseUrl) => {
      // Tokens: "ä", "b", " c", "d" and one that was written: offset 5 is beyond the end.
      const system = systemAt(baseUrl);
      const asked = [{ context: "äb", continuation: " cd" }];
      assert.deepEqual(await Array.fromAsync(system.logLikelihoods?.(asked, signal) ?? []), [
        { index: 0, sum: -6, tokens: 2 },
      ]);
    },
  ));

Deno.test("serverSystem() says that a server has no log-probabilities", () =>
  withServer(
    () => Response.json({ choices: [{ text: "x" }] }),
    async (baseUrl) => {
      const asked = Array.from({ length: 5 }, () => ({ context: "a", continuation: " b" }));
      await assert.rejects(
        Array.fromAsync(systemAt(baseUrl).logLikelihoods?.(asked, signal) ?? []),
        (error) => error instanceof UsageError && /does not echo log-probabilities/.test(error.message),
      );
    },
  ));

Deno.test("serverSystem() stops when asked to", () =>
  withServer(
    () => Response.json({ choices: [{ text: "x" }] }),
    async (baseUrl) => {
      const controller = new AbortController();
      controller.abort(new Error("enough"));
      await assert.rejects(
        Array.fromAsync(systemAt(baseUrl).answers([request({ text: "a" })], controller.signal)),
        /enough/,
      );
    },
  ));

Deno.test("serverSystem() names a wrong address", () => {
  assert.throws(
    () => systemAt("localhost"),
    (error) => error instanceof UsageError && /"localhost", expected a URL/.test(error.message),
  );
});
