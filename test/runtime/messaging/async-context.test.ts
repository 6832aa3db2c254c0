import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, it } from "vitest";
import {
  currentCorrelation,
  handleValidateToken,
  type Interceptor,
  type Messaging,
  type MessagingOptions,
  notifySuccess,
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  publishUserUpdated,
  RetryAfter,
  sendValidateToken,
  subscribeNotifications,
  UnrecoverableError,
  type UserCreated,
  userCreated,
} from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { Operations } from "../../../runtime/operations/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const group = "test-service-workers";
const after_data = { email: "ada@example.com" };

/** A storage of the service, such as those of tracing and tenancy libraries. */
const tenant = new AsyncLocalStorage<string>();

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** What a handler finds in the storages, as `<work>: <tenant>, <correlation>`; and what it leaves there. */
class Witness {
  readonly seen: string[] = [];
  readonly look = async (work: unknown): Promise<void> => {
    this.seen.push(`${work}: ${tenant.getStore()}, ${currentCorrelation()?.correlationId}`);
    tenant.enterWith(`left by ${work}`);
    await new Promise((resolve) => setImmediate(resolve));
    // Its own context stays with it.
    if (tenant.getStore() !== `left by ${work}`) this.seen.push(`${work} lost what it had entered`);
  };

  async saw(...works: readonly unknown[]): Promise<void> {
    await eventually(() => this.seen.length >= works.length);
    expect(this.seen).toEqual(works.map((work) => `${work}: undefined, request ${work}`));
  }
}

/** A service that is made, given its handlers and started by three different requests. */
async function startIn(register: (messaging: Messaging) => void, options: MessagingOptions = {}): Promise<Messaging> {
  const messaging = tenant.run("its maker", () => createService(redis, options));
  tenant.run("its registrar", () => register(messaging));
  await tenant.run("its starter", () => messaging.start());
  return messaging;
}

const publish = (messaging: Messaging, id: number): Promise<unknown> =>
  tenant.run(`publisher ${id}`, () =>
    publishUserCreated(messaging, { entity_id: id, after_data }, { correlationId: `request ${id}` }),
  );

/** Cuts every connection but the test's own; resolves when they are gone. */
async function cutAll(): Promise<void> {
  await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
}

describe.each(["none", "entity"] as const)("a handler, in the order %s,", (order) => {
  it("runs in no context but its own, whoever started, published, connected or was handled before", async () => {
    const witness = new Witness();
    await using messaging = await startIn((it) => onUserCreated(it, ({ entity_id }) => witness.look(entity_id)), {
      order,
    });
    await publish(messaging, 1);
    await witness.saw(1);
    await Promise.all([2, 3, 4].map((id) => publish(messaging, id)));
    await witness.saw(1, 2, 3, 4);
    await cutAll();
    await eventually(() => publish(messaging, 5));
    await witness.saw(1, 2, 3, 4, 5);
  });

  it("runs so at each of its retries", async () => {
    const witness = new Witness();
    const register = (it: Messaging): void =>
      onUserCreated(it, async ({ entity_id }, { attempt }) => {
        await witness.look(entity_id);
        if (attempt === 1) throw new Error("a first failure");
        if (attempt === 2) throw new RetryAfter(0.01);
      });
    await using messaging = await startIn(register, { order, retryDelaySeconds: 0.01 });
    await publish(messaging, 1);
    await witness.saw(1, 1, 1);
  });

  it("runs so for what was taken over from another consumer, and for what is redriven", async () => {
    const witness = new Witness();
    let isBroken = true;
    const register = (it: Messaging): void =>
      onUserCreated(it, async ({ entity_id }) => {
        await witness.look(entity_id);
        if (isBroken) throw new UnrecoverableError("broken");
      });
    for (const id of [1, 2]) {
      const event = exampleUserCreated({ entity_id: id, correlation_id: `request ${id}` });
      await admin.xadd("events", "*", ...contractOf(userCreated).write({ ...event }, "fields"));
    }
    await admin.xgroup("CREATE", "events", group, "0");
    await admin.xreadgroup("GROUP", group, "another", "STREAMS", "events", ">");
    await using messaging = await startIn(register, {
      order,
      leaseSeconds: 0.2,
      foreignIdleSeconds: 0.05,
    });
    await witness.saw(1, 2);
    await eventually(() => messaging.counts.deadLettered === 2);
    expect(messaging.counts.recovered).toBe(1);

    isBroken = false;
    await using operations = new Operations({ env: {}, redis: { url: redis.url } });
    for await (const { id } of operations.deadLetters.list("events")) {
      await tenant.run("an operator", () => operations.deadLetters.redrive("events", id, { by: "ada" }));
      await eventually(() => messaging.counts.handled > 0);
      break;
    }
    await eventually(() => witness.seen.length === 3);
    expect(witness.seen[2]).toMatch(/^[12]: undefined, request [12]$/);
  });
});

