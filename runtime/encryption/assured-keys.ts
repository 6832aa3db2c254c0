import { EncryptionError } from "../errors.js";
import { ID, KEY_BYTES, type Key, type KeyProvider, WRAPPED } from "./key.js";

/** The keys that were looked at. */
const sound = new WeakSet<object>();

/**
 * The keys of a provider that somebody else wrote. A key that cannot stand in a ciphertext is refused before it encrypts: nobody
 * could read what it would have encrypted.
 */
export function assuredKeys(keys: KeyProvider): KeyProvider {
  return {
    current: () => whenThere(keys.current(), (key) => assured(key, "current()")),
    find: (id, wrapped) =>
      whenThere(keys.find(id, wrapped), (key) => (key == null ? undefined : assured(key, "find()"))),
  };
}

/** Another library's promise is none of ours. */
function whenThere<Given, Value>(given: Given | Promise<Given>, use: (given: Given) => Value): Value | Promise<Value> {
  const isLater = typeof (given as Partial<Promise<Given>> | undefined | null)?.then === "function";
  return isLater ? Promise.resolve(given).then(use) : use(given as Given);
}

function assured(key: Key, where: string): Key {
  if (typeof key === "object" && key !== null && sound.has(key)) return key;
  const { id, secret, wrapped } = (key ?? {}) as Partial<Key>;
  const bytes = secret?.symmetricKeySize ?? (secret as Uint8Array | undefined)?.byteLength;
  const isSound = typeof id === "string" && ID.test(id) && bytes === KEY_BYTES;
  if (isSound && (wrapped === undefined || WRAPPED.test(wrapped))) {
    sound.add(key);
    return key;
  }
  const text = `${where} of the keys must give a key with an id of letters, digits, - and _, and with a secret of ${KEY_BYTES} bytes: make it with keyOf()`;
  throw new EncryptionError("KEY_INVALID", text);
}
