import type { Hooks, Logger, Messaging, Settings } from "../../generated/index.js";
import { onUserCreated, onUserDeleted } from "../../generated/index.js";
import { createService } from "../support/service.js";
import { type Behaviour, behave } from "./behaviour.js";
import { JournalWriter } from "./journal.js";

/** One consumer of one group, as plain data, so that it can be one of this process or a process of its own. */
export interface Role {
  /** Where its Redis is. @defaultValue what its settings say */
  readonly url?: string;
  /** The service's name; its group is `<service>-workers`. */
  readonly service: string;
  /** Where it writes down what it handles. */
  readonly journal: string;
  /** What it does with what it is given. @defaultValue it returns */
  readonly behaviours?: readonly Behaviour[];
  readonly settings?: Settings;
  /** It handles another type than the one that the stage publishes. @defaultValue false */
  readonly idle?: boolean;
  /** Write down no more than what was handled. @defaultValue false */
  readonly brief?: boolean;
}

/**
 * Short times, so that a test sees in seconds what takes minutes in the field. On a busy machine a heartbeat is late by
 * a second now and then, so a story in which nobody dies may have a longer lease.
 */
export const SWIFT: Settings & { readonly deadLettersMax: number } = {
  leaseSeconds: 2,
  retryDelaySeconds: 0.1,
  blockTimeMs: 100,
  drainTimeoutSeconds: 5,
  // A story counts its dead letters.
  deadLettersMax: 1e9,
  redis: { connectionTimeoutSeconds: 3, socketTimeoutSeconds: 2 },
};

/** A service that handles `user.created` as its role says, or another type. A message carries its serial number in `metadata`. */
export function createMember(role: Role, watching: { hooks?: Hooks; logger?: Logger } = {}): Messaging {
  const { url, service, behaviours = [], settings = {}, idle = false, brief = false } = role;
  const journal = new JournalWriter(role.journal);
  const redis = { ...SWIFT.redis, ...settings.redis };
  const extensions = brief ? [] : [{ extend: () => ({ hooks: notesIn(journal) }) }];
  const place = url === undefined ? {} : { url };
  const messaging = createService(place, { ...SWIFT, ...settings, redis, service, extensions, ...watching });
  if (idle) {
    onUserDeleted(messaging, () => {});
    return messaging;
  }
  onUserCreated(messaging, async ({ metadata }, { attempt, entryId }) => {
    const serial = metadata?.["serial"] as number;
    if (!brief) journal.write("begun", serial, attempt, entryId);
    try {
      await behave(behaviours, serial, attempt);
    } catch (error) {
      journal.write("failed", serial, attempt, entryId);
      throw error;
    }
    // Written down before the handler has returned, hence before it is acknowledged.
    journal.write("handled", serial, attempt, entryId);
  });
  return messaging;
}

/** What a member learns of others, of its lease, of Redis and of operators, for the story of an inversion. */
function notesIn(journal: JournalWriter): Hooks {
  return {
    started: () => journal.note("started"),
    recovered: ({ stream, count, from }) => journal.note(`took over ${count} of ${from} in ${stream}`),
    overtaken: ({ count }) => journal.note(`was overtaken in ${count}`),
    dropped: ({ entryId }) => journal.note(`dropped ${entryId}`),
    connected: ({ role }) => journal.note(`connected to ${role}`),
    disconnected: ({ role }) => journal.note(`disconnected from ${role}`),
    groupCreated: ({ stream, from }) => journal.note(`created its group of ${stream} from ${from}`),
    paused: ({ type = "everything" }) => journal.note(`learned that ${type} is paused`),
    resumed: ({ type = "everything" }) => journal.note(`learned that ${type} is resumed`),
    trouble: ({ what, error }) => journal.note(`trouble ${what}: ${String(error).split("\n", 1)[0]}`),
  };
}
