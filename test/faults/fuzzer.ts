type Random = () => number;
type Part = string | Buffer;

/** A good entry as this catalogue writes it. */
const GOOD: readonly (readonly [string, string])[] = [
  ["id", "dc9fb258-5124-4cba-abca-0409a9efee2a"],
  ["timestamp", "2026-11-23T10:26:43.637Z"],
  ["source_service", "user-auth-service"],
  ["correlation_id", ""],
  ["metadata", "{}"],
  ["type", "event"],
  ["event_type", "user.created"],
  ["entity_type", "user"],
  ["entity_id", "123"],
  ["company_id", "1"],
  ["user_id", ""],
  ["before_data", ""],
  ["after_data", '{"email":"user@example.com"}'],
  ["changes", ""],
];

const JUNK: readonly ((random: Random) => Part)[] = [
  () => "{",
  () => "]",
  () => "null",
  () => "NaN",
  () => "\u0000",
  () => "\ud800".toWellFormed(),
  () => '{"__proto__":{"polluted":true}}',
  () => "[".repeat(20_000),
  () => '{"email":'.repeat(3000),
  () => "1e999",
  () => "-0",
  () => "x".repeat(10_000),
  (random) => Buffer.from(Array.from({ length: 40 }, () => Math.floor(random() * 256))),
];

const FIELDS = ["id", "timestamp", "entity_id", "metadata", "after_data", "changes", "company_id"];
const pick = <Item>(items: readonly Item[], random: Random): Item => items[Math.floor(random() * items.length)] as Item;

/** What becomes of an entry that is none: it is kept as a dead letter, or is of a type that is not handled here. */
export type Fate = "dead" | "skipped";

/** Each makes an entry that is none: fields and values, one after the other. */
const KINDS: readonly (readonly [Fate, (random: Random) => Part[]])[] = [
  // No message type.
  ["dead", (random) => [pick(FIELDS, random), pick(JUNK, random)(random)]],
  ["dead", (random) => ["", pick(JUNK, random)(random)]],
  // A message type and nothing that belongs to it.
  ["dead", () => ["event_type", "user.created"]],
  ["dead", (random) => ["event_type", "user.created", "after_data", pick(JUNK, random)(random)]],
  // A type of which nobody here knows, or that is none.
  ["skipped", (random) => ["event_type", `unheard.of_${Math.floor(random() * 1000)}`]],
  ["skipped", (random) => ["event_type", pick(JUNK, random)(random)]],
  ["skipped", () => ["event_type", "__proto__", "entity_id", "1"]],
  ["skipped", () => ["event_type", "constructor"]],
  // One field lost, or with a value that it cannot have.
  [
    "dead",
    (random) => {
      const without = pick(["id", "timestamp", "source_service", "entity_id", "after_data"], random);
      return GOOD.filter(([name]) => name !== without).flat();
    },
  ],
  [
    "dead",
    (random) => {
      const broken = pick(["id", "timestamp", "entity_id", "after_data", "company_id"], random);
      return GOOD.flatMap(([name, value]) => [name, name === broken ? "{not it}" : value]);
    },
  ],
  // The other encoding, broken.
  ["dead", (random) => ["message_type", "user.created", "json", pick(JUNK, random)(random)]],
  ["dead", () => ["message_type", "user.created", "json", '{"type":"event"}']],
  ["skipped", (random) => ["message_type", pick(JUNK, random)(random), "json", "{}"]],
  // A field twice, the second time broken.
  ["dead", () => [...GOOD.flat(), "after_data", "{"]],
  // Very many fields.
  ["dead", (random) => Array.from({ length: 2 * Math.ceil(random() * 300) }, (_, n) => `part${n}`)],
];

/** An entry that no handler may ever be given. */
export function malformedEntry(random: Random): { readonly fate: Fate; readonly entry: Part[] } {
  const [fate, make] = pick(KINDS, random);
  return { fate, entry: make(random) };
}
