import assert from "node:assert/strict";
import type { Prompt } from "../../lib/curation/prompt.ts";
import {
  createServerJudge,
  SERVER_JUDGE,
  type ServerJudgeSettings,
} from "../../lib/curation/server_judge.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { documentOf } from "./documents.ts";
import { answerOf, type ChatRequest, startServer } from "./stub_server.ts";

const PROMPT: Prompt = { name: "own", before: "before ", after: " after", hash: "0123" };

/** Runs a test beside a server on this machine; `respond` gets the requests and how many came before. */
function withServer(
  respond: (request: ChatRequest, before: number) => Response | Promise<Response>,
  test: (
    open: (settings?: Partial<ServerJudgeSettings>) => ReturnType<typeof createServerJudge>,
    requests: readonly ChatRequest[],
  ) => Promise<void>,
): Promise<void> {
  return inDirectory(async (directory) => {
    await using server = startServer(respond);
    const { baseUrl, requests } = server;
    const settings = {
      ...SERVER_JUDGE,
      baseUrl,
      model: "stub",
      cacheDirectory: `${directory}/cache`,
      retryDelay: 1,
    };
    await test((own = {}) => createServerJudge({ ...settings, ...own }), requests);
  });
}

Deno.test("createServerJudge() sums the probabilities of the two answers", () =>
  withServer(
    ({ content }) =>
      answerOf(
        content.includes("good") ? { "1": 0.5, " 1": 0.25, "0": 0.125, "Yes": 0.1 } : { "0": 0.5, "1": 0 },
      ),
    async (open, requests) => {
      const judge = open({ apiKey: "key" });
      const [good, bad] = await judge.judge(PROMPT, [documentOf("good"), documentOf("other")]);
      assert.ok(Math.abs(good!.one - 0.75) < 1e-9 && Math.abs(good!.zero - 0.125) < 1e-9);
      assert.deepEqual(bad, { one: 0, zero: 0.5 });
      const { content, body, authorization } = requests[0]!;
      assert.equal(content, "before good after");
      assert.deepEqual([body["max_tokens"], body["temperature"], body["top_logprobs"]], [1, 0, 20]);
      assert.equal(authorization, "Bearer key");
    },
  ));

Deno.test("createServerJudge() asks nothing twice: answers stay on disk by judge, prompt and document", () =>
  withServer(() => answerOf({ "1": 0.5 }), async (open, requests) => {
    const documents = ["a", "b", "c"].map((text) => documentOf(text));
    const first = await open().judge(PROMPT, documents);
    assert.equal(requests.length, 3);
    assert.deepEqual(await open().judge(PROMPT, documents), first);
    assert.equal(requests.length, 3);
    await open().judge(PROMPT, [documentOf("d"), ...documents]);
    assert.equal(requests.length, 4);
    await open().judge({ ...PROMPT, hash: "4567" }, documents);
    assert.equal(requests.length, 7);
    await open({ model: "other" }).judge(PROMPT, documents);
    assert.equal(requests.length, 10);
  }));

Deno.test("createServerJudge() retries what may pass: too many requests, failures, broken answers", () => {
  const broken: (() => Response)[] = [
    () => new Response("slow down", { status: 429 }),
    () => new Response("oops", { status: 503 }),
    () => new Response('{"choices": [{"logpro', { headers: { "content-type": "application/json" } }),
    () => Response.json({ choices: [] }),
  ];
  return withServer((_, before) => broken[before]?.() ?? answerOf({ "1": 0.5 }), async (open, requests) => {
    assert.deepEqual(await open().judge(PROMPT, [documentOf("a")]), [{ one: 0.5, zero: 0 }]);
    assert.equal(requests.length, broken.length + 1);
  });
});

Deno.test("createServerJudge() retries where the connection closes, before or within the answer", () =>
  inDirectory(async (directory) => {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    let connections = 0;
    const serving = (async () => {
      for await (const connection of listener) {
        connections++;
        await connection.read(new Uint8Array(65536));
        const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n";
        if (connections > 1) await connection.write(new TextEncoder().encode(`${head}{"choices": [`));
        connection.close();
      }
    })();
    const judge = createServerJudge({
      ...SERVER_JUDGE,
      baseUrl: `http://127.0.0.1:${listener.addr.port}/v1`,
      model: "stub",
      cacheDirectory: directory,
      retries: 2,
      retryDelay: 1,
    });
    await assert.rejects(judge.judge(PROMPT, [documentOf("a")]), {
      name: "RunError",
      message: /^Judge stub at .* failed at attempt 3 \(document [0-9a-f]{32}\): the answer broke off: /,
    });
    // The client's own pool may try a closed connection once more.
    assert.ok(connections >= 3);
    listener.close();
    await serving;
  }));

Deno.test("createServerJudge() waits as long as Retry-After says", () =>
  withServer(
    (_, before) =>
      before === 0
        ? new Response("slow down", { status: 429, headers: { "retry-after": "0.3" } })
        : answerOf({ "0": 0.5 }),
    async (open) => {
      const started = performance.now();
      await open().judge(PROMPT, [documentOf("a")]);
      assert.ok(performance.now() - started >= 290);
    },
  ));

