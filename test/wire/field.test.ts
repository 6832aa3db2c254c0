import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as catalogue from "../../generated/index.js";
import { typeOf } from "../../runtime/contract/codec.js";
import { contractOf } from "../../runtime/contract/contract.js";
import type { Descriptor, EventDescriptor } from "../../runtime/index.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { repository, Scratch } from "../codegen/scratch.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

interface Entry {
  readonly name: string;
  readonly stream: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What the Python services write: as recorded, and from call sites that were not. */
const entries = ["field-vectors.json", "field-call-sites.json"].flatMap((file) => {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly entries: readonly Entry[] }).entries;
});

const flat = ({ fields }: Entry): string[] => Object.entries(fields).flat();

/** The name of the constant and the descriptor that it holds. */
function contractFor(entry: Entry): readonly [name: string, descriptor: Descriptor] {
  const type = typeOf(flat(entry)) ?? "health.report";
  const descriptor = catalogue.catalogue.messages.find((message) => message.type === type);
  const [name] = Object.entries(catalogue).find(([, value]) => value === descriptor) ?? [];
  if (descriptor === undefined || name === undefined) throw new Error(`nothing in the catalogue is a ${type}`);
  return [name, descriptor];
}

const read = (entry: Entry): Record<string, unknown> => contractOf(contractFor(entry)[1]).read(flat(entry));
const readNamed = (name: string): Record<string, unknown> => read(entries.find((one) => one.name === name) as Entry);

describe("an entry of the field", () => {
  it("is decoded to what its TypeScript type says, without a property that the type does not have", async () => {
    const lines = entries.map((entry, at) => {
      const [name] = contractFor(entry);
      const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      return `// ${entry.name}\nexport const entry${at}: catalogue.${type} = ${JSON.stringify(read(entry))};`;
    });
    const generated = JSON.stringify(join(repository, "generated/index.js"));
    await using scratch = await Scratch.create({});
    await scratch.write("service.ts", [`import type * as catalogue from ${generated};`, ...lines, ""].join("\n"));
    expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("has the contract's entity type where it was written as a class name, and its id as a number", () => {
    const name = "business object framework, audit: class name and id as text";
    expect(readNamed(name)).toMatchObject({ entity_type: "partner", entity_id: 5 });
  });

  it("keeps every digit of a decimal, and its nulls", () => {
    expect(readNamed("currency rate as a decimal")).toMatchObject({ after_data: { rate: "1.0834500000" } });
    expect(readNamed("partner created, without mail or phone")).toMatchObject({
      after_data: { email: null, phone: null },
    });
  });

  it("has its changes as they were written, which a handler reads without a cast", () => {
    const event = readNamed("company updated, changes with from and to") as unknown as catalogue.CompanyUpdated;
    const phone = event.changes?.phone;
    const now = typeof phone === "object" ? phone?.to : phone;
    expect(now).toBe("+4930123456");
  });
});

describe("the entries of the field", () => {
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

  it("all reach a handler of their type, and none becomes a dead letter", async () => {
    // The library that writes these commands names itself as their source, and another service's channel.
    const replyChannels = ["api-gateway-responses"];
    await using messaging = createService(redis, { service: "user-auth-service", replyChannels });
    const handled: string[] = [];
    for (const descriptor of catalogue.catalogue.messages) {
      const note = (): void => void handled.push(descriptor.type);
      if (descriptor.kind !== "command") messaging.on(descriptor as EventDescriptor<object, object>, note);
    }
    catalogue.handleValidateToken(messaging, () => ({ valid: handled.push("validate_token") > 0 }));
    catalogue.handleReloadConfig(messaging, () => ({ reloaded: [`${handled.push("reload_config")}`] }));
    catalogue.handleCreateUser(messaging, () => ({ user_id: handled.push("create_user") }));
    await messaging.start();
    for (const entry of entries) await admin.xadd(entry.stream, "*", ...flat(entry));
    // A command that somebody waits for and that was answered is not run again: the answer is sent again.
    const distinct = entries.filter(({ fields: { reply_to, id } }, at) => {
      const first = entries.findIndex(({ fields }) => fields["id"] === id);
      return !reply_to || first === at;
    });
    await eventually(() => handled.length === distinct.length);
    expect(handled.toSorted()).toEqual(distinct.map((entry) => contractFor(entry)[1].type).toSorted());
    expect(messaging.counts).toMatchObject({ deadLettered: 0, handlerFailed: 0 });
  });

  it("that are of no type, as the library's generic messages are, are only acknowledged", async () => {
    await using messaging = createService(redis, { service: "generic-service" });
    const subjects: unknown[] = [];
    messaging.on("*", ({ id }) => void subjects.push(id));
    await messaging.start();
    const known = messaging.counts.skipped;
    const generic = { id: crypto.randomUUID(), type: "event", subject: "backup", payload: "{}", target_service: "" };
    await admin.xadd("events", "*", ...Object.entries(generic).flat());
    await eventually(() => messaging.counts.skipped > known);
    expect(messaging.counts.deadLettered).toBe(0);
    expect(subjects).not.toContain(generic.id);
  });
});
