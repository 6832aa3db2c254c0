// docs/ documents a catalogue: as a site, as AsyncAPI and for EventCatalog; it may import diff/, print/, typescript/, model/,
// load/, schema/ and the runtime's contract.

import type { Finding } from "../diff/finding.js";
import type { Service } from "../load/service.js";
import type { Definition } from "../model/definition.js";
import type { Message, Model } from "../model/model.js";

/** A commit that changed a message, with what the changes mean. */
export interface Version {
  /** The commit's id, abbreviated; empty for what is not committed yet. */
  readonly commit: string;
  /** The day of the commit: `2026-11-23`. */
  readonly date: string;
  readonly subject: string;
  readonly findings: readonly Finding[];
}

/** What became of the messages, the newest first. */
export interface History {
  /** Why there is none, or where it ends; empty if it is whole. */
  readonly note: string;
  /** By {@link keyOf}. */
  readonly versions: ReadonlyMap<string, readonly Version[]>;
}

/** All that a documentation is made of. */
export interface Subject {
  readonly model: Model;
  /** What `catalogue.json` says of the catalogue; may be empty. */
  readonly description: string;
  /** The version of the package that holds the catalogue. */
  readonly version: string;
  /** The name of the schemas folder. */
  readonly schemasName: string;
  readonly services: readonly Service[];
  readonly history: History;
}

/** Identifies a message in a catalogue. */
export function keyOf({ kind, type }: { readonly kind: string; readonly type: string }): string {
  return `${kind} ${type}`;
}

/** The services that publish a message, and those that handle it. */
export function servicesOf(
  { type }: Message,
  services: readonly Service[],
): { readonly publishers: readonly Service[]; readonly handlers: readonly Service[] } {
  return {
    publishers: services.filter(({ publishes }) => publishes.includes(type)),
    handlers: services.filter(({ handles }) => handles.includes(type)),
  };
}

/** The definitions and messages that refer to a definition, each by its own root or definition. */
export function usersOf(definition: Definition, { definitions, references }: Model): readonly Definition[] {
  return definitions.filter((user) => user !== definition && references.from(user).includes(definition));
}

/** The first sentence of a text. */
export function firstSentence(text: string): string {
  return (/^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text).trim();
}
