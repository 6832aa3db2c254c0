import * as fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type CommandDescriptor, ContractError, catalogue, type JsonSchema } from "../../../generated/index.js";
import type { PlainMessage } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { valuesOf } from "../../../runtime/testing/arbitrary/values.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";

const encodings = ["fields", "json"] as const;
const runs = { numRuns: 40 };
const descriptors = catalogue.messages;

const messagesOf = (schema: JsonSchema): fc.Arbitrary<PlainMessage> => valuesOf(schema) as fc.Arbitrary<PlainMessage>;

describe.each(descriptors)("every valid $type", (descriptor) => {
  const contract = contractOf(descriptor);

  it("is read as it was written, in both encodings and as a Pub/Sub payload", () => {
    return fc.assert(
      fc.property(messagesOf(descriptor.schema), (message) => {
        for (const encoding of encodings) expect(contract.read(contract.write(message, encoding))).toEqual(message);
        expect(contract.readPayload(contract.writePayload(message))).toEqual(message);
      }),
      runs,
    );
  });

  it("has the same fields in the same order in the fields encoding", () => {
    const names = Object.keys(descriptor.schema.properties ?? {});
    return fc.assert(
      fc.property(messagesOf(descriptor.schema), (message) => {
        expect(contract.write(message, "fields").filter((_, at) => at % 2 === 0)).toEqual(names);
      }),
      { numRuns: 5 },
    );
  });

  it("is refused by the writer without a required property, at any depth", () => {
    return fc.assert(
      fc.property(messagesOf(descriptor.schema), fc.nat(), (message, seed) => {
        const places = objectsIn(message, descriptor.schema).flatMap(({ path, schema }) =>
          (schema.required ?? []).map((name) => [...path, name]),
        );
        const path = places[seed % places.length] as string[];
        const broken = changed(message, path, (holder, name) => delete holder[name]);
        for (const encoding of encodings)
          expect(issuesOf(() => contract.write(broken, encoding))).toContain(shown(path));
      }),
      runs,
    );
  });

  it("is refused by the writer with an undeclared property at any depth, which the reader leaves where it is", () => {
    return fc.assert(
      fc.property(messagesOf(descriptor.schema), fc.nat(), (message, seed) => {
        const places = objectsIn(message, descriptor.schema).filter(
          ({ schema }) => schema.additionalProperties === undefined,
        );
        const path = [...(places[seed % places.length]?.path ?? []), "stray"];
        const broken = changed(message, path, (holder, name) => {
          holder[name] = "x";
        });
        expect(issuesOf(() => contract.write(broken, "fields"))).toContain(shown(path));
        expect(contract.read(["message_type", descriptor.type, "json", JSON.stringify(broken)])).toEqual(broken);
      }),
      runs,
    );
  });
});

describe.each(descriptors.filter(({ kind }) => kind === "command"))("every valid result of $type", (descriptor) => {
  it("keeps its contract after it has travelled", () => {
    const { result } = descriptor as CommandDescriptor;
    const contract = contractOf(descriptor);
    return fc.assert(
      fc.property(valuesOf(result), (value) => {
        expect(contract.resultViolations(value)).toBeUndefined();
        expect(contract.receivedResultViolations(JSON.parse(JSON.stringify(value)))).toBeUndefined();
        expect(contract.resultViolations({ ...(value as object), stray: 1 })).toHaveLength(1);
        expect(contract.receivedResultViolations({ ...(value as object), stray: 1 })).toBeUndefined();
      }),
      runs,
    );
  });
});

describe("through a real Redis", () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.url);
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  it.each(encodings)("a sample of every type comes back as it was written, as %s", async (encoding) => {
    const written = descriptors.flatMap((descriptor) =>
      fc.sample(messagesOf(descriptor.schema), { numRuns: 8, seed: 20_26 }).map((message) => ({ descriptor, message })),
    );
    const adding = client.pipeline();
    for (const { descriptor, message } of written) {
      adding.xadd(encoding, "*", ...contractOf(descriptor).write(message, encoding));
    }
    await adding.exec();
    const entries = await client.xrange(encoding, "-", "+");
    expect(entries).toHaveLength(written.length);
    for (const [at, [, fields]] of entries.entries()) {
      const { descriptor, message } = written[at] as (typeof written)[number];
      expect(contractOf(descriptor).read(fields)).toEqual(message);
    }
  });
});

interface Place {
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

/** Every object in the message that its schema describes, the message itself first. */
function objectsIn(
  message: unknown,
  root: JsonSchema,
  schema: JsonSchema = root,
  path: readonly string[] = [],
): Place[] {
  const target = schema.$ref === undefined ? schema : root.$defs?.[schema.$ref.slice("#/$defs/".length)];
  if (target?.$ref !== undefined) return objectsIn(message, root, target, path);
  if (Array.isArray(message)) {
    return message.flatMap((item, at) => objectsIn(item, root, target?.items ?? {}, [...path, String(at)]));
  }
  if (typeof message !== "object" || message === null || target?.properties === undefined) return [];
  const inner = Object.entries(target.properties).flatMap(([name, property]) =>
    objectsIn((message as PlainMessage)[name], root, property, [...path, name]),
  );
  return [{ path, schema: target }, ...inner];
}

/** A copy with one change in it. */
function changed(
  message: PlainMessage,
  path: readonly string[],
  change: (holder: PlainMessage, name: string) => unknown,
): PlainMessage {
  const copy = structuredClone(message);
  let holder = copy;
  for (const name of path.slice(0, -1)) holder = holder[name] as PlainMessage;
  change(holder, path.at(-1) ?? "");
  return copy;
}

function shown(path: readonly string[]): string {
  return path.map((name, at) => (/^\d+$/.test(name) ? `[${name}]` : at === 0 ? name : `.${name}`)).join("");
}

/** The paths that a ContractError names. */
function issuesOf(write: () => unknown): readonly string[] {
  try {
    write();
  } catch (error) {
    if (error instanceof ContractError) return error.issues.map(({ path }) => path);
    throw error;
  }
  return [];
}
