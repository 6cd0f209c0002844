import { HubApiError } from "@huggingface/hub";
import assert from "node:assert/strict";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { askHub, hubCommit, TransferError } from "../../lib/sources/hub_client.ts";

/** Fails as often as there are errors, then answers with the number of requests. */
function failing(...errors: unknown[]): () => Promise<number> {
  let requests = 0;
  return () => {
    const error = errors[requests++];
    return error === undefined ? Promise.resolve(requests) : Promise.reject(error);
  };
}

const status = (code: number) => new HubApiError("http://hub/x", code, undefined, `status ${code}`);
const ask = (request: () => Promise<number>) => askHub("file x", request, undefined, 1);

Deno.test("askHub() asks again while that may help", async () => {
  // The client gives broken streams' errors as texts.
  assert.equal(await ask(failing(status(503), status(429), new TypeError("no connection"), "broke off")), 5);
  assert.equal(await ask(failing(new TransferError("half"))), 2);
});

Deno.test("askHub() says in one sentence what the hub refuses, and that it cannot be reached", async () => {
  await assert.rejects(
    ask(failing(status(404))),
    (error) => error instanceof UsageError && error.message === "The hub refuses file x: status 404.",
  );
  await assert.rejects(ask(failing(status(403))), /set HF_TOKEN/);
  await assert.rejects(
    ask(() => Promise.reject(new TypeError("no connection"))),
    (error) =>
      error instanceof RunError && error.message === "The hub gave no file x in 6 attempts: no connection",
  );
});

Deno.test("hubCommit() names a wrong address and a wrong token", async () => {
  for (const [name, value] of [["HF_ENDPOINT", "nowhere"], ["HF_TOKEN", "secret"]] as const) {
    Deno.env.set(name, value);
    try {
      await assert.rejects(
        hubCommit({ type: "model", name: "own/model" }, "main"),
        (error) =>
          error instanceof UsageError && error.message.startsWith(name) && !error.message.includes("secret"),
      );
    } finally {
      Deno.env.delete(name);
    }
  }
});
