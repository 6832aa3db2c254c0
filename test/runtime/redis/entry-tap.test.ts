import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Encoding, onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";

/** Servers that speak the newer version of the protocol, and ones that know only the older. */
describe.each([
  ["RESP3", []],
  ["RESP2", ["--rename-command", "HELLO", ""]],
])("a consumer over %s", (_, serverArguments) => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis({ arguments: serverArguments });
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it.each<Encoding>(["json", "fields"])(
    "is handed what was published as %s, across reads that find nothing",
    async (encoding) => {
      await redis.flushall();
      await using messaging = createService(server, { encoding, blockTimeMs: 20 });
      const seen: unknown[] = [];
      onUserCreated(messaging, ({ after_data }) => void seen.push(after_data.first_name));
      await messaging.start();
      for (const first_name of ["Ada", "Ådä", "艾达", "🦊"]) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com", first_name } });
      }
      await eventually(() => seen.length === 4);
      expect(seen).toEqual(["Ada", "Ådä", "艾达", "🦊"]);
    },
  );
});
