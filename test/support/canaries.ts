import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import type { Hooks } from "../../generated/index.js";

/** Secrets that are planted, and all that was said, in which none of them may stand. */
export class Canaries {
  readonly #places: string[] = [];
  readonly #heard: string[] = [];
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
      this.#heard.push(inspect(each, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null }));
      try {
        this.#heard.push(JSON.stringify(each) ?? "");
      } catch {}
      if (each instanceof Error) this.#heard.push(`${each} ${each.stack}`);
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

/** A secret as it is, in hexadecimal digits, or in Base64 at any of the three places where it may begin. */
const ANY_FORM = new RegExp(
  [
    "Canary(?<serial>\\d+)c",
    Buffer.from("Canary").toString("hex"),
    ...["", "-", "--"].map((before) =>
      Buffer.from(`${before}Canary`)
        .toString("base64")
        .slice(before.length + 1, -2),
    ),
  ].join("|"),
  "g",
);
