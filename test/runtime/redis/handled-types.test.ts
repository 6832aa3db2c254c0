import { describe, expect, it } from "vitest";
import { HandledTypes } from "../../../runtime/redis/handled-types.js";

const ME = "billing-1";

/** What is known to a member that handles `a` and `b` when it has learnt these records of others. */
function knowing(others: Readonly<Record<string, string>>, handles: readonly (string | undefined)[] = ["a", "b"]) {
  const types = new HandledTypes(ME, handles);
  const learnt = types.learn(Object.entries({ version: "v1", [ME]: types.record, ...others }).flat());
  return { types, learnt };
}

describe("what a member knows of the others' types", () => {
  it("is nothing at first, and its own record names its types in lines of their own", () => {
    const types = new HandledTypes(ME, ["a", undefined, "line\nfeed"]);
    expect(types.record).toBe('\n"a"\nuntyped\n"line\\nfeed"\n');
    expect([types.version, types.receives, types.isHandledElsewhere("a")]).toEqual(["", false, false]);
    expect(types.isSettled(new Map())).toBe(true);
  });

  it("is what their records say, and not what its own does", () => {
    const { types, learnt } = knowing({ "billing-2": '\n"a"\n"c"\n', "billing-3": '\n"b"\nuntyped\n' });
    expect([learnt, types.version]).toEqual([true, "v1"]);
    const named = ["a", "b", "c", undefined, "d", "version", ""];
    expect(named.map((type) => types.isHandledElsewhere(type))).toEqual([true, true, true, true, false, false, false]);
    expect(knowing({}).types.isHandledElsewhere("a")).toBe(false);
  });

  it("includes those of a member that left and may have a successor", () => {
    const { types } = knowing({ "billing-2": 'left\n"c"\n' });
    expect([types.isHandledElsewhere("c"), types.isHandledElsewhere("d")]).toEqual([true, false]);
  });

  it("is every type while there is a member of which nothing is known", () => {
    const { types } = knowing({ "billing-2": "?1700000000000" });
    expect([types.isHandledElsewhere("d"), types.isHandledElsewhere(undefined)]).toEqual([true, true]);
  });

  it("leaves out a line that is no type", () => {
    const { types } = knowing({ "billing-2": '\nbroken\n"c"\n' });
    expect(["c", "broken", undefined].map((type) => types.isHandledElsewhere(type))).toEqual([true, false, false]);
  });

  it("stays as it was when its own record is missing, is another's, or there is no version", () => {
    const { types } = knowing({ "billing-2": '\n"c"\n' });
    const { record } = types;
    const other = { "billing-2": '\n"d"\n' };
    const replies: Record<string, string>[] = [
      { version: "v2", ...other },
      { version: "v2", [ME]: '\n"a"\n', ...other },
      { [ME]: record, ...other },
      {},
    ];
    for (const reply of replies) {
      expect(types.learn(Object.entries(reply).flat())).toBe(false);
    }
    expect([types.version, types.isHandledElsewhere("c"), types.isHandledElsewhere("d")]).toEqual(["v1", true, false]);
    expect(types.learn(["version", "v2", ME, record])).toBe(true);
    expect([types.version, types.isHandledElsewhere("c")]).toEqual(["v2", false]);
  });
});

describe("a member receives what others hand over", () => {
  it.each<[boolean, string, Record<string, string>]>([
    [false, "is alone", {}],
    [false, "handles what the other does", { "billing-2": '\n"c"\n"b"\n"a"\n' }],
    [true, "handles one type that another does not", { "billing-2": '\n"a"\n"b"\n', "billing-3": '\n"a"\n' }],
    [false, "is beside one that left", { "billing-2": 'left\n"c"\n' }],
    [false, "is beside one of which nothing is known", { "billing-2": "?1700000000000" }],
  ])("%s when it %s", (receives, _, others) => {
    expect(knowing(others).types.receives).toBe(receives);
  });
});

describe("what a member knows is settled", () => {
  const beating = new Map([
    [ME, "1"],
    ["billing-2", "1"],
  ]);

  it("when each of the others has a heartbeat, and nothing is unknown", () => {
    expect(knowing({ "billing-2": '\n"c"\n' }).types.isSettled(beating)).toBe(true);
    expect(knowing({ "billing-2": '\n"c"\n', "billing-3": '\n"c"\n' }).types.isSettled(beating)).toBe(false);
    expect(knowing({ "billing-2": "?1700000000000" }).types.isSettled(beating)).toBe(false);
  });
});
