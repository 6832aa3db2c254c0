import { prefixed } from "../../config/config.js";
import { hasSubject } from "../../contract/encrypt.js";
import { SUBJECTS_HASH } from "../../encryption/redis-subjects.js";
import type { SubjectStore } from "../../encryption/subject-store.js";
import type { AuditTrail } from "../../operations/audit/audit-trail.js";
import type { KeptEntry, KeyUsage } from "../../operations/keys/key-usage.js";
import type { Operator } from "../../operations/operator.js";
import { type CatalogueArguments, descriptorsOf } from "../catalogue.js";
import { type PeopleArguments, peopleOf } from "../people.js";
import { type OutboxArguments, readOutboxes } from "./outboxes.js";

/** What the commands about keys need. */
export interface KeyTools {
  readonly operator: Operator;
  readonly trail: AuditTrail;
  /** Looks for ciphertexts in the streams of the catalogue and in the outboxes that are named, under one key or all. */
  usage(keyId?: string): Promise<KeyUsage>;
  people(): Promise<SubjectStore>;
  /** Whether a message of the catalogue has values that are encrypted for a person. */
  hasPeople(): Promise<boolean>;
}

/** Works over a connection that ends with the work. Loaded when it is asked for: it brings the Redis client. */
export async function withKeys<Result>(
  given: CatalogueArguments & PeopleArguments & OutboxArguments,
  work: (tools: KeyTools) => Promise<Result>,
): Promise<Result> {
  const [{ Operator }, { AuditTrail }, { keyUsage }] = await Promise.all([
    import("../../operations/operator.js"),
    import("../../operations/audit/audit-trail.js"),
    import("../../operations/keys/key-usage.js"),
  ]);
  const operator = new Operator({}, { name: "operator", connectionName: "merp" });
  const { config, routes } = operator;
  try {
    return await work({
      operator,
      trail: new AuditTrail(config, routes),
      usage: async (keyId) => {
        const streams = [...new Set((await descriptorsOf(given)).map(({ stream }) => stream))].sort();
        const others = (look: (entry: KeptEntry) => void) => readOutboxes(given, look);
        return keyUsage(operator, { streams, others, progress, ...(keyId === undefined ? {} : { keyId }) });
      },
      hasPeople: async () => (await descriptorsOf(given)).some(({ schema }) => hasSubject(schema)),
      people: () =>
        peopleOf(given, {
          environment: config.environment,
          client: () => routes.at(prefixed(config, SUBJECTS_HASH)).ready(),
        }),
    });
  } finally {
    routes.close();
  }
}

/** Told on a terminal: a large Redis takes a while. */
function progress(entries: number): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\rlooked at ${entries} entries\r`);
}
