import assert from "node:assert/strict";
import { RunError, UsageError } from "../../../lib/core/errors.ts";
import { openTokenizer } from "../../../lib/tokenizer/tokenizer.ts";
import {
  openServerTeacher,
  SERVER_TEACHER,
  type ServerTeacherSettings,
} from "../../../lib/train/distillation/server_teacher.ts";
import { batchOf, SIGNAL } from "./teachers.ts";

const TOKENIZER = await openTokenizer("llama3-512");

interface CompletionRequest {
  readonly prompt: readonly number[];
  readonly prompt_logprobs: number;
  readonly model: string;
}

/** What vLLM answers: after tokens that sum to s, token (s + i) mod 512 has log-probability `first` − i. */
function answer(
  { prompt, prompt_logprobs: k }: CompletionRequest,
  decode = (id: number) => TOKENIZER.decode([id]),
  first = -1,
) {
  let sum = 0;
  const entries = prompt.map((own, place) => {
    if (place === 0) return (sum += own, null);
    const entry: Record<string, unknown> = {
      // The prompt's own token is always there, unlikely as it may be.
      [own]: { logprob: -99, rank: 400, decoded_token: decode(own) },
    };
    for (let i = 0; i < k; i++) {
      const id = (sum + i) % 512;
      entry[id] = { logprob: first - i, rank: i + 1, decoded_token: decode(id) };
    }
    sum += own;
    return entry;
  });
  return Response.json({
    id: "1",
    object: "text_completion",
    choices: [{ index: 0, text: "x", prompt_logprobs: entries }],
  });
}

async function withServer(
  respond: (request: CompletionRequest, before: number) => Response,
  test: (
    open: (settings?: Partial<ServerTeacherSettings>) => ReturnType<typeof openServerTeacher>,
    requests: readonly CompletionRequest[],
  ) => Promise<void>,
) {
  const requests: CompletionRequest[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    assert.equal(new URL(request.url).pathname, "/v1/completions");
    requests.push(await request.json());
    return respond(requests.at(-1)!, requests.length - 1);
  });
  const settings = {
    ...SERVER_TEACHER,
    baseUrl: `http://127.0.0.1:${server.addr.port}/v1`,
    model: "stub",
    topK: 3,
    tokenizer: TOKENIZER,
    retries: 2,
    retryDelay: 1,
  };
  try {
    await test((own = {}) => openServerTeacher({ ...settings, ...own }), requests);
  } finally {
    await server.shutdown();
  }
}

function fails(promise: Promise<unknown>, kind: typeof UsageError | typeof RunError, message: RegExp) {
  return assert.rejects(promise, (error) => error instanceof kind && message.test(error.message));
}

Deno.test("openServerTeacher() asks for each document apart, and puts its top k where the positions are", () =>
  withServer((request) => answer(request), async (open, requests) => {
    const teacher = await open();
    const batch = batchOf(1, 512);
    const { logits, ids } = await teacher.logits(batch, 0, SIGNAL);
    assert.deepEqual(requests.map(({ prompt }) => prompt.length).sort(), [4, 4, 7]);
    let sum = 0;
    batch.tokens.forEach((token, position) => {
      sum = batch.documents[position] === batch.documents[position - 1] ? sum + token : token;
      assert.deepEqual([...logits.subarray(3 * position, 3 * position + 3)], [-1, -2, -3]);
      assert.deepEqual(
        [...ids!.subarray(3 * position, 3 * position + 3)],
        [0, 1, 2].map((i) => (sum + i) % 512),
      );
    });
  }));

Deno.test("openServerTeacher() tries again what may pass, and gives up on what does not", async () => {
  const broken = [
    () => new Response("slow down", { status: 429 }),
    () => Response.json({ choices: [] }),
    (request: CompletionRequest) => answer(request, undefined, 0),
  ];
  await withServer(
    (request, before) => broken[before]?.(request) ?? answer(request),
    async (open, requests) => {
      const teacher = await open({ concurrency: 1, retries: 3 });
      await teacher.logits(batchOf(1, 512), 0, SIGNAL);
      assert.equal(requests.length, 6);
    },
  );
  await withServer(() => new Response("no", { status: 503 }), async (open) => {
    const teacher = await open();
    await fails(
      teacher.logits(batchOf(1, 512), 0, SIGNAL),
      RunError,
      /Teacher stub at .* failed at attempt \d \(step 0, position \d+\)|No server is left/,
    );
  });
  await withServer(() => new Response("no", { status: 404 }), async (open) => {
    const teacher = await open();
    await fails(teacher.logits(batchOf(1, 512), 0, SIGNAL), UsageError, /refuses the request/);
  });
});

Deno.test("openServerTeacher() refuses another vocabulary, and a server without log-probabilities of the prompt", async () => {
  await withServer((request) => answer(request, (id) => `other ${id}`), async (open) => {
    await fails(
      (await open()).logits(batchOf(1, 512), 0, SIGNAL),
      UsageError,
      /another vocabulary: \d+ of \d+ tokens/,
    );
  });
  await withServer(
    ({ prompt }) =>
      Response.json({
        choices: [{ prompt_logprobs: prompt.map((_, i) => i === 0 ? null : { "512": { logprob: -1 } }) }],
      }),
    async (open) => {
      await fails((await open()).logits(batchOf(1, 512), 0, SIGNAL), UsageError, /names token 512/);
    },
  );
  await withServer(() => Response.json({ choices: [{ text: "x" }] }), async (open) => {
    await fails(
      (await open()).logits(batchOf(1, 512), 0, SIGNAL),
      UsageError,
      /no log-probabilities of the prompt/,
    );
  });
  await withServer((request) => answer({ ...request, prompt_logprobs: 1 }), async (open) => {
    await fails((await open()).logits(batchOf(1, 512), 0, SIGNAL), UsageError, /topK is 3/);
  });
});

Deno.test("openServerTeacher() stops on the signal, and refuses an address that is none", () =>
  withServer((request) => answer(request), async (open) => {
    const controller = new AbortController();
    controller.abort(new Error("stopped"));
    await assert.rejects((await open()).logits(batchOf(1, 512), 0, controller.signal), /stopped/);
    await fails(open({ baseUrl: "nowhere" }), UsageError, /The teacher's address is "nowhere"/);
  }));