Deno.test("createServerJudge() gives up in one sentence, keeping the answers it had", () =>
  withServer(
    ({ content }) => content.includes("bad") ? new Response("oops", { status: 500 }) : answerOf({ "1": 0.5 }),
    async (open, requests) => {
      const documents = ["a", "b", "bad", "c"].map((text) => documentOf(text));
      const judge = open({ concurrency: 1, retries: 2 });
      await assert.rejects(judge.judge(PROMPT, documents), {
        name: "RunError",
        message:
          /^Judge stub at http:\/\/127\.0\.0\.1:\d+\/v1 failed at attempt 3 \(document [0-9a-f]{32}\): 500/,
      });
      assert.equal(requests.length, 5, "what comes after a failure is not asked");
      const { requests: left } = await judge.estimate(
        PROMPT,
        documents.map(({ id, text }) => ({ id, characters: text.length })),
        { input: 0, output: 0 },
      );
      assert.equal(left, 2);
    },
  ));

Deno.test("createServerJudge() does not retry what the server refuses, nor answers without log-probabilities", async () => {
  await withServer(
    () => Response.json({ error: { message: "Incorrect API key" } }, { status: 401 }),
    async (open, requests) => {
      await assert.rejects(open().judge(PROMPT, [documentOf("a")]), {
        name: "UsageError",
        message:
          /^Judge stub at http.* refuses the request \(document [0-9a-f]{32}\): 401 Incorrect API key$/,
      });
      assert.equal(requests.length, 1);
    },
  );
  await withServer(
    () => Response.json({ choices: [{ index: 0, message: { role: "assistant", content: "1" } }] }),
    async (open, requests) => {
      await assert.rejects(open().judge(PROMPT, [documentOf("a")]), {
        name: "UsageError",
        message: /gives no log-probabilities \(logprobs, top_logprobs\), which Ask-LLM needs/,
      });
      assert.equal(requests.length, 1);
    },
  );
});

Deno.test("createServerJudge() fails in one sentence where no server listens", () =>
  inDirectory(async (directory) => {
    const judge = createServerJudge({
      ...SERVER_JUDGE,
      // Port 1 is nobody's.
      baseUrl: "http://127.0.0.1:1/v1",
      model: "stub",
      cacheDirectory: directory,
      retries: 1,
      retryDelay: 1,
    });
    await assert.rejects(judge.judge(PROMPT, [documentOf("a")]), {
      name: "RunError",
      message: /^Judge stub at http:\/\/127\.0\.0\.1:1\/v1 failed at attempt 2 \(document [0-9a-f]{32}\): /,
    });
  }));

Deno.test("createServerJudge() keeps to its concurrency and stops when asked", () => {
  let running = 0, most = 0;
  const controller = new AbortController();
  return withServer(async (_, before) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    if (before === 10) controller.abort(new Error("stop"));
    return answerOf({ "1": 0.5 });
  }, async (open, requests) => {
    const documents = Array.from({ length: 40 }, (_, i) => documentOf(String(i)));
    await assert.rejects(open({ concurrency: 3 }).judge(PROMPT, documents, controller.signal), /stop/);
    assert.equal(most, 3);
    assert.ok(requests.length < 20);
  });
});

Deno.test("createServerJudge() cuts long documents, mends lone surrogates, and estimates the cost of the rest", () =>
  withServer(() => answerOf({ "1": 0.5 }), async (open, requests) => {
    const judge = open({ documentCharacters: 4 });
    const documents = [documentOf("abcdefgh"), documentOf("abc😀")];
    const listed = documents.map(({ id, text }) => ({ id, characters: text.length }));
    // (7 + 4 + 6) characters each.
    assert.deepEqual(await judge.estimate(PROMPT, listed, { input: 1e6, output: 2e6 }), {
      requests: 2,
      inputTokens: 9,
      outputTokens: 2,
      price: 13,
    });
    await judge.judge(PROMPT, documents);
    assert.deepEqual(requests.map(({ content }) => content).sort(), [
      "before abcd after",
      "before abc\ufffd after",
    ]);
    assert.equal((await judge.estimate(PROMPT, listed, { input: 1, output: 1 })).requests, 0);
  }));

Deno.test("createServerJudge() refuses settings out of range", () => {
  const settings = {
    ...SERVER_JUDGE,
    baseUrl: "http://localhost/v1",
    model: "stub",
    cacheDirectory: "unused",
  };
  assert.throws(() => createServerJudge({ ...settings, concurrency: 0 }), {
    name: "UsageError",
    message: "concurrency is 0, expected a whole number above 0.",
  });
  assert.throws(() => createServerJudge({ ...settings, baseUrl: "localhost" }), {
    name: "UsageError",
    message: /address is "localhost", expected a URL/,
  });
});

/** What the judge keeps, as it stands on disk. */
async function kept(directory: string): Promise<string[]> {
  const files = await names(`${directory}/cache`);
  return await Promise.all(files.map((name) => Deno.readTextFile(`${directory}/cache/${name}`)));
}

