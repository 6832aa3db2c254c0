import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { catalogue, handleValidateToken, userCreated, userDeleted } from "../../../../generated/index.js";
import { exampleOf } from "../../../../runtime/cli/catalogue.js";
import { CommandError } from "../../../../runtime/cli/exit.js";
import { contentOf } from "../../../../runtime/cli/message-content.js";
import { contractOf } from "../../../../runtime/contract/contract.js";
import { UnrecoverableError } from "../../../../runtime/index.js";
import { draftOf, publishDraft } from "../../../../runtime/operations/messages/draft.js";
import { type Outcome, repository, Scratch } from "../../../codegen/scratch.js";
import { bundleOf } from "../../../support/program-bundle.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
const settings = { env: {}, service: "merp", redis: { url: redis.url } };

afterEach(async () => {
  vi.unstubAllEnvs();
  await admin.flushall();
});

async function merp(...parameters: readonly string[]): Promise<Outcome> {
  const program = [await bundleOf(join(repository, "runtime/cli/index.ts")), ...parameters];
  const MERP_CATALOGUE = await bundleOf(join(repository, "generated/index.ts"));
  const env = { PATH: process.env["PATH"] ?? "", REDIS_URL: redis.url, MERP_CATALOGUE };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, { env, timeout: 25_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

it("publishes the example of every message that its schema has one of, as a new message", async () => {
  for (const descriptor of catalogue.messages.filter(({ kind }) => kind !== "command")) {
    const example = await exampleOf(descriptor, {});
    const content = await contentOf(descriptor, { example: true });
    const draft = draftOf(descriptor, content, settings);
    expect(draft.issues, descriptor.type).toEqual([]);
    if (descriptor.kind !== "health") expect(draft.message["id"]).not.toBe(example["id"]);
  }
  const draft = draftOf(userDeleted, { entity_id: 7 }, settings);
  const { id, entryId } = await publishDraft(userDeleted, draft, settings);
  const [[stored, fields]] = (await admin.xrange("events", "-", "+")) as [[string, string[]]];
  expect([stored, id]).toEqual([entryId, draft.message["id"]]);
  expect(contractOf(userDeleted).read(fields)).toMatchObject({ entity_id: 7, source_service: "merp" });
});

it("tells every issue of a message with its place, and what may be meant", () => {
  const given = { entity_id: "x", entity_typ: "user", after_data: { email: "a@b.example", first_nam: "Ada" } };
  const issues = draftOf(userCreated, given, settings).issues.map(({ path, message }) => `${path} ${message}`);
  expect(issues).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^entity_id must be /),
      "entity_typ is not in the contract; did you mean entity_type?",
      "after_data.first_nam is not in the contract; did you mean first_name?",
    ]),
  );
  const required = draftOf(userDeleted, { entity_id: 1 }, { ...settings, env: { MESSAGE_TENANCY: "required" } });
  expect(required.issues).toEqual([expect.objectContaining({ path: "company_id" })]);
});

it("reads the content of a file and what is set, by the contract; and says what cannot be read", async () => {
  await using scratch = await Scratch.create({});
  await scratch.write("good.json", '{ "entity_id": 1, "after_data": { "email": "a@b.example" } }');
  await scratch.write("bad.json", '{\n  "entity_id": }\n');
  await scratch.write("list.json", "[1]");
  const set = [
    "entity_id=2",
    "after_data.first_name=12",
    "after_data.is_active=true",
    'metadata={"a":[1]}',
    "__proto__.x=1",
  ];
  const content = await contentOf(userCreated, { file: scratch.path("good.json"), set });
  expect(JSON.parse(JSON.stringify(content))).toEqual(
    JSON.parse(
      '{"entity_id":2,"after_data":{"email":"a@b.example","first_name":"12","is_active":true},"metadata":{"a":[1]},"__proto__":{"x":1}}',
    ),
  );
  for (const [given, problem] of [
    [{ file: scratch.path("bad.json") }, /bad.json is not valid JSON: look at line 2, near column 16/],
    [{ file: scratch.path("list.json") }, /must hold one message/],
    [{ file: scratch.path("none.json") }, /none.json cannot be read: ENOENT/],
    [{ set: ["entity_id"] }, /--set takes a path and a value/],
    [{ set: ["a=1", "a.b=2"] }, /--set a.b=2: a holds a value, not an object/],
    [{ file: "x", example: true }, /not both/],
  ] as const) {
    const reading = contentOf(userCreated, given);
    await expect(reading).rejects.toThrow(CommandError);
    await expect(reading).rejects.toThrow(problem);
  }
});

