import { describe, expect, it } from "vitest";
import {
  createMessaging,
  type ListenOptions,
  type PublishOptions,
  type StartOptions,
  userCreated,
  validateToken,
} from "../../../generated/index.js";
import { createService } from "../../support/service.js";

const user = { entity_id: 1, after_data: { email: "ada@example.com" } };

/** Options as a caller without types gives them. */
const wrong = (options: object): PublishOptions & ListenOptions & StartOptions => options;

describe("an option of a call that does not exist", () => {
  it("rejects the call before anything is sent, and names the one that is meant", async () => {
    await using messaging = createService({ url: "redis://127.0.0.1:1" });
    await expect(messaging.publish(userCreated, user, wrong({ onec: true }))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      problems: ["the option onec does not exist; did you mean once?"],
    });
    await expect(messaging.publishAll(userCreated, [user], wrong({ id: "1" }))).rejects.toThrow("the option id");
    await expect(messaging.tell(validateToken, { token: "a" }, wrong({ onse: 1 }))).rejects.toThrow(
      "did you mean once?",
    );
    await expect(messaging.send(validateToken, { token: "a" }, wrong({ timeout: 1 }))).rejects.toThrow(
      "the option timeout",
    );
    await expect(messaging.listen({ userId: 1 }, () => {}, wrong({ catchup: true }))).rejects.toThrow("mean catchUp?");
    await expect(messaging.start(wrong({ requireRedsi: true }))).rejects.toThrow("did you mean requireRedis?");
    expect(messaging.counts).toMatchObject({ connected: 0, publishFailed: 0 });
  });

  it("is no failure of publishing that is only reported", async () => {
    await using messaging = createMessaging({ service: "a", env: {}, onPublishFailure: "report" });
    const published = messaging.publish(userCreated, user, wrong({ onec: true }));
    await expect(published).rejects.toThrow("did you mean once?");
  });
});
