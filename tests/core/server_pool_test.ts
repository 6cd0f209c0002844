import assert from "node:assert/strict";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { type Question, ServerPool, type ServerSettings } from "../../lib/core/server_pool.ts";
import { BrokenAnswer } from "../../lib/core/server_request.ts";

const SIGNAL = new AbortController().signal;

/** Asks for a completion, whose text is the answer. */
const QUESTION: Question<string> = {
  subject: "document 7",
  request: (client, signal) => client.completions.create({ model: "stub", prompt: "x" }, { signal }),
  read(answer) {
    const text = (answer as { choices?: { text?: unknown }[] }).choices?.[0]?.text;
    if (typeof text !== "string") throw new BrokenAnswer("the answer is no completion");
    return text;
  },
};

/** A server that can be switched off; it counts what it is asked. */
function startServer(
  text: string,
  respond: () => Response | Promise<Response> = () => Response.json({ choices: [{ text }] }),
) {
  const state = { up: true, checks: 0, requests: 0, underWay: 0, most: 0 };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const isCheck = new URL(request.url).pathname === "/v1/models";
    isCheck ? state.checks++ : state.requests++;
    await request.body?.cancel();
    if (!state.up) return new Response("down", { status: 503 });
    if (isCheck) return Response.json({ object: "list", data: [] });
    state.most = Math.max(state.most, ++state.underWay);
    await new Promise((resolve) => setTimeout(resolve, 2));
    state.underWay--;
    return respond();
  });
  return {
    state,
    address: `http://127.0.0.1:${server.addr.port}/v1`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function poolOf(addresses: readonly string[], own: Partial<ServerSettings> = {}): ServerPool {
  return new ServerPool("judge", {
    ...{
      baseUrl: addresses.join(","),
      model: "stub",
      concurrency: 2,
      timeout: 5000,
      retries: 2,
      retryDelay: 1,
    },
    ...own,
  });
}

function askTimes(pool: ServerPool, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => pool.ask(QUESTION, SIGNAL)));
}

Deno.test("ServerPool spreads requests, never more at a server than its concurrency", async () => {
  await using a = startServer("a");
  await using b = startServer("b");
  const pool = poolOf([b.address, a.address]);
  assert.equal(pool.slots, 4);
  assert.equal(pool.name, poolOf([a.address, b.address]).name);
  const answers = await askTimes(pool, 40);
  assert.deepEqual([...new Set(answers)].sort(), ["a", "b"]);
  assert.deepEqual([a.state.most, b.state.most], [2, 2]);
  assert.equal(a.state.requests + b.state.requests, 40);
  assert.deepEqual([a.state.checks, b.state.checks], [1, 1]);
});

Deno.test("ServerPool leaves out a server that fails, and takes it back once it lists its models", async () => {
  await using a = startServer("a");
  await using b = startServer("b");
  const pool = poolOf([a.address, b.address], { retryDelay: 20 });
  await askTimes(pool, 8);
  a.state.up = false;
  const before = a.state.requests;
  assert.deepEqual(new Set(await askTimes(pool, 30)), new Set(["b"]));
  assert.ok(a.state.requests - before <= 2, "only what was under way at the failure");
  a.state.up = true;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok((await askTimes(pool, 20)).includes("a"));
});

Deno.test("ServerPool waits as long as Retry-After says, and asks nobody meanwhile", async () => {
  const times: number[] = [];
  await using server = startServer("a", () => {
    times.push(performance.now());
    if (times.length > 1) return Response.json({ choices: [{ text: "a" }] });
    return new Response("slow down", { status: 429, headers: { "retry-after": "0.2" } });
  });
  await poolOf([server.address]).ask(QUESTION, SIGNAL);
  assert.ok(times[1]! - times[0]! >= 190);
  assert.equal(server.state.checks, 0, "the only server is not checked: there is no other to ask");
});

Deno.test("ServerPool names request and server in one error where no attempt helps", async () => {
  await using broken = startServer("a", () => Response.json({ choices: [] }));
  await assert.rejects(
    poolOf([broken.address]).ask(QUESTION, SIGNAL),
    (error) =>
      error instanceof RunError &&
      /^Judge stub at http.* failed at attempt 3 \(document 7\): the answer is no completion$/.test(
        error.message,
      ),
  );
  await using refusing = startServer("a", () => new Response("no", { status: 404 }));
  await assert.rejects(
    poolOf([refusing.address]).ask(QUESTION, SIGNAL),
    (error) => error instanceof UsageError && /refuses the request \(document 7\): 404/.test(error.message),
  );
  assert.equal(refusing.state.requests, 1);
});

Deno.test("ServerPool says of every server why none is left", async () => {
  await using down = startServer("a");
  down.state.up = false;
  await assert.rejects(
    poolOf([down.address, "http://127.0.0.1:1/v1"]).ask(QUESTION, SIGNAL),
    (error) =>
      error instanceof RunError &&
      /^No server is left for document 7: Judge stub at http:\/\/127.0.0.1:1\/v1 failed: .*; Judge stub at .* failed: 503/
        .test(error.message),
  );
  assert.equal(down.state.requests, 0, "a server that does not list its models is not asked");
});

Deno.test("ServerPool stops where it waits", async () => {
  await using down = startServer("a");
  down.state.up = false;
  const controller = new AbortController();
  const asking = poolOf([down.address], { retryDelay: 60_000 }).ask(QUESTION, controller.signal);
  setTimeout(() => controller.abort(new Error("stopped")), 20);
  await assert.rejects(asking, /stopped/);
});

Deno.test("ServerPool refuses settings out of range", () => {
  assert.throws(
    () => poolOf(["http://localhost/v1"], { concurrency: 0 }),
    /concurrency is 0, expected a whole number above 0/,
  );
  assert.throws(
    () => poolOf(["http://localhost/v1"], { retries: -1 }),
    /retries is -1, expected a whole number from 0/,
  );
  assert.throws(
    () => poolOf(["http://localhost/v1", "there"]),
    /The judge's address is "there", expected a URL/,
  );
});

Deno.test("ServerPool counts an answer that begins and does not end as failed", async () => {
  let asked = 0;
  await using server = startServer("a", () => {
    if (++asked > 1) return Response.json({ choices: [{ text: "a" }] });
    const begin = new TextEncoder().encode('{"choices": [');
    return new Response(new ReadableStream({ start: (controller) => controller.enqueue(begin) }), {
      headers: { "content-type": "application/json" },
    });
  });
  assert.equal(await poolOf([server.address], { timeout: 100 }).ask(QUESTION, SIGNAL), "a");
  assert.equal(asked, 2);
});
