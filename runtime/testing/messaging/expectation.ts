import { inspect } from "node:util";
import type { Descriptor } from "../../contract/descriptor.js";
import { UsageError } from "../../errors.js";
import { ABSENT, type Difference } from "../difference.js";
import { mismatches } from "../pattern.js";
import type { Observations } from "./observer.js";

/** What is expected to have happened to a message. */
export type Happening = "published" | "sent" | "handled" | "deadLettered";

const words: Readonly<Record<Happening, readonly [perfect: string, past: string]>> = {
  published: ["have published", "published"],
  sent: ["have sent", "sent"],
  handled: ["have handled", "handled"],
  deadLettered: ["have dead-lettered", "moved to the dead letters"],
};

/** Whether a message was found that matches, and why not. */
export interface Verdict<Message> {
  readonly matching: readonly Message[];
  /** Why none matches. */
  readonly missing: () => string;
  /** Where one matches that must not. */
  readonly unwanted: () => string;
}

/** Looks for the messages of a type to which something happened and that have the expected part. */
export function seek<Message>(
  observations: Observations,
  happening: Happening,
  [descriptor, part]: readonly [descriptor: Descriptor<Message>, part?: unknown],
): Verdict<Message> {
  assertUsable(observations, happening, descriptor);
  const found = (observations[happening] as (descriptor: Descriptor<Message>) => readonly Message[])(descriptor);
  const judged = found.map((message) => ({ message, differences: mismatches(part ?? {}, message) }));
  const matching = judged.filter(({ differences }) => differences.length === 0).map(({ message }) => message);
  const [perfect, past] = words[happening];
  const { observed = "a service" } = observations;
  const what = `${descriptor.type}${part === undefined ? "" : ` with ${shown(part)}`}`;
  const story = (): string => `What happened (seed ${observations.seed}):\n${indented(observations.history())}`;
  return {
    matching,
    missing: () => {
      const nearest = judged.toSorted((one, other) => one.differences.length - other.differences.length)[0];
      const reason =
        nearest === undefined
          ? `but none was ${past}.`
          : `but of ${count(judged.length)} that ${judged.length === 1 ? "was" : "were"} ${past} none matches. The nearest differs here:\n${nearest.differences.map(told).join("\n")}`;
      return `expected ${observed} to ${perfect} ${what}, ${reason}\n\n${story()}`;
    },
    unwanted: () => {
      const each = matching.map((message) => `  ${shown(message)}`).join("\n");
      return `expected ${observed} not to ${perfect} ${what}, but ${count(matching.length)} matches:\n${each}\n\n${story()}`;
    },
  };
}

/** @throws {UsageError} for arguments that a caller without types has mixed up */
function assertUsable(observations: unknown, happening: Happening, descriptor: unknown): void {
  if (typeof (observations as Observations | null | undefined)?.[happening] !== "function") {
    const remedy = "give the messaging of createTestMessaging(), or its broker";
    throw new UsageError(
      "CONFIG_INVALID",
      `${shown(observations)} does not tell what was ${words[happening][1]}: ${remedy}`,
    );
  }
  if (typeof (descriptor as Descriptor | null | undefined)?.schema === "object") return;
  const example = "as userCreated";
  throw new UsageError(
    "CONFIG_INVALID",
    `${shown(descriptor)} is no contract: give the descriptor of a message, ${example}`,
  );
}

function told({ path, expected, actual }: Difference): string {
  const place = path === "" ? "the message" : path;
  if (expected === ABSENT) return `  ${place} is ${shown(actual)}, expected to be absent`;
  return `  ${place} is ${actual === ABSENT ? "absent" : shown(actual)}, expected ${shown(expected)}`;
}

function count(number: number): string {
  return number === 1 ? "one" : String(number);
}

function indented(text: string): string {
  return text.replaceAll(/^/gmu, "  ");
}

function shown(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY });
}
