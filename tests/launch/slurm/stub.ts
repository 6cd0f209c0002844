/**
 * A slurmrestd that says what a test wants, on a unix socket.
 * @module
 */
import { join } from "node:path";
import { SlurmClient } from "../../../lib/launch/slurm/client.ts";
import { inDirectory } from "../../core/temporary.ts";

/** One answer after the other; null: the connection closes without one. */
export type Answers = readonly (Response | object | null)[];

/** What the stub was asked. */
export interface Asked {
  readonly request: string;
  readonly body: unknown;
  readonly user: string | null;
}

/** Runs a test with a client of a stub. */
export function withClient(
  answers: Answers,
  test: (client: SlurmClient, asked: readonly Asked[]) => Promise<void>,
  version = "v0.0.38",
): Promise<void> {
  return inDirectory(async (folder) => {
    const path = join(folder, "socket");
    const asked: Asked[] = [];
    using listener = Deno.listen({ transport: "unix", path });
    const serve = async () => {
      for await (const connection of listener) {
        const answer = answers[asked.length];
        asked.push(await readRequest(connection));
        const text = answer instanceof Response ? await answer.text() : JSON.stringify(answer);
        const status = answer instanceof Response ? answer.status : 200;
        if (answer !== null) {
          await connection.write(new TextEncoder().encode(
            `HTTP/1.1 ${status} X\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
          ));
        }
        connection.close();
      }
    };
    const serving = serve().catch(() => {});
    {
      const token = { user: "ada", jwt: "token" };
      using client = new SlurmClient({ endpoint: `unix:${path}`, version, token, retryDelay: 1 });
      await test(client, asked);
    }
    listener.close();
    await serving;
  });
}

async function readRequest(connection: Deno.Conn): Promise<Asked> {
  let text = "";
  const buffer = new Uint8Array(1 << 16);
  for (;;) {
    text += new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
    const [head = "", body] = text.split("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (body === undefined || body.length < length) continue;
    return {
      request: (head.split(" HTTP")[0] ?? "").replace("http://localhost", ""),
      body: length === 0 ? null : JSON.parse(body),
      user: /x-slurm-user-name: (\S+)/i.exec(head)?.[1] ?? null,
    };
  }
}
