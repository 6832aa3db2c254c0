import { afterEach, describe, expect, it } from "vitest";
import { useRedis } from "../../../support/redis.js";
import { type Sickness, sicknesses } from "./sicknesses.js";
import { patiently, Ward } from "./ward.js";

/** On a busy machine a heartbeat is late by a second now and then, and with it whatever waits for a lease. */
const PATIENCE_MS = 60_000;

const { redis, admin } = await useRedis();
let wards = 0;

describe("the first sentence of the status names the sickness, and what mends it does", () => {
  const ofRedis = sicknesses.filter(({ code }) => code.startsWith("REDIS_"));
  const others = sicknesses.filter((sickness) => !ofRedis.includes(sickness));
  it.concurrent.each(others)("$heading", play, PATIENCE_MS);

  describe("of Redis itself", () => {
    afterEach(async () => {
      await admin.config("SET", "maxmemory", 0, "maxmemory-policy", "noeviction");
      await admin.config("RESETSTAT");
    });
    it.each(ofRedis)("$heading", play, PATIENCE_MS);
  });

  async function play({ cause, code, sentence, command }: Sickness): Promise<void> {
    await using ward = new Ward(redis, admin, `ward-${++wards}`);
    const mend = await cause(ward);
    const { text } = await patiently(
      () => ward.status(),
      ({ problem }) => problem?.code === code,
    );
    // From the text alone: what is wrong, and below it what mends it.
    const [first = "", second = ""] = text.split("\n");
    expect(first).toMatch(sentence);
    expect(second).toMatch(command);
    await mend(second.replace(/^ *→ /, ""));
    await patiently(
      () => ward.worst(),
      (problem) => problem?.code !== code || problem.severity === "notice",
    );
  }
});
