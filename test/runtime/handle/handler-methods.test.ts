import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as generated from "../../../generated/index.js";
import {
  type CommandHandlers,
  type EventHandlers,
  type MessageContext,
  publishUserCreated,
  publishUserLoggedOut,
  registerHandlers,
  sendValidateToken,
  type UserCreated,
  type UserLoggedOut,
  type ValidateToken,
  type ValidateTokenResult,
} from "../../../generated/index.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

class Base {
  readonly seen: string[] = [];

  onUserCreated(event: UserCreated, context: MessageContext): void {
    this.#note(`created ${event.entity_id} at attempt ${context.attempt}`);
  }

  #note(line: string): void {
    this.seen.push(line);
  }
}

class Audit extends Base implements Pick<EventHandlers & CommandHandlers, "onUserLoggedOut" | "handleValidateToken"> {
  #valid = true;

  readonly onUserLoggedOut = (event: UserLoggedOut): void => void this.seen.push(`logged out ${event.entity_id}`);

  handleValidateToken({ payload }: ValidateToken): ValidateTokenResult {
    return { valid: this.#valid && payload.token === "good" };
  }

  /** Named like a handler, and called by NestJS. */
  onModuleInit(): void {
    this.seen.push("initialised");
  }
}

describe("a class of handlers", () => {
  it("is registered by its method names, inherited and private parts included, bound to its object", async () => {
    await using messaging = createService(redis, { service: "user-auth-service" });
    const audit = new Audit();
    registerHandlers(messaging, audit);
    await messaging.start();
    await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });
    await publishUserLoggedOut(messaging, { entity_id: 2 });
    expect(await sendValidateToken(messaging, { token: "good" })).toEqual({ valid: true });
    expect(await sendValidateToken(messaging, { token: "bad" })).toEqual({ valid: false });
    await eventually(() => audit.seen.length === 2);
    expect(audit.seen.toSorted()).toEqual(["created 1 at attempt 1", "logged out 2"]);
  });

  it("without a single handler method is refused, by its name", () => {
    class Lunch {
      onLunch(): void {}
    }
    const messaging = createService(redis);
    const register = (): void => registerHandlers(messaging, new Lunch() as object);
    expect(register).toThrow(expect.objectContaining({ name: "ConfigError", code: "CONFIG_INVALID" }));
    expect(register).toThrow(/Lunch has no handler method/);
  });

  it("with a method for no message is refused, with the one that is meant, inherited ones included", () => {
    class Misspelt extends Audit {
      onUserCreatd(): void {}
      handleValidateTokens(): void {}
      onLunch(): void {}
      on(): void {}
      only(): void {}
    }
    const messaging = createService(redis);
    class Heir extends Misspelt {}
    const problemsOf = (handlers: object): unknown => {
      try {
        return registerHandlers(messaging, handlers);
      } catch (error) {
        return (error as { readonly problems?: unknown }).problems ?? error;
      }
    };
    expect(problemsOf(new Heir())).toEqual([
      "onUserCreatd() handles no message of this catalogue; did you mean onUserCreated?",
      "handleValidateTokens() handles no message of this catalogue; did you mean handleValidateToken?",
      "onLunch() handles no message of this catalogue",
    ]);
  });

  it("can be a plain object with a method for every message of the catalogue", () => {
    const names = Object.keys(generated).flatMap((name) =>
      /^on[A-Z]/.test(name) || /^handle[A-Z]/.test(name) ? [name] : [],
    );
    expect(names.length).toBe(generated.catalogue.messages.length);
    const registered: string[] = [];
    const recorder = {
      on: ({ type }: { type: string }) => void registered.push(type),
      handle: ({ type }: { type: string }) => void registered.push(type),
    };
    const handlers = Object.fromEntries(names.map((name) => [name, () => {}]));
    registerHandlers(recorder as unknown as Parameters<typeof registerHandlers>[0], handlers);
    expect(registered.toSorted()).toEqual(generated.catalogue.messages.map(({ type }) => type).toSorted());
  });
});
