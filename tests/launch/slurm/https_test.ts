/** The client against a stub over HTTPS, whose certificate the process is told to trust. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProcess } from "../../../lib/pipeline/subprocess.ts";
import { inDirectory } from "../../core/temporary.ts";

const url = (path: string) => new URL(`../../../${path}`, import.meta.url);

/** A key and a certificate of 127.0.0.1 that it signs itself. */
async function writeCertificate(folder: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = await runProcess("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=slurm"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-keyout", key, "-out", cert],
  ]);
  assert.equal(made?.code, 0, "openssl makes a certificate");
  return { key, cert };
}

Deno.test("openSlurm() sends SLURM_JWT over HTTPS, and to no one whose certificate nobody trusts", () =>
  inDirectory(async (folder) => {
    const { key, cert } = await writeCertificate(folder);
    const asked: (string | null)[][] = [];
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      key: await Deno.readTextFile(key),
      cert: await Deno.readTextFile(cert),
      onListen: () => {},
    }, ({ url, headers }) => {
      const [user, token] = ["X-SLURM-USER-NAME", "X-SLURM-USER-TOKEN"].map((name) => headers.get(name));
      asked.push([new URL(url).pathname, user ?? null, token ?? null]);
      return Response.json({ errors: [], jobs: [] });
    });
    const launchFile = {
      endpoint: `https://127.0.0.1:${server.addr.port}`,
      version: "v0.0.40",
      partition: "main",
      ranks: 1,
      data: { processors: 1, minutes: 1 },
      task: { processors: 1, minutes: 1 },
    };
    await Deno.writeTextFile(join(folder, "launch.json"), JSON.stringify(launchFile));
    const program = join(folder, "ask.ts");
    await Deno.writeTextFile(
      program,
      `import { openSlurm } from "${url("lib/launch/launch.ts")}";
import { loadLaunchFile } from "${url("lib/launch/launch_file.ts")}";
using client = openSlurm(await loadLaunchFile("launch.json"));
console.log((await client.jobs(AbortSignal.timeout(2000))).length);`,
    );
    const ask = async (env: Record<string, string>) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "-A", "--no-check", "--config", fileURLToPath(url("deno.json")), program],
        cwd: folder,
        env: { USER: "ada", SLURM_JWT: "eyJ.own.token", ...env },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, out: text(stdout), error: text(stderr) };
    };
    const trusted = await ask({ DENO_CERT: cert });
    assert.deepEqual([trusted.code, trusted.out], [0, "0\n"], trusted.error);
    assert.deepEqual(asked, [["/slurm/v0.0.40/jobs", "ada", "eyJ.own.token"]]);
    const untrusted = await ask({});
    assert.equal(untrusted.code, 1);
    assert.equal(asked.length, 1);
  }));
