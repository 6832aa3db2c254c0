import { execFile, execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  catalogue,
  type Descriptor,
  handleValidateToken,
  onUserCreated,
  sendHealthCheck,
} from "../../generated/index.js";
import { encodeResponse } from "../../runtime/command/answer.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { python } from "../interop/python.js";
import { blocksOf } from "../readme/blocks.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

const page = readFileSync(new URL("../../docs/python.md", import.meta.url), "utf8");

/** Debian's Python and the one on the PATH, if they have Pydantic: it may be another version. */
const withPydantic = ["/usr/bin/python3", "python3"].filter(
  (program) => spawnSync(program, ["-c", "import pydantic"], { timeout: 20_000 }).status === 0,
);
if (withPydantic.length === 0 && process.env["CI"]) {
  throw new Error("No Python with Pydantic: apt-get install python3-pydantic");
}

interface SchemaFile {
  readonly examples: readonly Record<string, unknown>[];
  readonly $defs?: { readonly result?: { readonly examples: readonly unknown[] } };
}

/** The schema of every message, which has an example; that of a command has one of its result, too. */
const schemas = catalogue.messages.map((descriptor) => {
  const name = descriptor.kind === "health" ? "report" : descriptor.type;
  const file = new URL(`../../schemas/${descriptor.stream}/${name}.json`, import.meta.url);
  return [descriptor, JSON.parse(readFileSync(file, "utf8")) as SchemaFile] as const;
});

describe("docs/python.md", () => {
  it.each([
    ["Events", "event"],
    ["Commands", "command"],
    ["Notifications", "notification"],
    ["Health", "health"],
  ])("lists the fields of %s in the order in which they are written", (heading, kind) => {
    const descriptor = catalogue.messages.find((message) => message.kind === kind) as Descriptor;
    const fields = contractOf(descriptor).fields.list.map(({ name }) => name);
    expect(fieldsUnder(heading)).toEqual(fields);
  });

  it("lists the fields of an answer", () => {
    const answer = JSON.parse(encodeResponse("id", { success: true, result: {} }, 1)) as object;
    expect(fieldsUnder("Answers")).toEqual(Object.keys(answer));
  });
});

function fieldsUnder(heading: string): readonly string[] {
  const [, section = ""] = page.split(`**${heading}**`);
  const [table = ""] = section.split("\n\n").filter((part) => part.startsWith("| Field"));
  return [...table.matchAll(/^\| \**`(\w+)`/gm)].map(([, name = ""]) => name);
}

describe.skipIf(python === undefined)("the Python of docs/python.md (needs python3-redis)", () => {
  let redis: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  afterAll(async () => {
    admin?.disconnect();
    await redis?.stop();
  });

  it("publishes, reads, asks and answers", async () => {
    await using messaging = createService(redis, { service: "user-auth-service" });
    const users: unknown[] = [];
    onUserCreated(messaging, (event) => void users.push(event.after_data.first_name));
    handleValidateToken(messaging, ({ payload }) => ({ valid: payload.token === "secret" }));
    await messaging.start();
    const asked = sendHealthCheck(messaging, {}, { targetService: "billing", timeoutSeconds: 20 });
    const [tools = "", publishing = "", asking = "", answering = ""] = blocksOf(page)
      .filter(({ language }) => language === "python")
      .map(({ text }) => text);
    const program = [
      tools.replace("redis.Redis(", `redis.Redis(port=${redis.port}, `),
      'for stream in ("events", "commands"):',
      '    client.xgroup_create(stream, "billing-workers", "0", mkstream=True)',
      publishing,
      asking,
      answering,
    ];
    const printed = await run(python as string, program.join("\n"));
    expect(printed).toBe("user.created 123\nTrue {'valid': True}\n");
    await expect(asked).resolves.toEqual({ status: "healthy" });
    await eventually(() => users.length === 1);
    expect(users).toEqual(["Ada"]);
    expect(messaging.counts.deadLettered).toBe(0);
  });
});

function run(program: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, ["-W", "ignore", "-c", text], { timeout: 20_000 }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}

describe.skipIf(withPydantic.length === 0)("what is written (needs python3-pydantic)", () => {
  it.each(withPydantic)("is accepted by the models of the field, with the Pydantic of %s", (program) => {
    const messages = schemas.map(([descriptor, { examples }]) => {
      const entry = contractOf(descriptor).write(examples[0] ?? {}, "fields");
      const pairs = entry.flatMap((name, at) => (at % 2 === 0 ? [[name, entry[at + 1]]] : []));
      return { kind: descriptor.kind, fields: Object.fromEntries(pairs) as object };
    });
    const answers = schemas.flatMap(([, { $defs }]) =>
      ($defs?.result?.examples ?? []).map((result) => {
        const answer = encodeResponse("id", { success: true, result }, 12.4);
        return { kind: "answer", fields: JSON.parse(answer) as object };
      }),
    );
    const script = fileURLToPath(new URL("../interop/models.py", import.meta.url));
    const input = [...messages, ...answers].map((one) => `${JSON.stringify(one)}\n`).join("");
    const [version, ...refused] = execFileSync(program, [script], { input, encoding: "utf8" }).trim().split("\n");
    expect(version).toMatch(/^[12]\./);
    expect(refused).toEqual([]);
    expect(input.split("\n").length).toBeGreaterThan(60);
  });
});
