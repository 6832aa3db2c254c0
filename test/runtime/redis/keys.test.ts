import { expect, it } from "vitest";
import { answerKey, HANDOVER, onceKey, PARKED, redriveKeys, streamKeys } from "../../../runtime/redis/keys.js";

// What another version of this package, or a script, calls them.
const ofStream = {
  stream: "events",
  retry: "{events}:retry:g",
  errors: "{events}:errors:g",
  alive: "{events}:alive:g",
  types: "{events}:types:g",
  handover: "{events}:handover:g",
  held: "{events}:held:g",
  paused: "{events}:paused:g",
  floor: "{events}:floor:g",
  prefix: "{events}:",
  groups: "{events}:groups",
  retention: "{events}:retention",
  trimming: "{events}:trimming",
  marks: "{events}:marks",
  oversized: "{events}:oversized",
  redrive: "{events}:redrive:g",
  dead: "{events}:dead",
  settled: "{events}:dead:settled",
  index: "{events}:dead:index",
};

it("the keys of a stream have the names that other versions know, and share its slot", () => {
  expect(streamKeys("events", "g")).toEqual(ofStream);
  expect([answerKey("commands", "7"), onceKey("events", "7")]).toEqual(["{commands}:answer:7", "{events}:once:7"]);
  expect([PARKED, HANDOVER]).toEqual(["parked", "handover"]);
});

it("the keys of a redrive stream are its own, but for the dead letters and what is paused, which are those of the main stream", () => {
  const { paused, redrive, dead, settled, index } = ofStream;
  expect(redriveKeys(streamKeys("events", "g"), "g")).toEqual({
    stream: redrive,
    retry: `${redrive}:retry`,
    errors: `${redrive}:errors`,
    alive: `${redrive}:alive`,
    types: `${redrive}:types`,
    handover: `${redrive}:handover`,
    held: `${redrive}:held`,
    paused,
    floor: `${redrive}:floor:g`,
    prefix: `${redrive}:`,
    groups: `${redrive}:groups`,
    retention: `${redrive}:retention`,
    trimming: `${redrive}:trimming`,
    marks: `${redrive}:marks`,
    oversized: `${redrive}:oversized`,
    redrive,
    dead,
    settled,
    index,
  });
});
