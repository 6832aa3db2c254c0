/** The name of a change. */
export type ChangeName =
  | "assumed-draft"
  | "dialect"
  | "identifier"
  | "definitions"
  | "dependencies"
  | "exclusive-bound"
  | "tuple"
  | "recursive-reference"
  | "reference-siblings"
  | "later-keyword"
  | "named-part"
  | "shared-type"
  | "equal-definition"
  | "definition-name"
  | "title"
  | "unused-definition"
  | "own-extension"
  | "unknown-keyword"
  | "discriminator"
  | "content-schema"
  | "examples"
  | "nullable"
  | "not-nullable"
  | "format"
  | "pattern-escape"
  | "unevaluated-closed"
  | "unevaluated"
  | "missing-type"
  | "required-name"
  | "repeated-name"
  | "idle-keyword"
  | "dead-value"
  | "invalid-default"
  | "invalid-example"
  | "description"
  | "made-example"
  | "made-result"
  | "kind";

/** What a change does to the values that are valid. */
export type Effect = "same" | "looser" | "tighter";

export interface ChangeRule {
  /** What is done, and why. Completes a line of the report. */
  readonly reason: string;
  readonly effect: Effect;
}

const same = (reason: string): ChangeRule => ({ reason, effect: "same" });
const looser = (reason: string): ChangeRule => ({ reason, effect: "looser" });
const tighter = (reason: string): ChangeRule => ({ reason, effect: "tighter" });

/** The changes that an import may make. `docs/toolchain.md` lists them, and a test compares the two. */
export const changeRules: Readonly<Record<ChangeName, ChangeRule>> = {
  "assumed-draft": same("it states no `$schema`; `--draft` overrides what is assumed"),
  dialect: same("every file of a catalogue is of draft 2020-12, so `$schema` is left out"),
  identifier: same("a file is identified by its path, and a definition by its name: the identifier is left out"),
  definitions: same("since 2019-09 `definitions` is called `$defs`"),
  dependencies: same("since 2019-09 `dependencies` is split into `dependentRequired` and `dependentSchemas`"),
  "exclusive-bound": same("since draft 06 an exclusive bound is a number"),
  tuple: same("since 2020-12 the schemas of single items are `prefixItems`, and that of the rest is `items`"),
  "recursive-reference": same("a reference that nothing redefines is a `$ref`"),
  "reference-siblings": same("up to draft 07 the keywords beside `$ref` are ignored, so they are left out"),
  "later-keyword": same("the draft does not know this keyword and ignores it, so it is left out"),
  "named-part": same("a `$ref` to a part without a name: the part is a definition now"),
  "shared-type": same("a `$ref` to another file leads to the type that is made of it"),
  "equal-definition": same("another document has the same definition of this name: both are one type"),
  "definition-name": same("a definition's name is a type's name, and no other type of the catalogue has it"),
  title: same("the title of a definition would be its name in TypeScript; it is left out, or is the description"),
  "unused-definition": same("nothing refers to this definition, so it is left out"),
  "own-extension": same("`merp docs` wrote this extension, and it is the keyword again that it stands for"),
  "unknown-keyword": same("it is no keyword of JSON Schema, and validators ignore it: it is left out"),
  discriminator: same("it belongs to OpenAPI and decides nothing that the forms do not say: it is left out"),
  "content-schema": same("nothing checks what a text holds: it is left out"),
  examples: same("`examples` is a list since draft 06, and `example` belongs to OpenAPI"),
  nullable: looser("it belongs to OpenAPI, and validators of JSON Schema ignore it; null is allowed now"),
  "not-nullable": same('"nullable": false says what holds without it: it is left out'),
  format: looser("nothing here checks this format: it is a `$comment` now"),
  "pattern-escape": same("patterns are of the flag `u`, which refuses needless escapes: they are left out"),
  "unevaluated-closed": same("no other keyword evaluates anything here, so it says what `additional…` or `items` says"),
  unevaluated: looser("the publisher refuses undeclared properties anyway; a reader ignores them now"),
  "missing-type": tighter("without a `type` every other value was valid too; it has the type now that it describes"),
  "required-name": same("a required property that is not declared: it is declared now, with any value"),
  "repeated-name": same("a name is listed twice: once is enough"),
  "idle-keyword": same("the keyword has no effect without its partner: it is left out"),
  "dead-value": same("the `type` refuses these values of `enum`: they are left out"),
  "invalid-default": same("a publisher may not publish this default: it is left out"),
  "invalid-example": same("a publisher may not publish this example: it is left out"),
  description: same("a message has a description: it is made of the title or the type"),
  "made-example": same("a message has an example, and the schema has none that is valid: one is made of the schema"),
  "made-result": same("a command has a result, and nothing describes it: replace the one that is made"),
  kind: same("the kind is that of the channel or the operation; `--kind` is for those that tell none"),
};
