import type { Extension } from "../messaging/extension.js";
import { systemClock } from "../time/clock.js";
import { assuredKeys } from "./assured-keys.js";
import type { KeyProvider } from "./key.js";
import type { SubjectStore } from "./subject-store.js";
import { Subjects } from "./subjects.js";
import { Vault } from "./vault.js";

/** Settings of {@link encryption}. */
export interface EncryptionOptions {
  /** Where keys come from: {@link environmentKeys}, {@link fileKeys}, {@link envelopeKeys}, or your own. */
  readonly keys: KeyProvider;
  /** Where the keys of people are, which a `subject` in a schema needs: {@link redisSubjects}, {@link folderSubjects}, or your own. */
  readonly people?: SubjectStore;
}

/**
 * Encrypts what schemas mark with `"encrypt": true`, and reads it: publishers and handlers see plain values, everything else
 * sees ciphertexts.
 * @example
 * const messaging = createMessaging({ service: "billing-service", extensions: [encryption({ keys: environmentKeys() })] });
 */
export function encryption({ keys, people }: EncryptionOptions): Extension {
  return {
    extend(place) {
      keys.check?.(place);
      people?.placed?.(place);
      const assured = assuredKeys(keys);
      return { sealing: new Vault(assured, people && new Subjects(assured, people, systemClock)) };
    },
  };
}

/**
 * Says that a service has no keys on purpose. It may use the rest of its catalogue; messages with encrypted values it neither
 * publishes nor handles, but for their other fields: {@link onlyFields}.
 * @example
 * const messaging = createMessaging({ service: "statistics", extensions: [withoutKeys()] });
 */
export function withoutKeys(): Extension {
  const never = (): never => {
    throw new Error("a service without keys has nothing to do with them");
  };
  return { extend: () => ({ sealing: { hasKeys: false, hasPeople: false, seal: never, open: never } }) };
}
