import assert from "node:assert/strict";
import { APIError } from "openai";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { BrokenAnswer, requestWithRetries } from "../../lib/core/server_request.ts";

const SETTINGS = { retries: 2, retryDelay: 1 };

/** Fails as often as there are errors, then answers with the number of requests. */
function failing(...errors: Error[]) {
  let requests = 0;
  return {
    request: () => {
      const error = errors[requests++];
      return error === undefined ? Promise.resolve(requests) : Promise.reject(error);
    },
    count: () => requests,
  };
}

const status = (code: number, headers = new Headers()) =>
  new APIError(code, undefined, `status ${code}`, headers);

function ask(request: () => Promise<unknown>, read: (answer: unknown) => unknown = (answer) => answer) {
  return requestWithRetries("Server X", request, read, SETTINGS, new AbortController().signal);
}

Deno.test("requestWithRetries() asks again while that may help", async () => {
  assert.equal(await ask(failing(status(429), status(503)).request), 3);
  assert.equal(await ask(failing(new TypeError("connection closed")).request), 2);
  const broken = failing();
  const read = (answer: unknown) => {
    if (answer !== 2) throw new BrokenAnswer("no answer");
    return "read";
  };
  assert.equal(await ask(broken.request, read), "read");
});

Deno.test("requestWithRetries() waits as long as the server says", async () => {
  const started = performance.now();
  await ask(failing(status(429, new Headers({ "retry-after": "0.2" }))).request);
  assert.ok(performance.now() - started >= 195);
});

Deno.test("requestWithRetries() gives up at once where it is refused, and in the end where it fails", async () => {
  const refused = failing(status(401));
  await assert.rejects(
    ask(refused.request),
    (error) =>
      error instanceof UsageError && /^Server X refuses the request: .*status 401/.test(error.message),
  );
  assert.equal(refused.count(), 1);
  await assert.rejects(
    ask(failing(status(500), status(500), status(500)).request),
    (error) => error instanceof RunError && /^Server X failed 3 times/.test(error.message),
  );
  const wrong = new UsageError("no log-probabilities");
  await assert.rejects(
    ask(failing().request, () => {
      throw wrong;
    }),
    wrong,
  );
});
