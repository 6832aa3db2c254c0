import { setImmediate } from "node:timers/promises";
import { expect } from "vitest";
import {
  handleValidateToken,
  type MessageContext,
  onUserCreated,
  onUserDeleted,
  publishUserCreated,
  publishUserDeleted,
  sendValidateToken,
  userCreated,
} from "../../generated/index.js";
import { partitionOf } from "../../runtime/broker/partition.js";
import { all, partitionsOf, user } from "./cast.js";
import type { Sentences, Service, Stage } from "./stage.js";

const OPTIONS = { leaseSeconds: 0.6, order: "entity" } as const;
const GROUP = "billing-workers";
const ENTITIES = 12;

interface Handled extends Pick<MessageContext, "stream" | "partition" | "fence" | "consumer" | "attempt"> {
  readonly entity: number;
  readonly sequence: number | undefined;
}

/** Has a member note what it handles. */
async function noting(member: Service, handled: Handled[]): Promise<Service> {
  onUserCreated(member, async ({ entity_id, user_id }, { stream, partition, fence, consumer, attempt }) => {
    await setImmediate();
    handled.push({ entity: entity_id, sequence: user_id, stream, partition, fence, consumer, attempt });
  });
  await member.start();
  return member;
}

/** Publishes one message of each entity, so many times. */
async function publish(sender: Service, from: number, rounds = 1): Promise<void> {
  for (let sequence = from; sequence < from + rounds; sequence++) {
    const list = Array.from({ length: ENTITIES }, (_, at) => user(at + 1, { user_id: sequence }));
    await sender.publishAll(userCreated, list);
  }
}

/** How many partitions each owner has, the fewest first. */
async function shares(stage: Stage): Promise<readonly number[]> {
  const owners = (await stage.partitions.list("events")).map(({ groups }) => groups[0]?.owner);
  const names = new Set(owners.filter((owner) => owner !== undefined));
  return [...names].map((name) => owners.filter((owner) => owner === name).length).sort();
}

async function untilShared(stage: Stage, expected: readonly number[]): Promise<void> {
  await stage.until(async () => `${await shares(stage)}` === `${expected}`, `shares of ${expected}`);
}

function expectOrder(handled: readonly Handled[], rounds: number): void {
  for (let entity = 1; entity <= ENTITIES; entity++) {
    const own = handled.filter((each) => each.entity === entity).map(({ sequence }) => sequence);
    expect(own).toEqual(Array.from({ length: rounds }, (_, at) => at + 1));
  }
}

