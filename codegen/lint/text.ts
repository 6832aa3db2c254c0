import type { LintRule } from "../schema/lint-rule.js";

/** What a rule of the lint asks for. `docs/toolchain.md` says the same, and a test compares the two. */
export interface LintText {
  /** What the rule demands. */
  readonly demand: string;
  readonly why: string;
  readonly fix: string;
  /** Whether `--fix` does it. */
  readonly isFixable?: true;
}

export const lintTexts: Readonly<Record<LintRule, LintText>> = {
  "missing-description": {
    demand: "A property and a type have a `description`.",
    why: "The description becomes the doc comment: it is what a reader of the message knows of the value.",
    fix: "Add a `description`, in a sentence. What a `$ref` leads to, or an envelope, may have said it.",
  },
  "property-casing": {
    demand: "The name of a property is in snake_case.",
    why: "Services in other languages read the names as they are, and one way of writing leaves none to be guessed.",
    fix: "Rename the property before the message is in use. A name that is on the wire stays, with an exception.",
  },
  "definition-casing": {
    demand: "The name in `$defs` is in PascalCase; `result` of a command is not asked.",
    why: "The name becomes that of a TypeScript type: `orderId` of the file `order.json` would be `OrderOrderId`.",
    fix: "Rename the definition, and the references to it. The wire has no such name.",
  },
  "message-type-form": {
    demand: "The type of an event is `<entity>.<what happened>`, that of a command or notification snake_case.",
    why: "Names in the generated code are made of it, and patterns of handlers such as `user.*` go by its parts.",
    fix: "Rename the type before the message is in use.",
  },
  "event-tense": {
    demand: "The type of an event has a past participle: a word in `-ed`, or a common irregular one such as `sent`.",
    why: "An event has happened, and cannot be refused. `order.place` reads like a command.",
    fix: "Rename the type before the message is in use: `order.placed`.",
  },
  "command-mood": {
    demand: "The type of a command begins with a verb in the imperative, and has no participle at either end.",
    why: "A command asks one service to do something, and may be refused. `stock_reserved` reads like an event.",
    fix: "Rename the type before the message is in use: `reserve_stock`.",
  },
  "untagged-choice": {
    demand:
      "The objects of a `oneOf` or `anyOf` have a required property with a `const` or an `enum` that tells them apart.",
    why: "Without it TypeScript cannot narrow the value, an error names every form, and a reader may take one form for another.",
    fix: 'Add one to each form: `"kind": { "const": "card" }`.',
  },
  "unbounded-text": {
    demand: "A text has a `maxLength`, `pattern`, `format`, `enum` or `const`.",
    why: "What one service may send in any length, others have to hold in memory and store in a column of some length.",
    fix: "Add a `maxLength` that no value exceeds that is written today; `merp diff` tells what it would break.",
  },
  "unbounded-list": {
    demand: "A list has `maxItems`, or `prefixItems` with nothing behind them.",
    why: "A message that grows with the data passes `maxMessageBytes` one day.",
    fix: "Add `maxItems`; for more items send several messages, or a reference to where they are.",
  },
  "personal-data": {
    demand: "What looks like personal data or a secret, by its name or as `email`, is `sensitive`.",
    why: "An error text shows a value that the schema does not mark, and so do logs and dead letters, which hold it.",
    fix: 'Add `"sensitive": true`. The wire stays as it is.',
    isFixable: true,
  },
  "closed-enum": {
    demand:
      "An `enum` stands in an `anyOf` with a `tolerated` form for values to come. The payload of a command is not asked.",
    why: "Readers refuse a value that is added later, and the message becomes a dead letter.",
    fix: 'Write `"anyOf": [{ "enum": […] }, { "type": "string", "tolerated": true }]`. It is a change of the type that handlers take.',
  },
  "closed-object": {
    demand: "No object has `additionalProperties: false`.",
    why: "Readers refuse a property that is added later. A publisher may use no undeclared name without it, too.",
    fix: "Leave it out. Readers then ignore what they do not know.",
  },
  "idle-exception": {
    demand: "An exception of `lintIgnore` excuses something.",
    why: "What was mended would be excused when it comes back.",
    fix: "Remove the exception.",
    isFixable: true,
  },
};
