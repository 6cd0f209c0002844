/** A server on this machine that answers chat completions as a test wants, and has a list of models. */

/** What the server was asked. */
export interface ChatRequest {
  readonly content: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string | null;
}

/** The answer of a judge whose first token is one of these, with these probabilities. */
export function answerOf(tokens: Readonly<Record<string, number>>): Response {
  const entries = Object.entries(tokens).map(([token, probability]) => ({
    token,
    logprob: Math.log(probability),
    bytes: null,
  }));
  return Response.json({
    id: "1",
    object: "chat.completion",
    created: 0,
    model: "stub",
    choices: [{
      index: 0,
      finish_reason: "length",
      message: { role: "assistant", content: "1" },
      logprobs: { content: [{ token: "1", logprob: 0, bytes: null, top_logprobs: entries }] },
    }],
  });
}

/** Starts a server; `respond` gets each request and how many came before it. */
export function startServer(
  respond: (request: ChatRequest, before: number) => Response | Promise<Response>,
): { readonly baseUrl: string; readonly requests: readonly ChatRequest[] } & AsyncDisposable {
  const requests: ChatRequest[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    if (new URL(request.url).pathname.endsWith("/models")) return Response.json({ object: "list", data: [] });
    const body = await request.json();
    const entry = {
      content: body.messages[0].content,
      body,
      authorization: request.headers.get("authorization"),
    };
    requests.push(entry);
    return respond(entry, requests.length - 1);
  });
  return {
    baseUrl: `http://127.0.0.1:${server.addr.port}/v1`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
