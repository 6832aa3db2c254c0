import { valueAt } from "../schema/pointer.js";
import { isObject } from "../schema/walk.js";
import { type Addresses, isPlace } from "./address.js";
import { type Document, type Hindrance, hindrance, type Place } from "./document.js";
import { type Contents, type Entry, type ImportedKind, messageKinds, typeFrom } from "./entry.js";
import type { Raw } from "./raw.js";

/** The extension of a message in a document that `merp docs` wrote. */
const OWN = "x-merp";

/** A message as a document of AsyncAPI uses it. */
interface Use {
  readonly place: Place;
  /** The channel's address and the operation's name, which may tell the kind. */
  readonly words: string;
  /** Whether an operation waits for an answer. */
  readonly answer: Place | undefined;
  readonly isAsked: boolean;
}

/** The messages of a document of AsyncAPI, version 2 or 3. */
export function contentsOf(
  document: Document,
  addresses: Addresses,
  kind: ImportedKind | "type",
): Contents & { readonly hindrances: readonly Hindrance[] } {
  return new AsyncApi(document, addresses, kind).read();
}

class AsyncApi {
  readonly #document: Document;
  readonly #addresses: Addresses;
  readonly #kind: ImportedKind | "type";
  readonly #hindrances: Hindrance[] = [];

  constructor(document: Document, addresses: Addresses, kind: ImportedKind | "type") {
    this.#document = document;
    this.#addresses = addresses;
    this.#kind = kind;
  }

