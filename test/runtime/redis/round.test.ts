import { expect, it } from "vitest";
import { readOnlyScript } from "../../../runtime/redis/lua/script.js";
import { Rounds } from "../../../runtime/redis/round.js";
import { useRedis } from "../../support/redis.js";

const { admin } = await useRedis();

/** Keeps Redis busy for longer than the scripts of one round trip may, and counts. */
const slow = readOnlyScript<string>`
local text = ''
for n = 1, 6e6 do text = string.sub(ARGV[1], 1, 1) end
return ARGV[1]
`;

it("leaves slow scripts for further round trips, so that Redis answers others in between", async () => {
  let trips = 0;
  const { pipeline } = admin;
  admin.pipeline = () => {
    trips++;
    return pipeline.call(admin);
  };
  const rounds = new Rounds(admin);
  await rounds.time();
  trips = 0;
  const replies = await rounds.ask((round) =>
    Promise.all([
      ...["a", "b", "c"].map((text) => round.run(slow, ["events"], [text])),
      round.ask<number>("EXISTS", "events"),
    ]),
  );
  expect(replies).toEqual(["a", "b", "c", 0]);
  expect(trips).toBe(3);
});

it("lets a user who may not ask for the time run its scripts in one round trip", async () => {
  await admin.call("ACL", "SETUSER", "untimely", "on", ">secret", "~*", "+@all", "-time");
  const client = admin.duplicate({ username: "untimely", password: "secret" });
  const rounds = new Rounds(client);
  await rounds.time();
  expect(await rounds.ask((round) => round.run(slow, ["events"], ["a"]))).toBe("a");
  expect(rounds.refused).toEqual(new Set(["TIME"]));
  client.disconnect();
});
