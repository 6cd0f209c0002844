import assert from "node:assert/strict";
import { APIConnectionTimeoutError, APIError } from "openai";
import { UsageError } from "../../lib/core/errors.ts";
import { BrokenAnswer, isTransient, retryAfter } from "../../lib/core/server_request.ts";

const status = (code: number, headers: Record<string, string> = {}) =>
  new APIError(code, undefined, `status ${code}`, new Headers(headers));

Deno.test("isTransient() says what a new attempt may mend", () => {
  for (
    const error of [
      new BrokenAnswer(),
      new APIConnectionTimeoutError(),
      ...[408, 409, 429, 500, 503].map((code) => status(code)),
    ]
  ) {
    assert.equal(isTransient(error), true, error.message);
  }
  for (
    const error of [
      new UsageError("no"),
      new TypeError("no"),
      ...[400, 401, 404, 422].map((code) => status(code)),
    ]
  ) {
    assert.equal(isTransient(error), false, error.message);
  }
});

Deno.test("retryAfter() reads seconds and dates, and is bounded", () => {
  const after = (value: string) => retryAfter(status(429, { "retry-after": value }));
  assert.equal(after("1.5"), 1500);
  assert.equal(after("86400"), 600_000);
  assert.equal(after("soon"), 0);
  assert.equal(after("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  const inAMinute = after(new Date(Date.now() + 60_000).toUTCString());
  assert.ok(inAMinute > 55_000 && inAMinute <= 60_000);
  assert.equal(retryAfter(status(429)), 0);
  assert.equal(retryAfter(new BrokenAnswer()), 0);
});
