import { randomUUID } from "node:crypto";

import type { Handler, UserCreated } from "../../../../generated/index.js";
import type { World } from "../../../../runtime/testing/index.js";
import type { Bank, Outside } from "./bank.js";

type Start = (world: World<Bank, Outside>) => Handler<UserCreated>;

const idOf = ({ entity_id }: UserCreated): string => `user-${entity_id}`;

/** Handlers that do not bear at-least-once delivery, each for another reason. */
export const wrong: Readonly<Record<string, Start>> = {
  increments:
    ({ state }) =>
    async () =>
      await state.increment("ada", 10),
  "inserts without looking":
    ({ state }) =>
    async (event) =>
      await state.insert(idOf(event), 10),
  "calls outside, then notes that": ({ state, effects }) => {
    return async ({ id, after_data }) => {
      if (await state.isHandled(id)) return;
      await effects.sendMail(after_data.email);
      await state.note(id);
    };
  },
  "notes that, then calls outside": ({ state, effects }) => {
    return async ({ id, after_data }) => {
      if (await state.note(id)) await effects.sendMail(after_data.email, id);
    };
  },
  "remembers messages in memory": ({ state }) => {
    const seen = new Set<string>();
    return async ({ id }) => {
      if (seen.has(id)) return;
      seen.add(id);
      await state.increment("ada", 10);
    };
  },
  "looks outside the transaction that does the work": ({ state }) => {
    return async ({ id }) => {
      if (await state.isHandled(id)) return;
      await state.transaction(async (tx) => {
        await tx.increment("ada", 10);
        await tx.note(id);
      });
    };
  },
  "notes in memory what it is about to do": ({ state }) => {
    const seen = new Set<string>();
    return async (event) => {
      if (seen.has(event.id)) return;
      seen.add(event.id);
      await state.upsert(idOf(event), 10);
    };
  },
  "reads, adds and writes": ({ state }) => {
    return async () => {
      const member = await state.find("ada");
      await state.upsert("ada", (member?.points ?? 0) + 10);
    };
  },
  "swallows the error of a call": ({ effects }) => {
    return async ({ id, after_data }) => {
      await effects.sendMail(after_data.email, id).catch(() => undefined);
    };
  },
  "does not wait for a call": ({ effects }) => {
    return async ({ id, after_data }) => {
      void effects.sendMail(after_data.email, id);
    };
  },
  "takes each attempt for a message of its own": ({ state }) => {
    return async ({ id }, { attempt }) => {
      await state.transaction(async (tx) => {
        if (await tx.note(`${id}/${attempt}`)) await tx.increment("ada", 10);
      });
    };
  },
  "makes up a key at each attempt":
    ({ effects }) =>
    async () =>
      void (await effects.pay(10, randomUUID())),
  "writes the time of the attempt":
    ({ state }) =>
    async () =>
      await state.upsert("ada", Date.now()),
  "is left with half of a batch": ({ state }) => {
    return async ({ id }) => {
      if (!(await state.note(id))) return;
      await state.upsert("grace", 1);
      await state.upsert("edsger", 2);
    };
  },
  "looks a second time only at a redelivery": ({ state, effects }) => {
    return async ({ id, after_data }, { redelivered }) => {
      if (redelivered && (await state.isHandled(id))) return;
      await state.note(id);
      await effects.sendMail(after_data.email, id);
    };
  },
  "deletes from the outbox before it sends": ({ state, effects }) => {
    return async ({ id, after_data }) => {
      await state.transaction(async (tx) => {
        if (await tx.note(id)) await tx.queueMail(id, after_data.email);
      });
      for (const [key, to] of await state.queuedMails()) {
        await state.sent(key);
        await effects.sendMail(to, key);
      }
    };
  },
  "trusts an earlier process to end what it has begun": ({ state, effects }) => {
    return async ({ id, after_data }) => {
      if (!(await state.claim(id))) return;
      await effects.sendMail(after_data.email, id);
      await state.complete(id);
    };
  },
  "skips what was delivered before": ({ state }) => {
    return async (event, { redelivered }) => {
      if (!redelivered) await state.upsert(idOf(event), 10);
    };
  },
  "mails from inside its transaction": ({ state, effects }) => {
    return async ({ id, after_data }) => {
      await state.transaction(async (tx) => {
        if (await tx.note(id)) await effects.sendMail(after_data.email);
      });
    };
  },
};
