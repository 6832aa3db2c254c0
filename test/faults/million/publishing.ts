import { setTimeout as sleep } from "node:timers/promises";
import {
  type Messaging,
  MessagingError,
  type PublishOptions,
  publishUserCreated,
  type Settings,
} from "../../../generated/index.js";
import { partitionOf } from "../../../runtime/broker/partition.js";
import { createService } from "../../support/service.js";

/** What was confirmed so long ago is on every replica. */
const AGAIN_MS = 30_000;

export interface PublishingPlan {
  readonly settings: Settings;
  /** The partitions; one stream where there are none. */
  readonly streams: readonly string[];
  readonly messages: number;
  readonly entities: number;
  readonly options: Pick<PublishOptions, "once" | "durability">;
  /** Resolves when a partition has room for more messages. */
  readonly room: (stream: string) => Promise<void>;
  readonly isOver: () => boolean;
  /** Another node serves a stream. */
  readonly moved: (stream: string) => void;
}

interface Confirmed {
  readonly serial: number;
  readonly entryId: string;
  readonly at: number;
}

/**
 * Publishes the messages 1 to n. Those of an entity have serial numbers that are equal modulo the number of entities, and
 * one is published when the one before it is confirmed. So each partition goes on by itself, and each entity has its order.
 */
export class Publishing {
  readonly #plan: PublishingPlan;
  readonly #messaging: Messaging;
  readonly #recent = new Map<string, Confirmed[]>();
  /** By partition, that what it lost is published again. */
  readonly #restoring = new Map<string, Promise<void>>();
  /** What rejected, by its code. Each was published again. */
  readonly rejected: Record<string, number> = {};
  /** How often a stream had lost its end. */
  losses = 0;
  /** Confirmed, and not in its stream when it was published again. */
  undone = 0;
  published = 0;

  constructor(plan: PublishingPlan) {
    this.#plan = plan;
    this.#messaging = createService(
      {},
      {
        ...plan.settings,
        service: "publisher",
        hooks: {
          failedOver: ({ stream }) => plan.moved(stream),
          historyLost: ({ stream }) => {
            this.losses++;
            const before = this.#restoring.get(stream) ?? Promise.resolve();
            this.#restoring.set(
              stream,
              before.then(() => this.#publishAgain(stream)),
            );
          },
        },
      },
    );
  }

  streamOf(serial: number): string {
    const { streams, entities } = this.#plan;
    return streams[partitionOf(`user:${1 + (serial % entities)}`, streams.length)] as string;
  }

  /** Resolves when each message is confirmed, or the time is up. */
  async run(): Promise<void> {
    const byStream = new Map<string, number[]>(this.#plan.streams.map((stream) => [stream, []]));
    for (let first = 1; first <= this.#plan.entities; first++) byStream.get(this.streamOf(first))?.push(first);
    await Promise.all([...byStream].map(([stream, firsts]) => this.#lane(stream, firsts)));
    await Promise.all(this.#restoring.values());
  }

  async close(): Promise<void> {
    await this.#messaging.close();
  }

  async #lane(stream: string, firsts: readonly number[]): Promise<void> {
    const { messages, entities, room, isOver } = this.#plan;
    for (let before = 0; before < messages && !isOver(); before += entities) {
      await room(stream);
      await this.#restoring.get(stream);
      const serials = firsts.map((first) => before + first).filter((serial) => serial <= messages);
      await Promise.all(
        serials.map(async (serial) => {
          const entryId = await this.#publish(serial);
          if (entryId === undefined) return;
          this.published++;
          this.#remember(stream, { serial, entryId, at: performance.now() });
        }),
      );
    }
  }

  #remember(stream: string, confirmed: Confirmed): void {
    const recent = this.#recent.get(stream) ?? [];
    this.#recent.set(stream, recent);
    recent.push(confirmed);
    if (recent.length % 1000 > 0) return;
    const from = recent.findIndex(({ at }) => at > confirmed.at - AGAIN_MS);
    recent.splice(0, Math.max(0, from));
  }

  async #publishAgain(stream: string): Promise<void> {
    const from = performance.now() - AGAIN_MS;
    const lately = (this.#recent.get(stream) ?? []).filter(({ at }) => at > from);
    await Promise.all(
      lately.map(async ({ serial, entryId }) => {
        const now = await this.#publish(serial);
        if (now !== undefined && now !== entryId) this.undone++;
      }),
    );
  }

  /** Publishes a message until that is confirmed; nothing if the time is up. */
  async #publish(serial: number): Promise<string | undefined> {
    const { entities, options, isOver } = this.#plan;
    const message = {
      entity_id: 1 + (serial % entities),
      after_data: { email: "user@example.com" },
      metadata: { serial },
    };
    const id = `00000000-0000-4000-8000-${String(serial).padStart(12, "0")}`;
    while (!isOver()) {
      try {
        const { entryId, stream } = await publishUserCreated(this.#messaging, message, { ...options, id });
        if (stream !== this.streamOf(serial)) throw new Error(`${serial} went to ${stream}`);
        return entryId;
      } catch (error) {
        if (!(error instanceof MessagingError)) throw error;
        this.rejected[error.code] = (this.rejected[error.code] ?? 0) + 1;
        await sleep(50);
      }
    }
    return undefined;
  }
}