it("sends a command, waits for its answer, records it without the content, and tells how it failed", async () => {
  await using auth = createService(redis, { service: "auth" });
  const seen: unknown[] = [];
  handleValidateToken(auth, ({ payload: { token } }, { messageId }) => {
    seen.push([token, messageId]);
    if (token === "bad") throw new UnrecoverableError("no such token");
    return { valid: true };
  });
  await auth.start();
  const send = (...more: readonly string[]): Promise<Outcome> => merp("send", "validate_token", ...more);
  const drawn = await send("--set", "payload.token=opensesame", "--target", "auth", "--dry-run");
  expect([drawn.code, JSON.parse(drawn.stdout)]).toMatchObject([
    0,
    { target_service: "auth", payload: { token: "opensesame" } },
  ]);
  const refused = await send("--set", "payload.tokn=opensesame", "--target", "auth", "--yes");
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining("payload.tokn is not in the contract; did you mean token?"),
  ]);
  const unasked = await send("--set", "payload.token=opensesame", "--target", "auth");
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(/"send validate_token to auth at .*--yes/)]);
  expect(seen).toEqual([]);
  const done = await send("--set", "payload.token=opensesame", "--target", "auth", "--timeout", "20", "--yes");
  expect([done.code, done.stderr]).toEqual([0, expect.stringMatching(/^auth answered validate_token, id /)]);
  expect(JSON.parse(done.stdout)).toEqual({ valid: true });
  expect(seen).toEqual([["opensesame", expect.any(String)]]);
  expect(done.stderr).toContain(String((seen[0] as unknown[])[1]));
  const record = JSON.stringify(await admin.xrange("merp:audit", "-", "+"));
  expect(record).toMatch(/begun.*send.*validate_token.*auth.*done/);
  expect(record).not.toContain("opensesame");
  const failed = await send("--set", "payload.token=bad", "--target", "auth", "--yes");
  expect([failed.code, failed.stdout, failed.stderr]).toEqual([
    1,
    "",
    expect.stringMatching(/^failed: .*no such token.*merp explain \S+ tells/s),
  ]);
  const late = await send("--set", "payload.token=opensesame", "--target", "nobody", "--timeout", "1", "--yes");
  expect([late.code, late.stderr]).toEqual([1, expect.stringMatching(/^failed: .*validate_token/)]);
  const event = await merp("send", "user.deleted", "--yes");
  expect([event.code, event.stderr]).toEqual([2, expect.stringContaining("is no command: merp publish publishes it")]);
});

it("asks before it publishes, records it without the content, and refuses what it should not publish", async () => {
  const unasked = await merp("publish", "user.deleted", "--set", "entity_id=7");
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(/nobody can be asked .*so give --yes/)]);
  expect(await admin.keys("*")).toEqual([]);
  const done = await merp("publish", "user.deleted", "--set", "entity_id=7", "--yes", "--why", "a test");
  expect([done.code, done.stdout]).toEqual([
    0,
    expect.stringMatching(/^published user.deleted to events as \d+-0, id /),
  ]);
  const record = JSON.stringify(await admin.xrange("merp:audit", "-", "+"));
  expect(record).toMatch(/begun.*user\.deleted.*done.*entryId/);
  expect(record).not.toContain("entity_id");
  const refused = await merp("publish", "user.deleted", "--set", "entity=7", "--yes");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("entity is not in the contract")]);
  expect(await admin.xlen("events")).toBe(1);
});