describe("a handler", () => {
  it("of a command runs in no context but its own, and its answer arrives in the one of its sender", async () => {
    const witness = new Witness();
    const register = (it: Messaging): void =>
      handleValidateToken(it, async ({ payload }) => {
        await witness.look(payload.token);
        return { valid: true };
      });
    await using _answering = await startIn(register, { service: "user-auth-service" });
    await using asker = createService(redis, { service: "asker" });
    for (const token of ["1", "2"]) {
      await tenant.run(`sender ${token}`, async () => {
        await sendValidateToken(asker, { token }, { correlationId: `request ${token}` });
        expect(tenant.getStore()).toBe(`sender ${token}`);
      });
      await cutAll();
    }
    await witness.saw("1", "2");
  });

  it("does not see what another of the same message has entered, nor does a filter", async () => {
    const witness = new Witness();
    const where = ({ entity_id }: UserCreated): boolean => {
      void witness.look(entity_id);
      return true;
    };
    const register = (it: Messaging): void => {
      onUserCreated(it, ({ entity_id }) => void witness.look(entity_id), { where });
      onUserCreated(it, ({ entity_id }) => witness.look(entity_id), { where });
      onUserCreated(it, ({ entity_id }) => witness.look(entity_id), { where });
    };
    await using messaging = await startIn(register);
    await publish(messaging, 1);
    await eventually(() => messaging.counts.handled === 1);
    await witness.saw(1, 1, 1, 1, 1, 1);
  });

  it("sees what an interceptor has entered around it", async () => {
    const seen: unknown[] = [];
    const tracing: Interceptor = (call, next) =>
      call.operation === "handle" ? tenant.run(`around ${call.descriptor.type}`, next) : next();
    const register = (it: Messaging): void => {
      for (const name of ["first", "second"]) {
        onUserCreated(it, async () => {
          seen.push([name, tenant.getStore(), currentCorrelation()?.correlationId]);
          tenant.enterWith(`left by ${name}`);
        });
      }
    };
    await using messaging = await startIn(register, { interceptors: [tracing] });
    await publish(messaging, 1);
    await eventually(() => messaging.counts.handled === 1);
    const around = ["around user.created", "request 1"];
    expect(seen).toEqual([
      ["first", ...around],
      ["second", ...around],
    ]);
  });

  it("hears in its own message's context that it has used up its time, or that the process ends", async () => {
    const witness = new Witness();
    const register = (it: Messaging): void => {
      onUserCreated(it, ({ entity_id }, { signal }) => {
        const given = new Promise((resolve) => signal.addEventListener("abort", resolve));
        signal.addEventListener("abort", () => void witness.look(entity_id));
        return given;
      });
      onUserUpdated(it, () => {});
    };
    const messaging = await startIn(register, { handlerTimeoutSeconds: 0.1, maxRetries: 0, drainTimeoutSeconds: 0 });
    await publishUserUpdated(messaging, { entity_id: 9, after_data, changes: {} });
    await publish(messaging, 1);
    await witness.saw(1);
    await messaging.close();

    const ending = await startIn(register, { drainTimeoutSeconds: 0 });
    await publish(ending, 2);
    await eventually(async () => ((await admin.xpending("events", group)) as [number])[0] === 1);
    await tenant.run("its ender", () => ending.close());
    await witness.saw(1, 2);
  });
});

describe("a listener", () => {
  it("runs in no context but its own, whoever listened first, published, or listened before", async () => {
    const witness = new Witness();
    await using messaging = createService(redis);
    const notify = (id: number): Promise<unknown> =>
      tenant.run(`publisher ${id}`, () =>
        notifySuccess(
          messaging,
          { title: `${id}`, message: "text", target_user_id: 1 },
          { correlationId: `request ${id}` },
        ),
      );
    await notify(1);
    for (const screen of [1, 2]) {
      await tenant.run(`screen ${screen}`, () =>
        subscribeNotifications(messaging, { userId: 1 }, ({ title }) => witness.look(title), { since: "0-0" }),
      );
    }
    await notify(2);
    await witness.saw(1, 1, 2, 2);
    await cutAll();
    await eventually(async () => ((await admin.pubsub("CHANNELS")) as string[]).length === 1);
    await eventually(() => notify(3));
    await witness.saw(1, 1, 2, 2, 3, 3);
  });
});
