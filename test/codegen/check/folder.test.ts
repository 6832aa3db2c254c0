import { describe, expect, it } from "vitest";
import { problemsOf, sound } from "../catalogue.js";

const event = sound["events/order.placed.json"];
const { "events/order.placed.json": _, ...others } = sound;
const KINDS = "messages lie in events, commands, notifications, health";

describe("a schemas folder", () => {
  it.each(["event", "evnets", "Events"])("named almost like a kind's is refused: %s", async (folder) => {
    expect(await problemsOf({ ...others, [`${folder}/order.placed.json`]: event })).toEqual([
      `schemas/${folder}/order.placed.json:1:1: the folder "${folder}" is that of no kind of message; ${KINDS} (did you mean "events"?)`,
    ]);
    const type = { title: "Size", type: "integer" };
    expect(await problemsOf({ ...sound, [`${folder}/size.json`]: type })).toHaveLength(1);
  });

  it("may not hold a message if it is that of no kind, whatever its name", async () => {
    const command = { title: "A", type: "object", properties: { command_type: { const: "a" } } };
    expect(await problemsOf({ ...sound, "shop/a.json": command })).toEqual([
      `schemas/shop/a.json:1:1: the folder "shop" is that of no kind of message; ${KINDS} (did you mean "commands"?)`,
    ]);
    expect(await problemsOf({ ...sound, "b.json": command })).toEqual([
      `schemas/b.json:1:1: lies in no folder; ${KINDS} (did you mean "commands"?)`,
    ]);
  });

  it("may have any other name for shared types", async () => {
    const type = { title: "Size", type: "integer" };
    expect(await problemsOf({ ...sound, "shop/size.json": type, "size.json": { ...type, title: "Length" } })).toEqual(
      [],
    );
  });
});
