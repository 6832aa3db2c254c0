import { describe, expect, it } from "vitest";
import { contractsOf, load } from "../../codegen/index.js";
import type { EventDescriptor } from "../../runtime/index.js";
import { createMessaging } from "../../runtime/index.js";
import { Scratch } from "../codegen/scratch.js";
import { useRedis } from "../support/redis.js";
import { described, importInto } from "./imported.js";
import { tryOut } from "./trial.js";

/** So many values of each topic are tried here; `npm run foreign` tries all. */
const VALUES = 12;

const { redis } = await useRedis();

describe("the schemas of another maker", () => {
  it.each(described)(
    "are imported without handwork, and every valid value is read and comes back: %o",
    async (...one) => {
      await using scratch = await Scratch.create({});
      const { maker, hindrances } = await importInto(scratch.path("schemas"), one);
      expect(hindrances).toEqual([]);
      const topics = maker.topics.map((topic) => ({ ...topic, payloads: topic.payloads.slice(0, VALUES) }));
      const { problems, faults, valid, read, same } = await tryOut({ ...maker, topics });
      expect(problems).toEqual([]);
      expect(faults).toEqual([]);
      expect(valid).toBeGreaterThan(4);
      expect([read, same]).toEqual([valid, valid]);
    },
    120_000,
  );

  it("pass the strictest TypeScript and a real Redis once they are imported", async () => {
    const [, resume] = described;
    if (resume === undefined) throw new Error("There is no such maker.");
    await using scratch = await Scratch.create({});
    const { maker } = await importInto(scratch.path("schemas"), resume);
    expect((await scratch.merp("generate")).stderr).toBe("");
    expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });

    const [topic] = maker.topics;
    const descriptors = await contractsOf(load(scratch.path("schemas")));
    const descriptor = descriptors.find(({ type }) => type === topic?.type) as EventDescriptor<Resume, object>;
    const payload = topic?.payloads[0];
    await using messaging = createMessaging({ service: "shop", redis: { url: redis.url }, env: {} });
    const received = new Promise<Resume>((resolve) => {
      messaging.on(descriptor, resolve);
    });
    await messaging.start();
    await messaging.publish(descriptor, { entity_type: "resume", entity_id: 1, after_data: payload });
    expect((await received).after_data).toEqual(payload);
  }, 120_000);
});

interface Resume {
  readonly after_data: unknown;
}
