import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "../support/eventually.js";

/** A PostgreSQL that a test may fill. */
export interface Postgres extends AsyncDisposable {
  readonly url: string;
}

const installed = "/usr/lib/postgresql";
const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : [];
const programs = versions
  .map((version) => join(installed, version, "bin"))
  .find((folder) => existsSync(join(folder, "initdb")));

/** Whether there is a server to test with: the one at `DATABASE_URL`, or its programs. */
export const postgresAvailable: boolean = process.env["DATABASE_URL"] !== undefined || programs !== undefined;

if (!postgresAvailable && process.env["CI"]) throw new Error("PostgreSQL is missing: apt-get install postgresql");

/** A schema of its own on the server at `DATABASE_URL`, else a private server, gone without a trace afterwards. */
export async function startPostgres(): Promise<Postgres> {
  const configured = process.env["DATABASE_URL"];
  return configured === undefined ? startServer() : createSchema(configured);
}

async function createSchema(server: string): Promise<Postgres> {
  const schema = `audit_test_${randomBytes(4).toString("hex")}`;
  const url = new URL(server);
  url.searchParams.set("options", `-csearch_path=${schema}`);
  await statement(server, `CREATE SCHEMA ${schema}`);
  return { url: url.href, [Symbol.asyncDispose]: () => statement(server, `DROP SCHEMA ${schema} CASCADE`) };
}

/** Under a shell that ends it, and removes its folder, when this process is gone, however it ended. */
const guard = `
"$@" </dev/null >&2 &
server=$!
read -r end
kill -QUIT $server
wait $server
rm -rf "$folder"
`;

async function startServer(): Promise<Postgres> {
  const program = (name: string): string => join(programs ?? "", name);
  const folder = mkdtempSync(join(tmpdir(), "messaging-postgres-"));
  const owner = ownerOf(folder);
  const data = join(folder, "data");
  execFileSync(program("initdb"), ["-D", data, "-U", "audit", "-A", "trust", "--no-sync"], { ...owner, stdio: "pipe" });
  const port = await freePort();
  const command = [program("postgres"), "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", String(port), "-F"];
  const shell = spawn("/bin/sh", ["-c", guard, "guard", ...command], {
    ...owner,
    env: { ...process.env, folder },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const url = `postgres://audit@127.0.0.1:${port}/postgres`;
  await eventually(() => statement(url, "SELECT 1").then(() => true), Boolean, { what: "PostgreSQL" });
  const stop = async (): Promise<void> => {
    const exited = once(shell, "exit");
    shell.stdin?.end();
    await exited;
  };
  return { url, [Symbol.asyncDispose]: stop };
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function ownerOf(folder: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (option: string): number => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  const owner = { uid: idOf("-u"), gid: idOf("-g") };
  chownSync(folder, owner.uid, owner.gid);
  return owner;
}

async function statement(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}
