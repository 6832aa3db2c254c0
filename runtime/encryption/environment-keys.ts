import { EncryptionError } from "../errors.js";
import { assertEnvironment, bytesOfText, type Key, type KeyProvider, keyOf } from "./key.js";

/** Where the keys of {@link environmentKeys} are. */
export interface EnvironmentKeysOptions {
  /** The variable. @defaultValue "MESSAGE_KEYS" */
  readonly variable?: string;
  /** The variables. @defaultValue process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Keys from a variable of the environment: `2026-b:<base64>,2026-a:<base64>`. The first one encrypts, all of them read.
 * `production/2026-b:<base64>` says in which environment the key may be used. Rotating them takes two deployments: one
 * with the new key at the end, one with it at the beginning.
 * @throws {EncryptionError} `KEY_MISSING` without the variable, `KEY_INVALID` for what is no key of AES-256
 * @example
 * const messaging = createMessaging({ service: "billing-service", extensions: [encryption({ keys: environmentKeys() })] });
 */
export function environmentKeys({
  variable = "MESSAGE_KEYS",
  env = process.env,
}: EnvironmentKeysOptions = {}): KeyProvider {
  const text = env[variable]?.trim() ?? "";
  if (text === "")
    throw new EncryptionError(
      "KEY_MISSING",
      `${variable} is not set: it holds the keys, as id:base64. Make one with merp keys new`,
    );
  const keys = new Map<string, Key>();
  const environments = new Set<string>();
  for (const [at, one] of text.split(",").entries()) {
    const { environment, key } = keyIn(one.trim(), `${variable}, key ${at + 1}`);
    if (environment !== undefined) environments.add(environment);
    if (keys.has(key.id)) throw new EncryptionError("KEY_INVALID", `${variable} has two keys with the id ${key.id}`);
    keys.set(key.id, key);
  }
  const [current] = keys.values();
  return {
    current: () => current as Key,
    find: (id) => keys.get(id),
    check: (place) => {
      for (const environment of environments) assertEnvironment(variable, environment, place);
    },
  };
}

function keyIn(text: string, where: string): { readonly environment: string | undefined; readonly key: Key } {
  const [, environment, id, secret] = /^(?:([^/:]+)\/)?([^:]*):(.*)$/.exec(text) ?? [];
  const bytes = secret === undefined ? undefined : bytesOfText(secret);
  if (id === undefined || bytes === undefined) {
    throw new EncryptionError("KEY_INVALID", `${where} is none: it must be id:base64, with a key of 32 bytes`);
  }
  return { environment, key: keyOf(id, bytes, where) };
}
