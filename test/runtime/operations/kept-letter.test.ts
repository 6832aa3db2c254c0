import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.js";
import { group, keys, large, MIB, sizeOf, useLargeEntries } from "../../support/large-entries.js";
import { fillEvents } from "../../support/stream.js";

const { admin, start, operator, letters, oneLetter, settled, add } = await useLargeEntries();
afterEach(() => admin.flushall());

describe("a dead letter that refers to its entry", () => {
  it("is redriven when the limit is raised, and refused before", async () => {
    const { messaging } = await start();
    const entry = large("fields");
    await add(entry);
    const { id } = await oneLetter();
    await messaging.close();

    const advice = `raise it here and in every service of the group ${group}, and redrive it`;
    await expect(operator().deadLetters.redrive("events", id)).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      message: `the entry of dead letter ${id} in ${keys.dead} has ${sizeOf(entry)} bytes, and MESSAGE_MAX_BYTES is ${MIB}: ${advice}`,
    });
    expect(await operator().deadLetters.redriveAll("events")).toBe(0);
    expect(await operator(6 * MIB).deadLetters.redriveAll("events")).toBe(1);
    expect(await letters("any")).toMatchObject([{ id, state: { state: "redriven" } }]);
    const { entities } = await start({ maxMessageBytes: 6 * MIB });
    await eventually(() => entities.length === 1);
    expect(entities).toEqual([99]);
  });

  it("that is redriven to a service with a smaller limit refers to the entry where it is then", async () => {
    await start();
    const id = await add(large("json"));
    const first = await oneLetter();
    expect(first.entryId).toBe(id);
    await operator(6 * MIB).deadLetters.redrive("events", first.id);
    const second = await oneLetter();
    expect(second).toMatchObject({ stream: keys.redrive, reason: "MESSAGE_TOO_LARGE", keptBytes: first.keptBytes });
    expect(await admin.zcard(`${keys.redrive}:oversized`)).toBe(1);

    // It would never end if it redrove what it makes.
    expect(await operator(6 * MIB).deadLetters.redriveAll("events")).toBe(1);
    expect(await oneLetter()).toMatchObject({ stream: keys.redrive });
  });

  it.each<[string, (entryId: string) => Promise<unknown>]>([
    ["by hand", (entryId) => admin.xdel("events", entryId)],
    // Every group has acknowledged it, and it knows no references.
    ["by the trim of an older version", () => admin.xtrim("events", "MAXLEN", 0)],
  ])("whose entry was removed %s says so, and the service goes on", async (_, remove) => {
    const { messaging, entities } = await start({ trimIntervalSeconds: 0.05 });
    const entryId = await add(large("fields"));
    const { id } = await oneLetter();
    await settled();
    await remove(entryId);
    await expect(operator(6 * MIB).deadLetters.redrive("events", id)).rejects.toMatchObject({
      code: "DEAD_LETTER_MISSING",
      message: `dead letter ${id} in ${keys.dead} cannot be redriven: its entry ${entryId} was removed from events, by hand or by a service of an older version, whose trimming does not know that the letter refers to it. Discard it`,
    });
    expect(await operator(6 * MIB).deadLetters.redriveAll("events")).toBe(0);
    expect(await operator().deadLetters.discard("events", id, "gone")).toMatchObject({ state: "discarded" });
    await fillEvents(admin, 20);
    await eventually(() => entities.length === 20);
    // The next trim forgets the reference.
    await eventually(
      () => admin.zcard(keys.oversized),
      (count) => count === 0,
    );
    expect(messaging.counts).toMatchObject({ deadLettered: 1, handled: 20 });
  });

  it("is believed nothing about its entry's size, which Redis tells", async () => {
    const entry = large("fields");
    const record = ["group", group, "stream", "events", "entry_id"];
    const refer = async (to: readonly string[], bytes: string): Promise<string> =>
      (await admin.xadd(keys.dead, "*", ...record, await add(to), "kept_bytes", bytes)) as string;
    const small = await refer(large("fields", 10), "999999999");
    const forged = await refer(entry, "9");
    await expect(operator().deadLetters.redrive("events", forged)).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      bytes: sizeOf(entry),
    });
    expect(await operator().deadLetters.redriveAll("events")).toBe(1);
    expect(await letters()).toMatchObject([{ id: forged }]);
    expect((await operator().deadLetters.get("events", small)).state.state).toBe("redriven");
  });

  it("of an older version, that holds an entry which is too large, is listed without it", async () => {
    const record = ["group", group, "stream", "events", "entry_id", "1-0", "reason", "ENTRY_UNREADABLE"];
    const id = await admin.xadd(keys.dead, "*", ...record, "original", `1:a,${12 * MIB}:${"x".repeat(12 * MIB)},`);
    const [letter] = await letters();
    const problem = /^it has 125\d{5} bytes: raise MESSAGE_MAX_BYTES to read it whole$/;
    expect(letter).toMatchObject({ id, reason: "ENTRY_UNREADABLE", original: [] });
    expect(letter?.problem).toMatch(problem);
    await expect(operator().deadLetters.redrive("events", id as string)).rejects.toMatchObject({
      message: expect.stringMatching(/cannot be redriven: it has 125\d{5} bytes: raise MESSAGE_MAX_BYTES/),
    });
    expect(await operator(12 * MIB).deadLetters.redriveAll("events")).toBe(1);
  });

  it("that others wrote names no stream of another kind", async () => {
    const secret = await admin.xadd("secrets", "*", "name", "value");
    const record = ["group", group, "stream", "secrets", "entry_id", secret as string, "kept_bytes", "9"];
    const id = await admin.xadd(keys.dead, "*", ...record);
    await expect(operator().deadLetters.redrive("events", id as string)).rejects.toMatchObject({
      code: "DEAD_LETTER_MISSING",
    });
  });
});
