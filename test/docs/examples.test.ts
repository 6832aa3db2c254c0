import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as messaging from "../../generated/index.js";
import * as testing from "../../generated/testing.js";
import * as encryption from "../../runtime/encryption/index.js";
import * as operations from "../../runtime/operations/index.js";
import * as postgres from "../../runtime/postgres/index.js";
import * as saga from "../../runtime/saga/index.js";
import * as prometheus from "../../runtime/telemetry/prometheus/index.js";
import * as arbitrary from "../../runtime/testing/arbitrary/index.js";
import { root, runInstalled } from "../package/program.js";
import { blocksOf } from "../readme/blocks.js";

/** What an example may use without saying where it comes from: the exports of each entry of the package. */
const entries = {
  "@m-erp/messaging": Object.keys(messaging),
  "@m-erp/messaging/testing": Object.keys(testing).filter((name) => !(name in messaging)),
  "@m-erp/messaging/testing/arbitrary": Object.keys(arbitrary),
  "@m-erp/messaging/encryption": Object.keys(encryption).filter((name) => !(name in messaging)),
  "@m-erp/messaging/operations": Object.keys(operations),
  "@m-erp/messaging/postgres": Object.keys(postgres),
  "@m-erp/messaging/saga": Object.keys(saga),
  "@m-erp/messaging/prometheus": Object.keys(prometheus),
};

/** The pages whose blocks of TypeScript are modules, but for what AMBIENT declares. */
const PAGES = [
  "connections",
  "dead-letters",
  "encryption",
  "inbox",
  "observability",
  "replay",
  "sagas",
  "status",
  "testing",
  "transactions",
];

/** Types leave no trace in a module. */
const TYPES = [
  "Extension",
  "ExtensionParts",
  "Interceptor",
  "Publisher",
  "Messaging",
  "HandleCall",
  "InterceptedCall",
  "UserCreated",
  "User",
  "Unerased",
];

/** The types of the entry for encryption. */
const KEYS = ["KeyProvider", "SubjectStore"];

/** What the code around an example has. Each is declared only for examples that do not declare it themselves. */
const AMBIENT = `
import "@m-erp/messaging/testing/vitest";
import type { EventDescriptor } from "@m-erp/messaging";
import type { TestBroker, TestMessaging, TestTime } from "@m-erp/messaging/testing";
import type { JsonSchema } from "@m-erp/messaging/runtime";
import type { Inbox, OutboxOf, Queryable } from "@m-erp/messaging/postgres";
import type { Saga, Sagas } from "@m-erp/messaging/saga";
declare global {
  const pool: import("pg").Pool;
  const pg: typeof import("pg");
  const tx: Queryable;
  const inbox: Inbox<Queryable>;
  const outbox: OutboxOf;
  const registration: Saga<{ email: string; company: string }>;
  const sagas: Sagas<Queryable>;
  const db: import("drizzle-orm/node-postgres").NodePgDatabase;
  const users: import("drizzle-orm/pg-core").PgTable;
  const kysely: import("kysely").Kysely<{ users: { id: number; email: string } }>;
  const knex: import("knex").Knex;
  const prisma: PrismaClient;
  interface PrismaTransaction {
    readonly user: { create(user: { readonly data: object }): Promise<object> };
    $queryRawUnsafe<Rows = unknown>(query: string, ...values: unknown[]): Promise<Rows>;
  }
  interface PrismaClient extends PrismaTransaction {
    $transaction<Result>(
      work: (tx: PrismaTransaction) => Promise<Result>,
      options?: { maxWait?: number; timeout?: number },
    ): Promise<Result>;
  }
  interface OrderPlaced { readonly entity_id: number; readonly after_data: { readonly total: number } }
  interface OrderPlacedV2 { readonly after_data: { readonly total: number; readonly currency: string } }
  interface OrderPlacedInput { readonly entity_id: number; readonly after_data: { readonly total: number } }
  const messaging: TestMessaging;
  const message: unknown;
  const broker: TestBroker;
  const time: TestTime;
  const orderPlaced: EventDescriptor<OrderPlaced, OrderPlacedInput>;
  const orderPlacedV2: EventDescriptor<OrderPlacedV2, OrderPlacedV2>;
  const request: { readonly id: string; readonly headers: { readonly traceparent?: string } };
  const schema: JsonSchema;
  const app: import("express").Express;
  const kms: {
    generateDataKey(request: object): Promise<{ Plaintext: Uint8Array; CiphertextBlob: Uint8Array }>;
    decrypt(request: object): Promise<{ Plaintext: Uint8Array }>;
  };
  function handle(given: unknown): void;
  function signedToken(user: string): Promise<string>;
  function page(service: string, rule: string): void;
  function unpage(service: string, rule: string): void;
}
export {};
`;

