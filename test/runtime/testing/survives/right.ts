import type { Handler, UserCreated } from "../../../../generated/index.js";
import type { World } from "../../../../runtime/testing/index.js";
import { type Bank, type Outside, UniqueViolation } from "./bank.js";

type Start = (world: World<Bank, Outside>) => Handler<UserCreated>;

const idOf = ({ entity_id }: UserCreated): string => `user-${entity_id}`;

/** Handlers that bear at-least-once delivery, each in another way. */
export const right: Readonly<Record<string, Start>> = {
  "has an inbox in the transaction of its work": ({ state }) => {
    return async ({ id }) => {
      await state.transaction(async (tx) => {
        if (await tx.note(id)) await tx.increment("ada", 10);
      });
    };
  },
  "has an inbox whose row is the last of the transaction": ({ state }) => {
    return async ({ id }) => {
      await state.transaction(async (tx) => {
        if (await tx.isHandled(id)) return;
        await tx.increment("ada", 10);
        await tx.note(id);
      });
    };
  },
  "writes the same row whenever it runs":
    ({ state }) =>
    async (event) =>
      await state.upsert(idOf(event), 10),
  "passes an idempotency key": ({ effects }) => {
    return async (event) => await effects.sendMail(event.after_data.email, event.id);
  },
  "passes an idempotency key and stores the reply under it": ({ state, effects }) => {
    return async ({ id }) => {
      const { receipt } = await effects.pay(10, id);
      await state.upsert(receipt, 10);
    };
  },
  "takes a violated unique constraint for done": ({ state }) => {
    return async (event) => {
      try {
        await state.insert(idOf(event), 10);
      } catch (error) {
        if (!(error instanceof UniqueViolation)) throw error;
      }
    };
  },
  "compares the version that it has read, and notes the message with the write": ({ state }) => {
    return async () => {
      const member = await state.find("ada");
      if (member?.version === 1) await state.update("ada", member.points + 10, 1);
    };
  },
  "adds to a set":
    ({ state }) =>
    async ({ id }) =>
      void (await state.note(id)),
  "sets an absolute value": ({ state }) => {
    return async () => {
      await state.upsert("ada", 15);
      await state.upsert("grace", 3);
    };
  },
  "updates under a condition that holds once":
    ({ state }) =>
    async () =>
      void (await state.update("ada", 15, 1)),
  "writes an outbox in its transaction, whose mails have keys": ({ state, effects }) => {
    return async ({ id, after_data }) => {
      await state.transaction(async (tx) => {
        if (!(await tx.note(id))) return;
        await tx.increment("ada", 10);
        await tx.queueMail(id, after_data.email);
      });
      for (const [key, to] of await state.queuedMails()) {
        await effects.sendMail(to, key);
        await state.sent(key);
      }
    };
  },
  "calls outside with a key before it notes that": ({ state, effects }) => {
    return async ({ id, after_data }) => {
      if (await state.isHandled(id)) return;
      await effects.sendMail(after_data.email, id);
      await state.note(id);
    };
  },
  "remembers messages in memory only to save work": ({ state }) => {
    const seen = new Set<string>();
    return async (event) => {
      if (seen.has(event.id)) return;
      await state.upsert(idOf(event), 10);
      seen.add(event.id);
    };
  },
  "does independent work at once, each part with a key": ({ state, effects }) => {
    return async (event) => {
      await Promise.all([state.upsert(idOf(event), 10), effects.sendMail(event.after_data.email, event.id)]);
    };
  },
  "tries a call again by itself, with the same key": ({ effects }) => {
    return async ({ id }) => {
      await effects.pay(10, id).catch(() => effects.pay(10, id));
    };
  },
};
