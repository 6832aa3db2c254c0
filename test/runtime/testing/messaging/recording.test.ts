import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  catalogue,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  userCreated,
  validateToken,
} from "../../../../generated/index.js";
import { createTestMessaging, type Recording, readRecording, writeRecording } from "../../../../generated/testing.js";
import { logBook } from "../../../support/service.js";

const user = { entity_id: 7, after_data: { email: "ada@example.com" } };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "messaging-recording-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a service published in a test, at the present moment and with ids by chance. */
async function recorded(service = "user-auth"): Promise<Recording> {
  await using messaging = createTestMessaging({ service, logger: logBook() });
  onUserCreated(messaging, async ({ after_data }) => {
    await notifySuccess(messaging, { target_user_id: 7, title: "Welcome", message: after_data.email });
  });
  await messaging.start();
  await publishUserCreated(messaging, user);
  await publishUserCreated(messaging, user);
  await publishUserCreated(
    messaging,
    { ...user, entity_id: 8 },
    { correlationId: "00000000-0000-4000-8000-0000000000aa" },
  );
  await messaging.tell(validateToken, { token: "secret" });
  await messaging.settled();
  return messaging.record();
}

it("the same tests write the same file, and a changed one tells so", async () => {
  const path = join(folder, "contract/user-auth.json");
  expect(await writeRecording(path, [await recorded()])).toBe(true);
  const text = await readFile(path, "utf8");
  expect(await writeRecording(path, [await recorded(), await recorded()])).toBe(false);
  expect(await readFile(path, "utf8")).toBe(text);

  const { service, messages } = JSON.parse(text) as Recording;
  expect(service).toBe("user-auth");
  expect(messages.map(({ type }) => type)).toEqual([...["success", "user.created", "user.created", "validate_token"]]);
  const [welcome, first, second] = messages.map(({ message }) => message);
  expect(first).toMatchObject({ ...user, id: expect.stringMatching(/^0{8}-0000-4000-8000-0{10}/) });
  expect(first?.["timestamp"]).toBe("2000-01-01T00:00:01.000Z");
  expect(welcome?.["metadata"]).toEqual({ causation_id: first?.["id"] });
  expect(second?.["correlation_id"]).toMatch(/^0{8}-0000-4000-8000-0{10}/);
});

it("a consumer reads the messages of its catalogue, and replays them to its handlers", async () => {
  const path = join(folder, "replayed.json");
  await writeRecording(path, [await recorded()]);
  const recording = await readRecording(path, catalogue);
  expect(recording.of(userCreated).map(({ entity_id }) => entity_id)).toEqual([7, 8]);

  await using messaging = createTestMessaging({ service: "billing", logger: logBook(), environment: "staging" });
  const handled: unknown[] = [];
  onUserCreated(messaging, ({ entity_id }) => void handled.push(entity_id));
  await messaging.start();
  await messaging.replay(recording);
  await messaging.settled();
  expect(handled).toEqual([7, 8]);
});

it("a consumer with other messages leaves out what it does not know", async () => {
  const path = join(folder, "unknown.json");
  await writeRecording(path, [await recorded()]);
  const { messages } = await readRecording(path, { ...catalogue, messages: [userCreated] });
  expect(messages.map(({ type }) => type)).toEqual(["user.created", "user.created"]);
});

it("a message that the consumer cannot read is told with its place", async () => {
  const path = join(folder, "broken.json");
  const message = { ...(await recorded()).messages[0]?.message, after_data: { email: 7 } };
  await writeRecording(path, [{ service: "a", messages: [{ kind: "event", type: "user.created", message }] }]);
  await expect(readRecording(path, catalogue)).rejects.toMatchObject({
    code: "CONTRACT_VIOLATED",
    issues: [{ path: `${path}: messages[0].message.after_data.email` }],
  });
});

it.each(["", "[]", "null", '{"service": "a"}', '{"service": "a", "messages": [1]}'])(
  "a file that holds %j instead of a recording is told as one",
  async (text) => {
    const path = join(folder, "other.json");
    await writeFile(path, text);
    await expect(readRecording(path, catalogue)).rejects.toThrow(`${path} holds no recording`);
  },
);

it("recordings of two services need two files", async () => {
  const both = [await recorded("one"), await recorded("other")];
  await expect(writeRecording(join(folder, "both.json"), both)).rejects.toThrow("one and other: write a file for each");
});
