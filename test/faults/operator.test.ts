import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type UserCreated, userCreated } from "../../generated/index.js";
import { ConnectionError, MessagingError } from "../../runtime/index.js";
import { Operations, readLetter } from "../../runtime/operations/index.js";
import { bundleOf } from "../support/program-bundle.js";
import { runs } from "../support/runs.js";
import { Chance, chaos } from "./chaos.js";
import { eventually } from "./patience.js";
import { soaking } from "./scale.js";
import type { ServiceProcess } from "./service-process.js";
import { groupOf, type Part, Stage } from "./stage.js";

const STREAM = "events";
const TYPE = "user.created";
const ENTITIES = 20;
const MAX_RETRIES = 2;
/** Handles in any order, fails often: it has dead letters. Each attempt may succeed, so redriving ends. */
const LOOSE = {
  behaviours: [
    { do: "throw", every: 5, rate: 0.6 },
    { do: "wait", ms: 3 },
  ],
  settings: { maxRetries: MAX_RETRIES, concurrency: 10, retryDelaySeconds: 0.3 },
} as const satisfies Part;
/** One process at a time, so that the order of each entity holds for all messages. */
const ORDERED = {
  behaviours: [
    { do: "throw", every: 17, attempts: 1 },
    { do: "wait", ms: 3 },
  ],
  settings: { order: "entity", maxRetries: 1000, concurrency: 20, retryDelaySeconds: 0.1 },
} as const satisfies Part;
/** Is retired, and created again by its next member. */
const BRIEF = { settings: { maxRetries: 1000, concurrency: 5 } } as const satisfies Part;
const SERVICES = ["billing", "audit", "brief"] as const;
const LASTING = ["billing", "audit"] as const;

const { numRuns, seed: firstSeed } = runs(soaking ? 4 : 0);
const SECONDS = Number(process.env["CHAOS_SECONDS"] ?? 60);
/** A checkout of an older release with its node_modules, half of the members are of it (RUNS=4 OLDER_RELEASE=…). */
const OLDER = process.env["OLDER_RELEASE"];
const seeds = Array.from({ length: numRuns }, (_, at) => firstSeed + at);