export const partitions: Sentences = {
  "all messages of an entity are in the partition that its name chooses, and the handler knows which": async (
    stage,
  ) => {
    const { after } = await stage.partitions.set("events", 4);
    const handled: Handled[] = [];
    const billing = await noting(stage.service("billing"), handled);
    const list = Array.from({ length: 40 }, (_, at) => user((at % 20) + 1));
    const published = await billing.publishAll(userCreated, list);
    const places = list.map(({ entity_id }) => partitionOf(`user:${entity_id}`, 4));
    expect(published.map(({ stream }) => stream)).toEqual(places.map((place) => after.streams[place]));
    expect(new Set(places)).toEqual(new Set([0, 1, 2, 3]));
    await stage.until(() => handled.length === 40, "all of them");
    for (const { entity, stream, partition } of handled) {
      expect(partition).toBe(partitionOf(`user:${entity}`, 4));
      expect(stream).toBe(after.streams[partition as number]);
    }
  },

  "without partitions, a handler is told of none, and of no fence": async (stage) => {
    const handled: Handled[] = [];
    const billing = await noting(stage.service("billing"), handled);
    await publishUserCreated(billing, user(1));
    await stage.until(() => handled.length === 1, "the message");
    expect(handled[0]).toMatchObject({ partition: undefined, fence: undefined });
    const [only, ...others] = await stage.partitions.list("events");
    expect([only?.stream, only?.groups[0]?.owner, others]).toEqual([handled[0]?.stream, undefined, []]);
  },

  "the key of a publish chooses the partition": async (stage) => {
    const { after } = await stage.partitions.set("events", 4);
    const billing = stage.service("billing");
    for (const key of ["order 5", "order 6", "order 7", "Großkunde"]) {
      const { stream } = await publishUserCreated(billing, user(1), { key });
      expect(stream).toBe(after.streams[partitionOf(key, 4)]);
    }
  },

  "a message that is to be stored once is, within its key": async (stage) => {
    await stage.partitions.set("events", 4);
    const handled: Handled[] = [];
    const billing = await noting(stage.service("billing"), handled);
    const options = { id: "0c352b96-8628-4933-bfaf-959ce68e851e", once: true };
    const first = await publishUserCreated(billing, user(1), options);
    expect(await publishUserCreated(billing, user(1), options)).toEqual(first);
    await publishUserCreated(billing, user(1, { user_id: 2 }));
    await stage.until(() => handled.some(({ sequence }) => sequence === 2), "the last one");
    expect(handled).toHaveLength(2);
  },

  "each partition has one owner, and the shares of the members differ by one at most": async (stage) => {
    await stage.partitions.set("events", 4);
    const handled: Handled[] = [];
    for (const expected of [[4], [2, 2], [1, 1, 2]]) {
      await noting(stage.service("billing", OPTIONS), handled);
      await untilShared(stage, expected);
    }
    await publish(stage.service("web"), 1, 3);
    await stage.until(() => handled.length === 3 * ENTITIES, "all of them");
    for (const place of [0, 1, 2, 3]) {
      const owners = new Set(handled.filter(({ partition }) => partition === place).map(({ consumer }) => consumer));
      expect(owners.size).toBe(1);
    }
  },

  "the messages of an entity are handled in their order, each once, while members come and go": async (stage) => {
    await stage.partitions.set("events", 4);
    const handled: Handled[] = [];
    const sender = stage.service("web");
    const first = await noting(stage.service("billing", OPTIONS), handled);
    await publish(sender, 1, 3);
    await noting(stage.service("billing", OPTIONS), handled);
    await publish(sender, 4, 3);
    await untilShared(stage, [2, 2]);
    await publish(sender, 7, 3);
    const closing = first.close();
    await publish(sender, 10, 3);
    await closing;
    await untilShared(stage, [4]);
    await publish(sender, 13, 2);
    await stage.until(() => handled.length >= 14 * ENTITIES, "all of them");
    expectOrder(handled, 14);
    expect(new Set(handled.map(({ consumer }) => consumer)).size).toBe(2);
  },

  "a partition goes on to another member only when the handlers of its owner have ended": async (stage) => {
    await stage.partitions.set("events", 2);
    const steps: string[] = [];
    let end = (): void => {};
    const billing = (): Service => {
      const member = stage.service("billing", OPTIONS);
      onUserCreated(member, async ({ entity_id, user_id }) => {
        steps.push(`${entity_id}.${user_id} begins`);
        if (user_id === 1) {
          await new Promise<void>((resolve) => {
            end = resolve;
          });
        }
        steps.push(`${entity_id}.${user_id} ends`);
      });
      return member;
    };
    const first = billing();
    await first.start();
    await first.publishAll(userCreated, [user(1, { user_id: 1 }), user(1, { user_id: 2 })]);
    await stage.until(() => steps.length === 1, "the first message");
    const second = billing();
    await second.start();
    await stage.pass(1500);
    const closing = first.close();
    await stage.pass(50);
    expect(steps).toEqual(["1.1 begins"]);
    end();
    await closing;
    await stage.until(() => steps.length === 4, "the other message");
    expect(steps).toEqual(["1.1 begins", "1.1 ends", "1.2 begins", "1.2 ends"]);
  },

  "what a member held that crashed is handled by the next owner, in order, under a greater fence": async (stage) => {
    await stage.partitions.set("events", 2);
    const [handled, began] = [[] as Handled[], [] as MessageContext[]];
    const { service: first, crash } = await stage.mortal("billing", OPTIONS);
    onUserCreated(first, async (_event, context) => {
      began.push(context);
      await new Promise(() => {});
    });
    await first.start();
    const sender = stage.service("web");
    await sender.publishAll(
      userCreated,
      [1, 2, 3].map((sequence) => user(1, { user_id: sequence })),
    );
    await stage.until(() => began.length === 1, "the first attempt");
    crash();
    await noting(stage.service("billing", OPTIONS), handled);
    await publishUserCreated(sender, user(1, { user_id: 4 }));
    await stage.until(() => handled.length === 4, "all of them");
    expect(handled.map(({ sequence, attempt }) => [sequence, attempt])).toEqual([
      [1, 2],
      [2, 2],
      [3, 2],
      [4, 1],
    ]);
    for (const { fence } of handled) expect(fence).toBeGreaterThan(began[0]?.fence as number);
  },

  "the fence of a partition rises with each owner, and is the same for all that one owner handles": async (stage) => {
    await stage.partitions.set("events", 2);
    const [handled, sender] = [[] as Handled[], stage.service("web")];
    for (const round of [1, 2, 3]) {
      const member = await noting(stage.service("billing", OPTIONS), handled);
      await publish(sender, round);
      await stage.until(() => handled.length === round * ENTITIES, "all of them");
      await member.close();
    }
    for (const place of [0, 1]) {
      const own = handled.filter(({ partition }) => partition === place);
      const fences = [1, 2, 3].map(
        (round) => new Set(own.filter(({ sequence }) => sequence === round).map(({ fence }) => fence)),
      );
      expect(fences.map(({ size }) => size)).toEqual([1, 1, 1]);
      const [first, second, third] = fences.map((each) => [...each][0] as number) as [number, number, number];
      expect(second).toBeGreaterThan(first);
      expect(third).toBeGreaterThan(second);
    }
  },

  "who is no longer the owner of a partition settles nothing there: the message is handled again, under a greater fence":
    async (stage) => {
      await stage.partitions.set("events", 2);
      const handled: (readonly [sequence: number | undefined, fence: number | undefined, stream: string])[] = [];
      let end = (): void => {};
      const billing = stage.service("billing", OPTIONS);
      onUserCreated(billing, async ({ user_id }, { fence, stream }) => {
        handled.push([user_id, fence, stream]);
        if (handled.length > 1) return;
        await new Promise<void>((resolve) => {
          end = resolve;
        });
      });
      await billing.start();
      await publishUserCreated(billing, user(1, { user_id: 1 }));
      await stage.until(() => handled.length === 1, "the first attempt");
      const [[, first = 0, partition] = []] = handled;
      await stage.usurp(partition as string, GROUP);
      end();
      await stage.until(() => handled.length === 2, "the second attempt");
      await publishUserCreated(billing, user(1, { user_id: 2 }));
      await stage.until(() => handled.length === 3, "the next message");
      const [, [again, second = 0] = [], [next, third = 0] = []] = handled;
      expect([again, next]).toEqual([1, 2]);
      expect(second).toBeGreaterThan(first);
      expect(third).toBe(second);
    },

  "a message that fails is retried in its partition and holds up its entity, also with another owner": async (
    stage,
  ) => {
    await stage.partitions.set("events", 2);
    const handled: string[] = [];
    const places = new Set<string>();
    const billing = async (options = {}): Promise<Service> => {
      const member = stage.service("billing", { ...OPTIONS, retryDelaySeconds: 0.2, ...options });
      onUserCreated(member, ({ entity_id, user_id }, { attempt, stream }) => {
        if (entity_id === 1) places.add(stream);
        handled.push(`${entity_id}.${user_id} attempt ${attempt}`);
        if (user_id === 1 && attempt < 3) throw new Error("not yet");
      });
      await member.start();
      return member;
    };
    const first = await billing({ retryDelaySeconds: 60 });
    const list = [user(1, { user_id: 1 }), user(1, { user_id: 2 }), user(2, { user_id: 3 })];
    await first.publishAll(userCreated, list);
    await stage.until(() => handled.length === 2, "the first attempt");
    await first.close();
    await billing();
    await stage.until(() => handled.length === 5, "all of them");
    expect(handled.slice(0, 2).sort()).toEqual(["1.1 attempt 1", "2.3 attempt 1"]);
    expect(handled.slice(2)).toEqual(["1.1 attempt 2", "1.1 attempt 3", "1.2 attempt 1"]);
    expect(places.size).toBe(1);
  },

  "what fails for good is a dead letter of its partition, and is redriven there": async (stage) => {
    const { after } = await stage.partitions.set("events", 3);
    const handled: [number, string][] = [];
    let isMended = false;
    const billing = stage.service("billing", { ...OPTIONS, maxRetries: 0 });
    onUserCreated(billing, ({ entity_id }, { stream }) => {
      if (!isMended) throw new Error("never");
      handled.push([entity_id, stream]);
    });
    await billing.start();
    await publish(billing, 1);
    await stage.until(() => billing.counts.deadLettered === ENTITIES, "the dead letters");
    isMended = true;
    const letters: number[] = [];
    for (const place of await partitionsOf(stage, "events")) {
      letters.push((await all(stage.deadLetters.list(place))).length);
      await stage.deadLetters.redriveAll(place, { group: GROUP });
    }
    const places = Array.from({ length: ENTITIES }, (_, at) => partitionOf(`user:${at + 1}`, 3));
    expect(letters).toEqual([0, 1, 2].map((place) => places.filter((each) => each === place).length));
    await stage.until(() => handled.length === ENTITIES, "all of them");
    for (const [entity, stream] of handled) expect(stream).toBe(after.streams[places[entity - 1] as number]);
  },

  "a type that only some members handle comes to them, whoever owns its partition": async (stage) => {
    await stage.partitions.set("events", 3);
    const [created, deleted]: [Handled[], number[]] = [[], []];
    const first = await noting(stage.service("billing", OPTIONS), created);
    const other = stage.service("billing", OPTIONS);
    onUserDeleted(other, ({ entity_id }) => void deleted.push(entity_id));
    await other.start();
    await untilShared(stage, [1, 2]);
    for (let entity = 1; entity <= ENTITIES; entity++) await publishUserDeleted(first, { entity_id: entity });
    await publish(first, 1);
    await stage.until(() => deleted.length + created.length >= 2 * ENTITIES, "all of them");
    expect(deleted.toSorted((one, another) => one - another)).toEqual(
      Array.from({ length: ENTITIES }, (_, at) => at + 1),
    );
    expect(first.counts.skipped + other.counts.skipped).toBe(0);
  },

  "commands are answered from their partitions, by whoever owns them": async (stage) => {
    const { after } = await stage.partitions.set("commands", 3);
    const by = new Set<string>();
    for (const _ of [1, 2]) {
      const auth = stage.service("auth", OPTIONS);
      handleValidateToken(auth, ({ payload }, { stream }) => {
        by.add(stream);
        return { valid: payload.token === "secret" };
      });
      await auth.start();
    }
    const web = stage.service("web");
    const sent = Array.from({ length: 20 }, (_, at) =>
      sendValidateToken(web, { token: at % 2 === 0 ? "secret" : "x" }, { targetService: "auth", timeoutSeconds: 20 }),
    );
    let answers: readonly { readonly valid: boolean }[] | undefined;
    void Promise.all(sent).then((all) => {
      answers = all;
    });
    await stage.until(() => answers !== undefined, "the answers");
    expect(answers?.map(({ valid }) => valid)).toEqual(sent.map((_, at) => at % 2 === 0));
    expect(by).toEqual(new Set(after.streams));
  },

  "a pause of a group holds all partitions, and loses nothing": async (stage) => {
    await stage.partitions.set("events", 3);
    const handled: Handled[] = [];
    const billing = await noting(stage.service("billing", OPTIONS), handled);
    await untilShared(stage, [3]);
    await stage.groups.pause("events", GROUP);
    await stage.pass(1500);
    await publish(billing, 1, 2);
    await stage.pass(50);
    expect(handled).toEqual([]);
    await stage.groups.resume("events", GROUP);
    await stage.until(() => handled.length === 2 * ENTITIES, "all of them");
    expectOrder(handled, 2);
  },

  "a group begins in every partition with what is published from its start on": async (stage) => {
    await stage.partitions.set("events", 3);
    const [sender, handled] = [stage.service("web"), [] as Handled[]];
    await publish(sender, 1);
    // Where a group begins is known to within a round trip.
    await stage.pass(100);
    const billing = await noting(stage.service("billing", { ...OPTIONS, startFrom: "new" }), handled);
    await publish(sender, 2);
    await stage.until(() => handled.length === ENTITIES, "the second round");
    await billing.close();
    await publish(sender, 3);
    await noting(stage.service("billing", { ...OPTIONS, startFrom: "new" }), handled);
    await stage.until(() => handled.length === 2 * ENTITIES, "the third round");
    expect(handled.map(({ sequence }) => sequence)).toEqual([2, 3].flatMap((round) => Array(ENTITIES).fill(round)));
  },

  "the number of partitions is changed when nothing reads and nothing waits, or by force": async (stage) => {
    const handled: Handled[] = [];
    const billing = await noting(stage.service("billing", OPTIONS), handled);
    await expect(stage.partitions.set("events", 4)).rejects.toMatchObject({ code: "GROUP_IN_USE" });
    await billing.close();
    await stage.pass(1300);
    await publish(stage.service("web"), 1);
    const { hindrances } = await stage.partitions.plan("events", 4);
    expect(hindrances.map(({ kind }) => kind)).toEqual(["work"]);
    await expect(stage.partitions.set("events", 4)).rejects.toMatchObject({ code: "GROUP_IN_USE" });
    const { before, after } = await stage.partitions.set("events", 4, { force: true });
    expect([before.streams.length, after.streams.length, after.streams[0]]).toEqual([1, 4, before.streams[0]]);
    await noting(stage.service("billing", OPTIONS), handled);
    await stage.until(() => handled.length === ENTITIES, "what was published before");
    const wrong: readonly (readonly [string, number])[] = [
      ["notifications", 2],
      ["events:1", 2],
      ["events", 0],
      ["events", 1.5],
    ];
    for (const [stream, count] of wrong) {
      const attempt = async (): Promise<unknown> => stage.partitions.set(stream, count);
      await expect(attempt()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
  },

  "members that run read partitions that are added, and go on reading those that are removed until they are empty":
    async (stage) => {
      const { after: two } = await stage.partitions.set("events", 2);
      const handled: Handled[] = [];
      await noting(stage.service("billing", OPTIONS), handled);
      const { after: five } = await stage.partitions.set("events", 5, { force: true });
      expect(five.streams.slice(0, 2)).toEqual(two.streams);
      await publish(stage.service("web"), 1);
      const { after: one } = await stage.partitions.set("events", 1, { force: true });
      expect(one.retired).toEqual(five.streams.slice(1));
      // Members look for other partitions every ten seconds.
      await stage.pass(5000);
      await stage.until(() => handled.length === ENTITIES, "all of them");
      expect(new Set(handled.map(({ stream }) => stream))).toEqual(new Set(five.streams));
      await publish(stage.service("shop"), 2);
      await stage.until(() => handled.length === 2 * ENTITIES, "all of them");
      const later = handled.filter(({ sequence }) => sequence === 2);
      expect(new Set(later.map(({ stream }) => stream))).toEqual(new Set(one.streams));
    },
};