let folder: string;
const examples = await examplesOf(join(root, "runtime"));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "messaging-examples-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "ambient.ts"), AMBIENT);
  for (const [at, { text }] of examples.entries()) await writeFile(join(folder, `example-${at}.ts`), moduleOf(text));
  for (const page of PAGES) {
    const blocks = blocksOf(await readFile(join(root, `docs/${page}.md`), "utf8"));
    for (const [at, { text }] of blocks.filter(({ language }) => language === "ts").entries()) {
      // One that others import says its name.
      const [, name = `${page}-${at}.ts`] = /^\/\/ ([\w-]+\.ts)\n/.exec(text) ?? [];
      await writeFile(join(folder, name), `${text}\nexport {};\n`);
    }
  }
  const paths = {
    "@m-erp/messaging": [join(root, "generated/index.ts")],
    "@m-erp/messaging/dashboard": [join(root, "runtime/dashboard/index.ts")],
    "@m-erp/messaging/encryption": [join(root, "runtime/encryption/index.ts")],
    "@m-erp/messaging/postgres": [join(root, "runtime/postgres/index.ts")],
    "@m-erp/messaging/saga": [join(root, "runtime/saga/index.ts")],
    "@m-erp/messaging/operations": [join(root, "runtime/operations/index.ts")],
    "@m-erp/messaging/otel": [join(root, "runtime/telemetry/otel/index.ts")],
    "@m-erp/messaging/prometheus": [join(root, "runtime/telemetry/prometheus/index.ts")],
    "@m-erp/messaging/runtime": [join(root, "runtime/index.ts")],
    "@m-erp/messaging/testing": [join(root, "generated/testing.ts")],
    "@m-erp/messaging/testing/*": [join(root, "runtime/testing/runner/*.ts"), join(root, "runtime/testing/*/index.ts")],
  };
  const relaxed = {
    isolatedDeclarations: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    experimentalDecorators: true,
  };
  const compilerOptions = { ...relaxed, noEmit: true, declaration: false, rootDir: "/", skipLibCheck: true, paths };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it("every example in a doc comment of the runtime and in the pages of the documentation compiles", async () => {
  expect(examples.length).toBeGreaterThan(20);
  await runInstalled("tsc", ["-p", folder]);
}, 120_000);

it("every method of a messaging has an example", async () => {
  const files = ["messaging", "publisher", "sender", "handler"].map((name) => `runtime/messaging/${name}.ts`);
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
  const methods = texts.flatMap((text) => [
    ...text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*?\*\/)\n {2}(\w+)(?:<[^(]*>)?\(/g),
  ]);
  expect(methods.map(([, , name]) => name)).toEqual(
    expect.arrayContaining(["publish", "send", "on", "start", "close"]),
  );
  expect(methods.filter(([, comment]) => !comment?.includes("@example")).map(([, , name]) => name)).toEqual([]);
});

interface Example {
  readonly file: string;
  readonly text: string;
}

async function examplesOf(folder: string): Promise<Example[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".ts")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text, at) =>
    [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(([comment]) => {
      const lines = comment.split("\n").map((line) => line.replace(/^\s*\*\/?\s?/, ""));
      const begin = lines.findIndex((line) => line.startsWith("@example"));
      if (begin < 0) return [];
      const rest = lines.slice(begin + 1).filter((line) => !line.startsWith("```"));
      const end = rest.findIndex((line) => line.startsWith("@"));
      return [{ file: names[at] as string, text: rest.slice(0, end < 0 ? undefined : end).join("\n") }];
    }),
  );
}

function moduleOf(text: string): string {
  const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
  const declares = (name: string): boolean => new RegExp(`\\b(?:const|using) ${name}\\b`).test(text);
  const imports = Object.entries(entries).map(([entry, names]) => {
    const used = names.filter((name) => uses(name) && !declares(name));
    return used.length === 0 ? "" : `import { ${used.join(", ")} } from "${entry}";`;
  });
  const types = TYPES.filter(uses);
  const ofKeys = KEYS.filter(uses);
  if (ofKeys.length > 0) imports.push(`import type { ${ofKeys.join(", ")} } from "@m-erp/messaging/encryption";`);
  if (types.length > 0) imports.push(`import type { ${types.join(", ")} } from "@m-erp/messaging";`);
  if (uses("Redis")) imports.push('import { Redis } from "ioredis";');
  if (text.includes("fc.")) imports.push('import * as fc from "fast-check";');
  if (uses("expect")) imports.push('import { expect } from "vitest";');
  return `${imports.filter((line) => line !== "").join("\n")}\n${text}\nexport {};\n`;
}