  read(): Contents & { readonly hindrances: readonly Hindrance[] } {
    const version = String(this.#document.value["asyncapi"]);
    const isKnown = /^[23]\./.test(version);
    if (!isKnown) {
      const place = { document: this.#document, path: ["asyncapi"] };
      const sentence = `AsyncAPI ${version} is not known; versions 2 and 3 are`;
      return { entries: [], shared: [], hindrances: [hindrance(place, "asyncapi-version", sentence)] };
    }
    const uses = [...(version.startsWith("2.") ? this.#channelsOf2() : this.#channelsOf3()), ...this.#components()];
    const byPlace = new Map<string, Use>();
    const answers = new Set(uses.flatMap(({ answer }) => (answer === undefined ? [] : [key(answer)])));
    for (const use of uses) {
      const known = byPlace.get(key(use.place));
      if (known === undefined || (known.answer === undefined && use.answer !== undefined))
        byPlace.set(key(use.place), use);
    }
    const entries = [...byPlace.values()]
      .filter(({ place }) => !answers.has(key(place)))
      .flatMap((use) => this.#entryOf(use));
    if (this.#kind === "type")
      return { entries: [], shared: entries.map(({ place }) => place), hindrances: this.#hindrances };
    if (entries.length === 0 && this.#hindrances.length === 0) {
      this.#hindrances.push(hindrance({ document: this.#document, path: [] }, "no-message", "describes no message"));
    }
    return { entries, shared: [], hindrances: this.#hindrances };
  }

  /** `channels/<name>/(publish|subscribe)/message`, which may be one of several. */
  #channelsOf2(): readonly Use[] {
    return this.#named(["channels"]).flatMap(([name, channel]) =>
      ["publish", "subscribe"].flatMap((operation) => {
        const place = this.#target({ ...channel, path: [...channel.path, operation, "message"] });
        const message = place && this.#at(place);
        if (place === undefined || !isObject(message)) return [];
        const several = message["oneOf"];
        const places = Array.isArray(several)
          ? several.map((_, at) => this.#target({ ...place, path: [...place.path, "oneOf", `${at}`] }))
          : [place];
        return places.flatMap((one) => this.#useOf(one, name));
      }),
    );
  }

  /** `channels/<name>/messages/<name>`, and operations, of which those with a `reply` ask for something. */
  #channelsOf3(): readonly Use[] {
    const uses = this.#named(["channels"]).flatMap(([name, channel]) => {
      const address = valueAt(this.#at(channel), ["address"]);
      const words = `${name} ${typeof address === "string" ? address : ""}`;
      return this.#namedAt({ ...channel, path: [...channel.path, "messages"] }).flatMap(([, one]) =>
        this.#useOf(one, words),
      );
    });
    const asked = this.#named(["operations"]).flatMap(([name, operation]) => {
      if (valueAt(this.#at(operation), ["reply"]) === undefined) return [];
      const reply = this.#target({ ...operation, path: [...operation.path, "reply"] });
      const [answer] = reply === undefined ? [] : this.#messagesOf(reply);
      return this.#messagesOf(operation).flatMap((one) =>
        this.#useOf(one, name).map((use) => ({ ...use, isAsked: true, answer })),
      );
    });
    return [...asked, ...uses];
  }

  /** The messages of an operation or a reply: those that it lists, or all of its channel. */
  #messagesOf(operation: Place): readonly Place[] {
    const listed = this.#at({ ...operation, path: [...operation.path, "messages"] });
    if (Array.isArray(listed)) {
      return listed.flatMap(
        (_, at) => this.#target({ ...operation, path: [...operation.path, "messages", `${at}`] }) ?? [],
      );
    }
    const channel = this.#target({ ...operation, path: [...operation.path, "channel"] });
    if (channel === undefined) return [];
    return this.#namedAt({ ...channel, path: [...channel.path, "messages"] }).map(([, place]) => place);
  }

  #components(): readonly Use[] {
    return this.#named(["components", "messages"]).flatMap(([, place]) => this.#useOf(place, ""));
  }

  #useOf(place: Place | undefined, words: string): readonly Use[] {
    return place === undefined ? [] : [{ place, words, answer: undefined, isAsked: false }];
  }

  #entryOf({ place, words, answer, isAsked }: Use): readonly Entry[] {
    const message = this.#at(place);
    if (!isObject(message)) return [];
    const payload = this.#payloadOf(place, message);
    if (payload === undefined) return [];
    const own = ownOf(message);
    const told = own?.kind ?? (isAsked ? "command" : kindIn(words));
    const kind = told ?? (this.#kind === "type" ? "event" : this.#kind);
    const { name, title, summary, description, examples } = message;
    const last = place.path.at(-1) ?? "";
    const isKeyed = ["messages"].includes(place.path.at(-2) ?? "");
    const called = [name, isKeyed ? last : undefined, title, words].find(
      (one) => typeof one === "string" && one !== "",
    );
    const says = [description, summary, title].find((one) => typeof one === "string" && one.trim() !== "");
    const values = (Array.isArray(examples) ? examples : []).flatMap((one) =>
      isObject(one) && one["payload"] !== undefined ? [one["payload"]] : [],
    );
    const result = answer && this.#resultOf(answer);
    const ownDescription = valueAt(this.#at(payload), ["description"]);
    const change = { rule: "kind", file: place.document.source.shownPath, pointer: "", detail: kind } as const;
    return [
      {
        place: payload,
        kind,
        type: own?.type ?? typeFrom(String(called ?? last), kind),
        description: (own !== undefined && typeof ownDescription === "string" ? ownDescription : says) as
          | string
          | undefined,
        examples: values,
        result,
        changes: told === undefined ? [] : [change],
        ...(own !== undefined && { name: own.name, isWhole: true }),
      },
    ];
  }

  /** What answers a command: the payload, or the part of it that a document of `merp docs` names. */
  #resultOf(answer: Place): Place | undefined {
    const message = this.#at(answer);
    const ref = valueAt(message, [OWN, "result"]);
    const found = typeof ref === "string" ? this.#addresses.resolve(ref, answer) : undefined;
    return found !== undefined && isPlace(found) ? found : this.#payloadOf(answer, message);
  }

  /** The schema of what a message carries; in version 3 it may be inside, with its format. */
  #payloadOf(place: Place, message: unknown): Place | undefined {
    const at = { ...place, path: [...place.path, "payload"] };
    const payload = valueAt(message, ["payload"]);
    if (payload === undefined) {
      this.#hindrances.push(
        hindrance(place, "no-payload", "the message has no payload, so there is nothing to describe"),
      );
      return undefined;
    }
    const inner = isObject(payload) && payload["schemaFormat"] !== undefined ? payload : undefined;
    const format = String(inner?.["schemaFormat"] ?? valueAt(message, ["schemaFormat"]) ?? "");
    if (format !== "" && !/^application\/(?:vnd\.aai\.asyncapi|schema)/.test(format)) {
      const sentence = `its payload is described as ${format}; only JSON Schema can be imported`;
      this.#hindrances.push(hindrance(at, "schema-format", sentence));
      return undefined;
    }
    return this.#target(inner === undefined ? at : { ...at, path: [...at.path, "schema"] });
  }

  #named(path: readonly string[]): readonly (readonly [string, Place])[] {
    return this.#namedAt({ document: this.#document, path });
  }

  #namedAt(place: Place): readonly (readonly [string, Place])[] {
    const value = this.#at(place);
    if (!isObject(value)) return [];
    return Object.keys(value).flatMap((name) => {
      const target = this.#target({ ...place, path: [...place.path, name] });
      return target === undefined ? [] : [[name, target] as const];
    });
  }

  #at({ document, path }: Place): unknown {
    return valueAt(document.value, path);
  }

  /** The place itself, or where its `$ref` leads. */
  #target(place: Place, passed: ReadonlySet<string> = new Set()): Place | undefined {
    const value = this.#at(place);
    const ref = isObject(value) ? value["$ref"] : undefined;
    if (value === undefined) return undefined;
    if (typeof ref !== "string") return place;
    const found = this.#addresses.resolve(ref, place);
    if (!isPlace(found)) {
      this.#hindrances.push(hindrance({ ...place, path: [...place.path, "$ref"] }, found.rule, found.sentence));
      return undefined;
    }
    if (passed.has(key(found))) {
      this.#hindrances.push(hindrance(place, "circular-reference", `"${ref}" leads back to itself`));
      return undefined;
    }
    return this.#target(found, new Set([...passed, key(found)]));
  }
}

/** What a document that `merp docs` wrote says of a message; its payload is the whole message. */
function ownOf(
  message: Raw,
): { readonly kind: ImportedKind; readonly type: string; readonly name: string } | undefined {
  const { kind, type, name } = (isObject(message[OWN]) ? message[OWN] : {}) as Readonly<Record<string, unknown>>;
  const known = [...messageKinds, "health"].find((one) => one === kind) as ImportedKind | undefined;
  if (known === undefined || typeof type !== "string" || typeof name !== "string") return undefined;
  return { kind: known, type, name };
}

/** The kind that a channel or an operation is named after. */
function kindIn(words: string): ImportedKind | undefined {
  const [, kind] = /(?:^|[^a-z])(command|notification|event)s?(?:$|[^a-z])/i.exec(words) ?? [];
  return kind?.toLowerCase() as ImportedKind | undefined;
}

function key({ document, path }: Place): string {
  return JSON.stringify([document.address, ...path]);
}
