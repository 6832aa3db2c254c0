import { describe, expectTypeOf, it } from "vitest";
import { type Handler, type UserCreated, userCreated, validateToken } from "../../generated/index.js";
import {
  assertPublished,
  createTestMessaging,
  exampleUserCreated,
  memoryState,
  survives,
} from "../../generated/testing.js";

const messaging = createTestMessaging({ service: "billing" });

describe("a test", () => {
  it("has typed messages", () => {
    expectTypeOf(messaging.published(userCreated)).toEqualTypeOf<readonly UserCreated[]>();
    expectTypeOf(
      assertPublished(messaging, userCreated, { after_data: { email: "a@b.c" } }),
    ).toEqualTypeOf<UserCreated>();
  });

  it("does not compile with a misspelt property, or a command that is to be published", () => {
    // @ts-expect-error: emial
    assertPublished(messaging, userCreated, { after_data: { emial: "a@b.c" } });
    // @ts-expect-error: commands are sent
    messaging.published(validateToken);
  });

  it("has the state, the effects and the message of a handler without naming types", () => {
    const state = () =>
      memoryState({ ids: new Set<string>() }, (data) => ({ add: async (id: string) => void data.ids.add(id) }));
    const effects = { send: async (to: string, key: string) => to.length + key.length };
    const run = () =>
      survives(
        (world) => async (event, context) => {
          expectTypeOf(event).toEqualTypeOf<UserCreated>();
          expectTypeOf(context.messageId).toEqualTypeOf<string | undefined>();
          expectTypeOf(world.effects.send).toEqualTypeOf(effects.send);
          await world.state.transaction(async (tx) => tx.add(event.id));
        },
        exampleUserCreated(),
        { state, effects, keys: { send: (_to, key) => expectTypeOf(key).toEqualTypeOf<string>() } },
      );
    // @ts-expect-error: a key of no effect
    const misspelt = () => survives(() => () => {}, exampleUserCreated(), { effects, keys: { sned: () => 1 } });
    expectTypeOf(run).not.toEqualTypeOf(misspelt as unknown as Handler<UserCreated>);
  });
});