describe.skipIf(numRuns === 0)("an operator who acts while everything fails", () => {
  it.each(seeds.length > 0 ? seeds : [0])(
    "loses no message, no order and no attempt (seed %i)",
    async (seed) => {
      await using stage = await Stage.open({ persistent: true });
      const { ledger, client, redis } = stage;
      for (const service of SERVICES) ledger.follow(groupOf(service));
      // Each of the two who act at the same time has choices of its own.
      const [chance, fate] = [new Chance(seed), new Chance(seed + 1000)];
      await using operations = new Operations({
        redis: { url: redis.url, socketTimeoutSeconds: 2 },
        env: {},
        leaseSeconds: 2,
      });
      const { groups, deadLetters } = operations;
      const parts = { billing: LOOSE, audit: ORDERED, brief: BRIEF };
      const crews: Record<(typeof SERVICES)[number], ServiceProcess[]> = { billing: [], audit: [], brief: [] };
      const older = OLDER === undefined ? undefined : await bundleOf(`${OLDER}/test/faults/service.ts`);
      let olderOnes = 0;
      const spawn = async (service: (typeof SERVICES)[number]): Promise<void> => {
        const isOlder = older !== undefined && chance.next() < 0.5;
        if (isOlder) olderOnes++;
        crews[service].push(await stage.spawn(service, parts[service], isOlder ? { program: older } : {}));
      };
      await Promise.all([spawn("billing"), spawn("billing"), spawn("audit"), spawn("brief")]);
      /** From this message on, the group that is retired was not retired any more. */
      let briefSince = 1;
      let kills = 0;
      /** What died, by letter: how many errors it has. */
      const letters = new Map<string, { readonly serial: number; readonly errors: number; readonly reason: string }>();
      const noteLetters = async (): Promise<void> => {
        for await (const { id, errors, reason, original } of deadLetters.list(STREAM, { group: groupOf("billing") })) {
          const serial = Number(/"serial":(\d+)/.exec(original.join())?.[1]);
          letters.set(id, { serial, errors: errors.length, reason });
        }
      };
      const end = async (service: (typeof SERVICES)[number], how: "SIGKILL" | "SIGTERM"): Promise<void> => {
        const victim = crews[service].shift();
        if (victim === undefined) return;
        kills++;
        if (how === "SIGKILL") await victim.kill();
        else {
          ledger.note(`closes ${victim.by}`);
          victim.child.kill(how);
          await victim.child.exited;
        }
      };
      const replace = async (how: "SIGKILL" | "SIGTERM"): Promise<void> => {
        const service = fate.of(LASTING);
        await end(service, how);
        await spawn(service);
      };
      const place = (group = groupOf(chance.of(SERVICES))): readonly [string, string] => {
        ledger.note(`(of ${group})`);
        return [STREAM, group];
      };
      const openLetters = async () => {
        const open = [];
        for await (const letter of deadLetters.list(STREAM, { group: groupOf("billing"), state: "open" }))
          open.push(letter);
        return open;
      };

      // One after another, so that what is refused and tried again keeps its place.
      const stopPublishing = stage.publishAlways(2, { entities: ENTITIES, once: true });
      const options = {
        chance,
        ms: SECONDS * 1000,
        pauseMs: [20, 700],
        tell: (text: string) => ledger.note(text),
        mayFail: (error: unknown) => error instanceof ConnectionError || error instanceof MessagingError,
      } as const;
      const faults = chaos(
        {
          kill: [4, () => replace("SIGKILL")],
          close: [2, () => replace("SIGTERM")],
          freeze: [2, async () => fate.of(crews[fate.of(LASTING)])?.freeze(fate.between(200, 3500))],
          redis: [
            1,
            async () => {
              await redis.kill();
              await sleep(fate.between(0, 1500));
              await redis.restart();
            },
          ],
        },
        { ...options, chance: fate },
      );
      const acts = chaos(
        {
          pause: [3, () => groups.pause(...place(), { forSeconds: chance.between(0.5, 3) })],
          pauseForGood: [2, () => groups.pause(...place())],
          pauseType: [3, () => groups.pause(...place(), { type: TYPE, forSeconds: chance.between(0.5, 3) })],
          pauseTypeForGood: [2, () => groups.pause(...place(), { type: TYPE })],
          resume: [5, () => groups.resume(...place())],
          resumeType: [3, () => groups.resume(...place(), { type: TYPE })],
          retryNow: [3, () => groups.retryNow(...place())],
          redriveCause: [
            4,
            async () => {
              await noteLetters();
              const { causes } = await deadLetters.causes(STREAM);
              if (causes.length > 0) await deadLetters.redriveAll(STREAM, { cause: chance.of(causes).id });
            },
          ],
          redriveEdited: [
            4,
            async () => {
              const [letter] = await openLetters();
              if (letter === undefined) return;
              const message = readLetter(letter, [userCreated]).message as unknown as UserCreated;
              const metadata = { ...message.metadata, edited: true };
              await deadLetters.redriveEdited(userCreated, letter.id, { ...message, metadata });
            },
          ],
          purge: [
            2,
            async () => {
              await noteLetters();
              for await (const _ of deadLetters.purge(STREAM, { settled: true }));
            },
          ],
          retire: [
            2,
            async () => {
              while (crews.brief.length > 0) await end("brief", chance.of(["SIGKILL", "SIGTERM"]));
              await groups.resume(STREAM, groupOf("brief")).catch(() => {});
              await eventually(
                () =>
                  groups.retire(STREAM, groupOf("brief"), { force: true, deadLetters: "discard" }).then(
                    () => true,
                    () => false,
                  ),
                Boolean,
                { everyMs: 200 },
              );
              await spawn("brief");
              // The next one may be stored already.
              briefSince = ledger.count.published + 2;
            },
          ],
        },
        options,
      );
      const told = { ...(await faults), ...(await acts) };
      await stopPublishing();
      for (const service of SERVICES) if (crews[service].length === 0) await spawn(service);

      // A pause that has an end is over by now, also if Redis was killed meanwhile.
      await sleep(3100);
      const paused = (await groups.paused(STREAM)).flatMap(({ pauses }) => pauses);
      expect(paused.filter(({ until }) => until !== undefined)).toEqual([]);
      // Whatever waits for its members alone must end by itself, but for what an operator has paused for good.
      for (const service of SERVICES) await groups.resume(STREAM, groupOf(service));
      expect(await groups.paused(STREAM)).toEqual([]);
      const left = async (): Promise<unknown[]> => {
        await noteLetters();
        await deadLetters.redriveAll(STREAM, {});
        const pending: unknown[] = [];
        for (const service of SERVICES) {
          for (const stream of [STREAM, `{events}:redrive:${groupOf(service)}`]) {
            const info = (await client.xinfo("GROUPS", stream).catch(() => [])) as unknown[][];
            const own = info.find((each) => each[1] === groupOf(service));
            if (own === undefined) continue;
            const work = { pending: own[own.indexOf("pending") + 1], lag: own[own.indexOf("lag") + 1] };
            if (work.pending !== 0 || work.lag !== 0) pending.push({ stream, service, ...work });
          }
        }
        const open = await openLetters();
        const lost = LASTING.flatMap((service) => stage.account(service).lost);
        const keys = await client.keys("{events}:*");
        const remains = keys.filter((key) => /:(retry|errors|handover|held|paused)(:|$)/.test(key));
        return [...pending, ...open.map(({ id }) => id), ...lost, ...remains];
      };
      await eventually(left, (each) => each.length === 0, { withinMs: 120_000, everyMs: 500, what: "nothing left" });

      const attempts = [...letters.values()];
      const early = attempts.filter(({ errors, reason }) => reason === "Error" && errors !== MAX_RETRIES + 1);
      const bySerial = new Map<number, typeof attempts>();
      for (const each of attempts) bySerial.set(each.serial, [...(bySerial.get(each.serial) ?? []), each]);
      // A letter of a run takes each of its attempts.
      const unpaid = [...bySerial].filter(
        ([serial, all]) =>
          ledger.failed(groupOf("billing"), serial) <
          all.filter(({ reason }) => reason === "Error").length * (MAX_RETRIES + 1),
      );
      const { inversions, overlaps } = ledger.course(groupOf("audit"), (serial) => 1 + (serial % ENTITIES));
      const missed = stage.account("brief").lost.filter((serial) => serial >= briefSince);
      const summary = {
        seed,
        published: ledger.count,
        kills,
        olderOnes,
        letters: attempts.length,
        poisonous: attempts.filter(({ reason }) => reason !== "Error").length,
        handled: SERVICES.map((service) => stage.account(service).handled),
        duplicates: SERVICES.map((service) => stage.account(service).duplicates.length),
        ...told,
      };
      console.log(JSON.stringify(summary));
      const wrong = { early, unpaid, missed, inversions, overlaps };
      expect(wrong).toEqual({ early: [], unpaid: [], missed: [], inversions: [], overlaps: [] });
    },
    (SECONDS + 240) * 1000,
  );
});
