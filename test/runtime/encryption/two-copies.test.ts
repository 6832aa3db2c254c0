import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { encryption, fileKeys, folderSubjects } from "../../../runtime/encryption/index.js";
import { filedKey } from "../../../runtime/encryption/key-file.js";
import type { Messaging } from "../../../runtime/index.js";
import { createMessagingFor } from "../../../runtime/service/create-messaging.js";
import { type Outcome, repository } from "../../codegen/scratch.js";
import { bundleOf } from "../../support/program-bundle.js";
import { useRedis } from "../../support/redis.js";
import { moved } from "./contract.js";

const { redis } = await useRedis();
const folder = mkdtempSync(join(tmpdir(), "two-copies-"));
const [keyFile, people] = [join(folder, "keys.json"), join(folder, "people")];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("what a module's copy of this package finds erased is erased for the copy of the command that replays it", async () => {
  writeFileSync(keyFile, JSON.stringify({ keys: [filedKey("2026-a", 0)] }));
  await using service = createMessagingFor({ name: "people", encoding: "fields", messages: [moved] } as never, {
    ...{ service: "people", redis: { url: redis.url }, env: {}, announce: false },
    extensions: [encryption({ keys: fileKeys(keyFile), people: folderSubjects(people) })],
  }) as Messaging;
  for (const id of [1, 2])
    await service.publish(moved, { entity_id: id, after_data: { street: "a street", country: "SE" } });
  await folderSubjects(people).erase("person:1", "2026-11-27T12:00:00Z");

  const { kind, type, stream, schema } = moved;
  const descriptor = JSON.stringify({ kind, type, stream, schema, encrypts: true });
  writeFileSync(join(folder, "catalogue.mjs"), `export const a = ${descriptor};\n`);
  const own = JSON.stringify(await bundleOf(join(repository, "runtime/encryption/index.ts")));
  writeFileSync(
    join(folder, "service.mjs"),
    `import { encryption, fileKeys, folderSubjects, isErased } from ${own};
const keys = fileKeys(${JSON.stringify(keyFile)});
export const extensions = [encryption({ keys, people: folderSubjects(${JSON.stringify(people)}) })];
export const register = (messaging) =>
  messaging.on("person.moved", ({ entity_id, after_data }) => console.log(entity_id, isErased(after_data.street)));\n`,
  );
  const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
  const env = {
    ...{ PATH: process.env["PATH"] ?? "", REDIS_URL: redis.url, SERVICE_NAME: "people" },
    MERP_CATALOGUE: join(folder, "catalogue.mjs"),
  };
  const outcome = await new Promise<Outcome>((resolve) => {
    const words = [program, "replay", "./service.mjs", "--stream", "events", "--yes"];
    execFile(process.execPath, words, { env, cwd: folder, timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    ).stdin?.end();
  });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toContain("1 true\n2 false\ncompleted 2 handled");
});
