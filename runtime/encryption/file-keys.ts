import { statSync } from "node:fs";
import { type Clock, systemClock } from "../time/clock.js";
import { assertEnvironment, type Key, type KeyPlace, type KeyProvider } from "./key.js";
import { currentOf, type DatedKey, keysIn, readKeyFile } from "./key-file.js";

const LOOK_EVERY_MS = 1000;

/**
 * Keys from a file, which `merp keys new` makes and `merp keys rotate` adds a key to. A running service notices a changed
 * file within a second, and at once where it meets a key that it does not know; while a file cannot be read, the keys stay
 * as they were.
 * @throws {EncryptionError} `KEY_MISSING` without the file, `KEY_INVALID` for what is no key of AES-256
 * @example
 * const keys = fileKeys("/run/secrets/message-keys.json");
 * const messaging = createMessaging({ service: "billing-service", extensions: [encryption({ keys })] });
 */
export function fileKeys(path: string): KeyProvider {
  return new FileKeys(path, systemClock);
}

class FileKeys implements KeyProvider {
  readonly #path: string;
  readonly #clock: Clock;
  #keys: ReadonlyMap<string, DatedKey>;
  #environment: string | undefined;
  /** Tells one content of the file from another. */
  #version: string;
  #lookedAt: number;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#version = versionOf(path);
    this.#lookedAt = clock.now();
    const file = readKeyFile(path);
    this.#keys = keysIn(file, path);
    this.#environment = file.environment;
  }

  current(): Key {
    if (this.#clock.now() - this.#lookedAt >= LOOK_EVERY_MS) this.#look();
    return currentOf(this.#keys.values(), this.#clock.wall()).key;
  }

  find(id: string): Key | undefined {
    if (!this.#keys.has(id)) this.#look();
    return this.#keys.get(id)?.key;
  }

  check(place: KeyPlace): void {
    assertEnvironment(this.#path, this.#environment, place);
  }

  #look(): void {
    this.#lookedAt = this.#clock.now();
    try {
      const version = versionOf(this.#path);
      if (version === this.#version) return;
      const file = readKeyFile(this.#path);
      // Those of another environment were put in the wrong place.
      if (file.environment !== this.#environment) return;
      this.#keys = keysIn(file, this.#path);
      this.#version = version;
    } catch {
      // It is being replaced, or is spoilt: what was read before still holds.
    }
  }
}

function versionOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "";
  }
}
