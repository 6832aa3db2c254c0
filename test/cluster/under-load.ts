import { expect } from "vitest";
import { handleCreateUser, MessagingError, sendCreateUser } from "../../generated/index.js";
import { SWIFT } from "../faults/member.js";
import { eventually } from "../faults/patience.js";
import { createService } from "../support/service.js";
import { type Installation, SharedStage } from "./stage.js";

/** Asks a service all the time, and remembers what became of each command. */
async function askAlways({ address, client }: SharedStage) {
  const redis = { ...SWIFT.redis, ...address };
  const answering = createService({}, { ...SWIFT, service: "user-auth-service", redis });
  handleCreateUser(answering, ({ payload }) => ({ user_id: Number(payload.first_name) }));
  await answering.start();
  const asking = createService({}, { service: "api-gateway", redis });
  const wrong: string[] = [];
  let [answered, going] = [0, true];
  const lane = async (): Promise<void> => {
    for (let number = 1; going; number++) {
      try {
        const answer = await sendCreateUser(
          asking,
          { email: "a@b.cd", first_name: `${number}` },
          { timeoutSeconds: 60 },
        );
        if (answer.user_id !== number) wrong.push(`${number} was answered by ${answer.user_id}`);
        answered++;
      } catch (error) {
        // What was not sent, or perhaps, may be asked again. What was sent has an answer.
        const code = error instanceof MessagingError ? error.code : String(error);
        if (!["PUBLISH_FAILED", "PUBLISH_UNCERTAIN", "REDIS_UNAVAILABLE"].includes(code))
          wrong.push(`${number}: ${String(error)}`);
      }
    }
  };
  const lanes = Array.from({ length: 5 }, lane);
  return {
    async goesOn() {
      const before = answered;
      await eventually(() => answered > before + 20, Boolean, { what: "commands answered" });
    },
    async end() {
      going = false;
      await Promise.all(lanes);
      await Promise.all([asking.close(), answering.close()]);
      return { wrong, buried: await client.xlen("{commands}:dead") };
    },
  };
}

/**
 * Two consumers and a publisher in processes of their own, and commands that are asked and answered, while something
 * happens to the servers. Afterwards all of it goes on; nothing was lost, nothing came twice without a cause, and what the
 * publisher published stands in its order.
 */
export async function bearsUnderLoad(
  installation: Installation,
  name: string,
  fault: (stage: SharedStage) => Promise<unknown>,
): Promise<void> {
  await using stage = await SharedStage.on(installation);
  await Promise.all([1, 2].map(() => stage.spawn("billing")));
  await using publisher = await stage.startPublisher();
  const commands = await askAlways(stage);
  await Promise.all([publisher.stores(200), commands.goesOn()]);

  const from = Date.now();
  await fault(stage);

  await Promise.all([publisher.stores(200), commands.goesOn()]);
  stage.ledger.blame({ name, from, until: Date.now() });
  await publisher.stop();
  expect(await commands.end()).toEqual({ wrong: [], buried: 0 });
  await stage.handledAll(["billing"]);
  await stage.settled("billing");
  const { lost, unknown, unexplained } = stage.account("billing");
  expect({ lost, unknown, unexplained }).toEqual({ lost: [], unknown: [], unexplained: [] });
  expect(publisher.refused).toEqual([]);
  expect(publisher.disorder(await stage.stream())).toEqual([]);
  expect(await stage.deadLetters()).toEqual([]);
}
