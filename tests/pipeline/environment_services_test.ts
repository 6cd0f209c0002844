import assert from "node:assert/strict";
import { findHub, findModelServers, findSlurm } from "../../lib/pipeline/environment_services.ts";

const SECRET = "hf_secret";

/** A server of models and a hub; both want the token. */
function startServer(): { address: string; asked: string[] } & AsyncDisposable {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (request.headers.get("authorization") !== `Bearer ${SECRET}`) {
      return new Response("no", { status: 401 });
    }
    if (pathname === "/v1/models") return Response.json({ data: [{ id: "judge" }, { id: "teacher" }] });
    if (pathname === "/api/models") return Response.json([{ id: "someone/model" }]);
    return new Response("<html>", { status: 200 });
  });
  return {
    address: `http://127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("findModelServers() names the models of those that answer", async () => {
  await using server = startServer();
  const { address } = server;
  assert.equal(
    await findModelServers({
      OPENAI_BASE_URL: `${address}/v1/, http://user:${SECRET}@127.0.0.1:1/v1,${SECRET}`,
      OPENAI_API_KEY: SECRET,
    }),
    `${address}/v1: judge, teacher; http://127.0.0.1:1/v1 does not answer; what is no address does not answer`,
  );
  assert.equal(await findModelServers({ OPENAI_BASE_URL: `${address}/v1` }), null);
  assert.equal(
    await findModelServers({ OPENAI_BASE_URL: `${address}/elsewhere`, OPENAI_API_KEY: SECRET }),
    null,
  );
  assert.equal(await findModelServers({ OPENAI_BASE_URL: "" }), null);
  assert.equal(await findModelServers({ OPENAI_BASE_URL: "no address" }), null);
  assert.deepEqual(server.asked, ["/v1/models", "/v1/models", "/elsewhere/models"]);
});

Deno.test("findHub() says where it is and whether there is a token, which it does not show", async () => {
  await using server = startServer();
  const found = await findHub({ HF_ENDPOINT: `${server.address}/`, HF_TOKEN: SECRET });
  assert.equal(found, `${server.address}, a token (HF_TOKEN)`);
  assert.equal(await findHub({ HF_ENDPOINT: server.address }), null);
  assert.equal(await findHub({ HF_ENDPOINT: "http://127.0.0.1:1", HF_TOKEN: SECRET }), null);
});

Deno.test("findSlurm() says whether there is a token, which it does not show", async () => {
  const found = await findSlurm({ SLURM_JWT: SECRET });
  assert.match(found ?? "", /, a token \(SLURM_JWT\)$/);
  assert.ok(!found?.includes(SECRET));
});
