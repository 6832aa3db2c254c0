import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { inspect } from "node:util";
import type { Hooks } from "../../generated/index.js";

interface Pino {
  pino(options: object, destination: { write(line: string): void }): { error(...said: readonly unknown[]): void };
}

const { pino } = createRequire(createRequire(import.meta.url).resolve("fastify"))("pino") as Pino;
const EVERYTHING = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxStringLength: null } as const;

/** Secrets that are planted, and all that was said, in which none of them may stand. */
export class Canaries {
  readonly #places: string[] = [];
  readonly #heard: string[] = [];
  /** What many services log with. It asks getters, and follows causes, in its own way. */
  readonly #pino = pino({}, { write: (line) => void this.#heard.push(line) });
  #length = 0;

  /** A secret for one place. */
  plant(place: string): string {
    return `Canary${this.#places.push(place) - 1}c${randomBytes(8).toString("hex")}`;
  }

  get planted(): number {
    return this.#places.length;
  }

  /** Takes whatever may be logged, thrown or shown: as text, as JSON, and with all that is hidden in it. */
  readonly hear = (...said: readonly unknown[]): void => {
    for (const each of said) {
      if (typeof each === "string") this.#heard.push(each);
      this.#heard.push(inspect(each, EVERYTHING));
      try {
        this.#heard.push(JSON.stringify(each) ?? "");
      } catch {}
      if (each instanceof Error) {
        this.#heard.push(`${each} ${each.stack}`);
        this.#pino.error({ err: each, error: each }, each.message);
        this.#pino.error(each);
      }
    }
  };

  /** Resolves to the error with which a promise rejects. */
  async hearFailure(failing: Promise<unknown>): Promise<unknown> {
    const error = await failing.then(
      (value) => new Error(`nothing failed, but came to ${inspect(value)}`, { cause: "nothing failed" }),
      (thrown: unknown) => thrown,
    );
    this.hear(error);
    if ((error as Error).cause === "nothing failed") throw error;
    return error;
  }

  /** Hooks that hear every event. */
  readonly hooks: Hooks = new Proxy({}, { get: (_, name) => (info: unknown) => this.hear(name, info) });

  /** Whether a text was heard since the last search. */
  said(text: string): boolean {
    return this.#heard.some((each) => each.includes(text));
  }

  /** Whether any secret stands in the bytes of a file, in whatever form. */
  isIn(bytes: Uint8Array): boolean {
    return Buffer.from(bytes).toString("latin1").search(ANY_FORM) >= 0;
  }

  /** The places whose secrets were heard since the last call, with what was said around them. */
  escaped(): readonly string[] {
    const text = this.#heard.splice(0).join("\n");
    this.#length += text.length;
    return [...text.matchAll(ANY_FORM)].flatMap(({ index, groups: { serial } = {} }) => {
      const around = text.slice(Math.max(0, index - 200), index + 60);
      return `${this.#places[Number(serial)] ?? "encoded"}: …${around}…`;
    });
  }

  /** How much was heard: a search of nothing finds nothing. */
  get length(): number {
    return this.#length;
  }
}

const CHARACTERS = [..."Canary"];
const CODES = CHARACTERS.map((character) => character.charCodeAt(0));

/** What begins with the characters of every secret, as a list of one form. UTF-16 has a zero beside each of them. */
function list(items: readonly string[], between: string, zero: string): string {
  return items.join(`(?:${between}${zero})?${between}`);
}

/** The part of Base64 that does not depend on what is before it and behind it, at any of the three places where it may begin. */
function inBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64url");
    return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6));
  });
}

const hex = CODES.map((code) => code.toString(16));
const anyCase = (text: string): string => text.replace(/[a-z]/gi, (c) => `[${c.toLowerCase()}${c.toUpperCase()}]`);

/**
 * A secret as it is, in either case, and as UTF-8 and UTF-16 in Base64, in hexadecimal and decimal digits, and with the escapes of
 * addresses, of JSON and of `inspect`.
 */
const ANY_FORM = new RegExp(
  [
    `${anyCase("Canary")}(?<serial>\\d+)[cC]`,
    CHARACTERS.join("(?:\\0|\\\\x00|\\\\u0000|%00)"),
    list(hex.map(anyCase), " ?", "00"),
    list(
      CODES.map((code) => `\\b${code}\\b`),
      ",\\s*",
      "0",
    ),
    list(
      hex.map((code) => `%${anyCase(code)}`),
      "",
      "%00",
    ),
    ...["\\\\u00", "\\\\x", "&#x"].map((before) => hex.map((code) => `${before}${anyCase(code)};?`).join("")),
    ...inBase64(Buffer.from("Canary")),
    ...inBase64(Buffer.from("Canary", "utf16le")),
    ...inBase64(Buffer.from("Canary", "utf16le").swap16()),
  ].join("|"),
  "g",
);
