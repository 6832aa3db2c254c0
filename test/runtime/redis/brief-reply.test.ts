import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Operator } from "../../../runtime/operations/operator.js";
import { BriefReplies, Shortener } from "../../../runtime/redis/brief-reply.js";
import { useRedis } from "../../support/redis.js";
import { runs } from "../../support/runs.js";

const { redis, admin } = await useRedis();

it("lets the client see who has news, and of no entry more than a little", async () => {
  const connection = new Operator({ env: {}, redis: { url: redis.url } }, { name: "news" }).routes.alone("events");
  const replies = new BriefReplies(connection);
  const client = await connection.ready();
  const large = "x".repeat(3_000_000);
  await admin.xadd("{events}:one", "1-1", "short", "text", large, large, "last", "text");
  await admin.xadd("{events}:two", "2-2", ...Array.from({ length: 3000 }, (_, at) => `f${at}`));
  await admin.xadd("{events}:three", "3-3", "short", "text");
  replies.isOn = true;
  const news = await client.xread(
    "COUNT",
    1,
    "BLOCK",
    1000,
    "STREAMS",
    "{events}:one",
    "{events}:two",
    "{events}:three",
    "0",
    "0",
    "0",
  );
  expect(news).toEqual([
    ["{events}:one", [["1-1", ["short", "text", "", "", "last", "text"]]]],
    ["{events}:two", [["2-2", []]]],
    ["{events}:three", [["3-3", ["short", "text"]]]],
  ]);
  expect(await client.xread("COUNT", 1, "BLOCK", 1, "STREAMS", "{events}:one", "9-9")).toBeNull();
  await expect(client.xread("STREAMS", "{events}:one", "no id")).rejects.toThrow("Invalid stream ID");
  replies.isOn = false;
  expect((await client.xrange("{events}:one", "-", "+"))[0]?.[1][2]).toHaveLength(large.length);
  connection.close();
});

it("cuts a reply alike however its bytes arrive", () => {
  const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
  const long = "y\r\n$3\r\n".repeat(300);
  const reply = `*2\r\n${bulk("a")}${bulk(long)}%1\r\n${bulk("key\r\n*9")}*2000\r\n${bulk("b").repeat(2000)}:7\r\n*-1\r\n_\r\n-ERR no\r\n`;
  const expected = `*2\r\n${bulk("a")}${bulk("")}%1\r\n${bulk("key\r\n*9")}*0\r\n:7\r\n*-1\r\n_\r\n-ERR no\r\n`;
  const property = fc.property(fc.array(fc.nat(reply.length), { maxLength: 30 }), (cuts) => {
    const shortener = new Shortener();
    const places = [0, ...cuts.sort((a, b) => a - b), reply.length];
    const parts = places.slice(1).map((end, at) => Buffer.from(reply.slice(places[at], end)));
    expect(Buffer.concat(parts.map((part) => shortener.write(part))).toString()).toBe(expected);
  });
  void fc.assert(property, runs(30));
});