Deno.test("createServerJudge() leaves the same bytes however late each answer came", async () => {
  const run = (delay: (content: string) => number) => {
    let found: string[] = [];
    return inDirectory(async (directory) => {
      await using server = startServer(async ({ content }) => {
        await new Promise((resolve) => setTimeout(resolve, delay(content)));
        return answerOf({ "1": 0.5 });
      });
      {
        await using judge = createServerJudge({
          ...SERVER_JUDGE,
          baseUrl: server.baseUrl,
          model: "stub",
          cacheDirectory: `${directory}/cache`,
        });
        await judge.judge(PROMPT, ["a", "b", "c"].map((text) => documentOf(text)));
      }
      // The first line names the server, whose port is another each time.
      found = (await kept(directory)).map((text) => text.slice(text.indexOf("\n")));
    }).then(() => found);
  };
  const first = await run((content) => content.includes("before a") ? 30 : 0);
  assert.deepEqual(await run((content) => content.includes("before c") ? 30 : 0), first);
  assert.equal(first[0]?.match(/"id"/g)?.length, 3);
});

Deno.test("createServerJudge() asks about a document that comes twice once", () =>
  withServer(() => answerOf({ "1": 0.5 }), async (open, requests) => {
    const [a, b] = [documentOf("a"), documentOf("b")];
    assert.equal((await open().judge(PROMPT, [a, b, a])).length, 3);
    assert.equal(requests.length, 2);
  }));

Deno.test("createServerJudge() takes probabilities above 1 for a broken answer", () =>
  withServer(
    (_, before) => answerOf(before === 0 ? { "1": 0.9, "0": 0.9 } : { "1": 0.9, "0": 0.1 }),
    async (open, requests) => {
      const [judgement] = await open().judge(PROMPT, [documentOf("a")]);
      assert.ok(judgement!.one <= 1 && requests.length === 2);
    },
  ));

Deno.test("createServerJudge() spreads over faulty servers, and each document is scored once", () =>
  inDirectory(async (directory) => {
    const faults: (() => Response | Promise<Response>)[] = [
      () => new Response("slow down", { status: 429, headers: { "retry-after": "0.05" } }),
      () => new Response('{"choices": [{"logpro', { headers: { "content-type": "application/json" } }),
      () => answerOf({ "1": 0.9, "0": 0.9 }),
      () => new Promise((resolve) => setTimeout(() => resolve(answerOf({ "1": 0.5 })), 300)),
      () => new Response("oops", { status: 500 }),
    ];
    await using good = startServer(() => answerOf({ "1": 0.5 }));
    await using faulty = startServer((_, before) => faults[before % faults.length]!());
    const documents = Array.from({ length: 60 }, (_, i) => documentOf(`text ${i}`));
    {
      await using judge = createServerJudge({
        ...SERVER_JUDGE,
        baseUrl: `${faulty.baseUrl},http://127.0.0.1:1/v1,${good.baseUrl}`,
        model: "stub",
        cacheDirectory: `${directory}/cache`,
        concurrency: 2,
        timeout: 100,
        retries: 20,
        retryDelay: 2,
      });
      const judgements = await judge.judge(PROMPT, documents);
      assert.deepEqual(judgements, documents.map(() => ({ one: 0.5, zero: 0 })));
    }
    assert.ok(faulty.requests.length > 0 && good.requests.length > 0);
    const [log] = await kept(directory);
    const ids = log!.trimEnd().split("\n").slice(1).map((line) => JSON.parse(line).id);
    assert.deepEqual(ids, documents.map(({ id }) => id).sort());
  }));

Deno.test("createServerJudge() goes on after a failure for good: what was answered is not asked again", () =>
  inDirectory(async (directory) => {
    let mended = false;
    await using server = startServer(({ content }) =>
      content.includes("text 13") && !mended ? new Response("oops", { status: 500 }) : answerOf({ "1": 0.5 })
    );
    const open = () =>
      createServerJudge({
        ...SERVER_JUDGE,
        baseUrl: server.baseUrl,
        model: "stub",
        cacheDirectory: `${directory}/cache`,
        concurrency: 4,
        retries: 1,
        retryDelay: 1,
      });
    const documents = Array.from({ length: 20 }, (_, i) => documentOf(`text ${i}.`));
    const idsKept = async () => {
      const [log] = await kept(directory);
      return log!.trimEnd().split("\n").slice(1).map((line): string => JSON.parse(line).id);
    };
    {
      await using judge = open();
      await assert.rejects(judge.judge(PROMPT, documents), {
        name: "RunError",
        message: new RegExp(`failed at attempt 2 \\(document ${documents[13]!.id}\\): 500`),
      });
    }
    const before = await idsKept();
    assert.ok(before.length > 0 && before.length < 20);
    const asked = server.requests.length;
    mended = true;
    {
      await using judge = open();
      assert.equal((await judge.judge(PROMPT, documents)).length, 20);
    }
    assert.equal(server.requests.length - asked, 20 - before.length);
    assert.deepEqual(await idsKept(), documents.map(({ id }) => id).sort());
  }));
