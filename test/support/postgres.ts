import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll } from "vitest";
import { eventually } from "./eventually.js";

/** A PostgreSQL that a test may fill. */
export interface Postgres extends AsyncDisposable {
  readonly url: string;
}

/** A private server, which may also be broken. */
export interface PrivatePostgres extends Postgres {
  /** Ends all processes of the server at once, as a crash does, and starts it again on its data. */
  restart(): Promise<void>;
}

const installed = "/usr/lib/postgresql";
const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : [];
const programs = versions
  .map((version) => join(installed, version, "bin"))
  .find((folder) => existsSync(join(folder, "initdb")));

/** Whether there are the programs of a server, which its tests are skipped without. */
export const hasPostgres: boolean = programs !== undefined;

/** Whether there is a server to test with: the one at `DATABASE_URL`, or its programs. */
export const postgresAvailable: boolean = process.env["DATABASE_URL"] !== undefined || hasPostgres;

if (!postgresAvailable && process.env["CI"]) throw new Error("PostgreSQL is missing: apt-get install postgresql");

/** A schema of its own on the server at `DATABASE_URL`, else a private server, gone without a trace afterwards. */
export async function startPostgres(): Promise<Postgres> {
  const configured = process.env["DATABASE_URL"];
  return configured === undefined ? startPrivatePostgres() : createSchema(configured);
}

/** A private server of the test file's own, and a pool of connections to it. Both end with the file. */
export async function usePostgres(): Promise<{ readonly postgres: PrivatePostgres; readonly pool: pg.Pool }> {
  const postgres = await startPrivatePostgres();
  const pool = poolOf(postgres);
  afterAll(async () => {
    await pool.end();
    await postgres[Symbol.asyncDispose]();
  });
  return { postgres, pool };
}

/** A pool whose connections may break while nobody uses them. */
export function poolOf({ url }: Pick<Postgres, "url">, options: pg.PoolConfig = {}): pg.Pool {
  return new pg.Pool({ connectionString: url, ...options }).on("error", () => undefined);
}

/** The address of a schema of its own, for a test that shares its server with others. */
export async function schemaOn({ url: server }: Pick<Postgres, "url">): Promise<{ readonly url: string }> {
  const schema = `test_${randomBytes(4).toString("hex")}`;
  const url = new URL(server);
  url.searchParams.set("options", `-csearch_path=${schema}`);
  await statement(server, `CREATE SCHEMA ${schema}`);
  return { url: url.href };
}

async function createSchema(server: string): Promise<Postgres> {
  const { url } = await schemaOn({ url: server });
  const schema = url.split("%3D").at(-1) as string;
  return { url, [Symbol.asyncDispose]: () => statement(server, `DROP SCHEMA ${schema} CASCADE`) };
}

/** Under a shell that ends it, and removes its folder, when this process is gone, however it ended. */
const guard = `
trap '' PIPE HUP
start() {
  "$@" </dev/null >&2 &
  server=$!
}
start "$@"
while read -r wish && [ "$wish" = restart ]; do
  kill -QUIT $server
  wait $server
  start "$@"
done
kill -QUIT $server
wait $server
rm -rf "$folder"
`;

/** Starts a server that nobody else knows. It does not wait for its disk: it outlives its own crash, not the machine's. */
export async function startPrivatePostgres(settings: Readonly<Record<string, string>> = {}): Promise<PrivatePostgres> {
  const program = (name: string): string => join(programs ?? "", name);
  const folder = mkdtempSync(join(tmpdir(), "messaging-postgres-"));
  const owner = ownerOf(folder);
  const data = join(folder, "data");
  const initial = ["-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(program("initdb"), initial, { ...owner, stdio: "pipe" });
  const port = await freePort();
  const set = Object.entries({ fsync: "off", ...settings }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = [program("postgres"), "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", String(port), ...set];
  const shell = spawn("/bin/sh", ["-c", guard, "guard", ...command], {
    ...owner,
    env: { ...process.env, folder },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const url = `postgres://tester@127.0.0.1:${port}/postgres`;
  const answers = (): Promise<unknown> =>
    eventually(() => statement(url, "SELECT 1").then(() => true), Boolean, { what: "PostgreSQL", withinMs: 30_000 });
  await answers();
  return {
    url,
    async restart() {
      const before = processIn(data);
      shell.stdin?.write("restart\n");
      await eventually(() => ![undefined, before].includes(processIn(data)), Boolean, { withinMs: 30_000 });
      await answers();
    },
    async [Symbol.asyncDispose]() {
      const exited = once(shell, "exit");
      shell.stdin?.end();
      await exited;
    },
  };
}

/** The id of the server's first process, by the file that it keeps in its folder. */
function processIn(data: string): string | undefined {
  const file = join(data, "postmaster.pid");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n")[0] : undefined;
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
