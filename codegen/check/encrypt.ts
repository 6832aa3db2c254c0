import { type EncryptMark, hasEncrypted, markOf, reachesEncrypted } from "../../runtime/contract/encrypt.js";
import { inPlace } from "../../runtime/contract/sensitive.js";
import { subjectField } from "../../runtime/contract/subject.js";
import { during } from "../load/failure.js";
import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { typesOf } from "../model/implies.js";
import type { Message, Model } from "../model/model.js";
import { annotations } from "../schema/keyword.js";
import type { Schema } from "../schema/schema.js";
import { walk } from "../schema/walk.js";

const rule = "encrypt";

/** Keywords below which nothing can be encrypted, each with the reason. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["patternProperties", 'which names a pattern matches decides a regular expression; use "additionalProperties"'],
  ["propertyNames", "it describes names, which are read without keys"],
  ["contains", "whether an item is one that it describes cannot be told once it is encrypted"],
  ...["not", "if", "then", "else", "dependentSchemas"].map((keyword): [string, string] => [
    keyword,
    "whether it applies cannot be told once the value is encrypted",
  ]),
]);

/** The fields that are read without keys, wherever a message is looked for, sent on or told of. */
const READ_WITHOUT_KEYS = new Set([
  ...["id", "timestamp", "source_service", "correlation_id", "metadata", "type", "event_type", "command_type"],
  ...[
    "notification_type",
    "entity_type",
    "entity_id",
    "company_id",
    "user_id",
    "target_service",
    "reply_to",
    "timeout",
  ],
  ...["target_user_id", "target_company_id", "channel", "priority", "expires_at"],
]);

/** Checks what is to be encrypted: that it can be, and that readers find it. */
export function checkEncrypt(model: Model): readonly Problem[] {
  const marked = model.definitions.filter((definition) =>
    /"(?:encrypt|subject)":(?:true|["[])/.test(JSON.stringify(model.flattener.definition(definition))),
  );
  if (marked.length === 0) return [];
  return [
    ...marked.flatMap((definition) =>
      during("checking", definition.source.shownPath, () => checkMarks(model.flattener.definition(definition))),
    ),
    ...model.messages.flatMap((message) =>
      during("checking", message.definition.source.shownPath, () => checkMessage(message, model)),
    ),
  ];
}

/** What a schema says of encryption, wherever it stands. */
function checkMarks(schema: Schema): readonly Problem[] {
  return walk(schema).flatMap(([path, inner]) => {
    if (inner.encrypt === undefined) {
      if (inner.subject === undefined) return [];
      return problemAt(inner, "subject", '"subject" has no effect without "encrypt"');
    }
    const within = path.find((keyword, at) => REFUSED.has(keyword) && path[at - 1] !== "properties");
    return [
      ...(inner.sensitive === true
        ? []
        : problemAt(
            inner,
            "encrypt",
            'must be "sensitive" too, so that no error text repeats it; add "sensitive": true',
          )),
      ...(within === undefined
        ? []
        : problemAt(inner, "encrypt", `cannot be encrypted below "${within}": ${REFUSED.get(within)}`)),
    ];
  });
}

function checkMessage(message: Message, model: Model): readonly Problem[] {
  const whole = model.flattener.whole(message.schema);
  const result = message.result && model.flattener.whole(message.result.schema);
  return [
    ...(hasEncrypted(whole) ? new Places(whole, message, false).problems() : []),
    ...(result !== undefined && hasEncrypted(result) ? new Places(result, message, true).problems() : []),
  ];
}

/** The places of one message, or of one result. */
class Places {
  readonly #root: Schema;
  readonly #message: Message;
  readonly #isResult: boolean;
  readonly #seen = new Set<string>();
  readonly #numbers = new Map<unknown, number>();
  readonly #found: Problem[] = [];

  constructor(root: Schema, message: Message, isResult: boolean) {
    this.#root = root;
    this.#message = message;
    this.#isResult = isResult;
  }

  problems(): readonly Problem[] {
    const { type, kind } = this.#message;
    if (!reachesEncrypted(this.#root, [this.#root])) return [];
    if (kind.kind === "health") {
      this.#add(this.#anyMark(), "encrypt", "a health report has no id, to which a ciphertext could be bound");
      return this.#found;
    }
    if (markOf(inPlace(this.#root, [this.#root])) !== undefined) {
      const what = this.#isResult ? "result" : "message";
      this.#add(
        this.#root,
        "encrypt",
        `a whole ${what} cannot be encrypted: mark the properties of ${type} that are secret`,
      );
      return this.#found;
    }
    this.#visit([this.#root], true);
    return this.#found;
  }

  /** @param schemas - all that apply to one value */
  #visit(schemas: readonly unknown[], isTop: boolean): void {
    const all = inPlace(this.#root, schemas) as readonly Schema[];
    const key = all
      .map((schema) => this.#numberOf(schema))
      .sort((a, b) => a - b)
      .join();
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const names = new Set(all.flatMap(({ properties = {} }) => Object.keys(properties)));
    for (const name of names) {
      const children = all.flatMap(({ properties = {}, additionalProperties }) => {
        const child = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
        return typeof child === "object" ? [child] : [];
      });
      const mark = this.#judge(children);
      if (mark !== undefined && isTop && !this.#isResult && READ_WITHOUT_KEYS.has(name)) {
        const sentence = `"${name}" is read without keys, where messages are sent on, looked for or told of; it cannot be encrypted`;
        this.#add(children[0] as Schema, "encrypt", sentence);
      }
      if (mark === undefined) this.#visit(children, false);
    }
    const others = [
      all.flatMap(({ additionalProperties: child }) => (typeof child === "object" ? [child] : [])),
      all.flatMap(({ items }) => (typeof items === "object" ? [items] : [])),
      ...all.flatMap(({ prefixItems = [] }) => prefixItems.map((item) => [item])),
    ];
    for (const children of others) if (this.#judge(children) === undefined) this.#visit(children, false);
  }

  /** What these schemas, which may apply to one value, say of it. They have to agree. */
  #judge(children: readonly Schema[]): EncryptMark | undefined {
    const marks = children.map((child) => markOf(inPlace(this.#root, [child])));
    const at = marks.findIndex((mark) => mark !== undefined);
    const mark = marks[at];
    if (mark === undefined) return undefined;
    for (const [index, child] of children.entries()) {
      const other = marks[index];
      if (other?.encrypt !== mark.encrypt || other.subject?.join() !== mark.subject?.join()) {
        const sentence =
          "is encrypted by one schema, and not in the same way by another that applies to the same value";
        this.#add(children[at] as Schema, "encrypt", sentence);
      } else if (child.encrypt === undefined && !onlyRefers(child)) {
        this.#add(
          child,
          undefined,
          'the whole value is encrypted: "encrypt" and "sensitive" have to stand here, beside the other keywords',
        );
      }
    }
    this.#checkSubject(children[at] as Schema, mark);
    return mark;
  }

  /** One of the fields has to name the person in each message. What of a result is encrypted is not kept. */
  #checkSubject(child: Schema, { subject = [] }: EncryptMark): void {
    if (this.#isResult || subject.length === 0) return;
    const { type } = this.#message;
    if (subject.some((one) => this.#names(one))) return;
    const hasKind = typeof this.#root.properties?.["entity_type"]?.const === "string";
    const paths = subject.map((one) => subjectField(one).path.join(".")).join(" and ");
    const isKindless = subject.some((one) => subjectField(one).kind === undefined);
    const sentence =
      isKindless && !hasKind && subject.some((one) => this.#names(`any:${one}`))
        ? `${type} has no constant "entity_type"; write the kind of person before it: "user:entity_id"`
        : `"subject" must name a required field that is a text or a whole number, and is not encrypted: ${paths} of ${type} is none`;
    this.#add(child, "subject", sentence);
  }

  /** Whether a field names a person in every message. */
  #names(subject: string): boolean {
    const { kind, path } = subjectField(subject);
    if (kind === undefined && typeof this.#root.properties?.["entity_type"]?.const !== "string") return false;
    let at: Schema | undefined = this.#root;
    for (const key of path) {
      const all: readonly Schema[] = at === undefined ? [] : (inPlace(this.#root, [at]) as readonly Schema[]);
      const isRequired = all.some(({ required = [] }) => required.includes(key));
      at = isRequired
        ? all.find(({ properties = {} }) => Object.hasOwn(properties, key))?.properties?.[key]
        : undefined;
    }
    const all = at === undefined ? [] : (inPlace(this.#root, [at]) as readonly Schema[]);
    const types = new Set(all.flatMap((schema) => typesOf(schema) ?? []));
    const isNamed = types.size > 0 && [...types].every((one) => one === "string" || one === "integer");
    return isNamed && markOf(all) === undefined;
  }

  #anyMark(): Schema {
    const { $defs = {} } = this.#root;
    const all = [this.#root, ...Object.values($defs)].flatMap((schema) => walk(schema).map(([, inner]) => inner));
    return all.find(({ encrypt }) => encrypt !== undefined) ?? this.#root;
  }

  #add(schema: Schema, keyword: string | undefined, sentence: string): void {
    // The mark may stand in the type that it refers to.
    const places = inPlace(this.#root, [schema]) as readonly Schema[];
    const marked = keyword === undefined ? schema : (places.find((one) => Object.hasOwn(one, keyword)) ?? schema);
    const found = problemAt(marked, keyword, sentence);
    this.#found.push(...(found.length > 0 ? found : [this.#message.definition.source.problem([], sentence, { rule })]));
  }

  #numberOf(schema: unknown): number {
    const number = this.#numbers.get(schema) ?? this.#numbers.size;
    this.#numbers.set(schema, number);
    return number;
  }
}

function onlyRefers(schema: Schema): boolean {
  return schema.$ref !== undefined && Object.keys(schema).every((name) => name === "$ref" || annotations.has(name));
}

function problemAt(schema: Schema, keyword: string | undefined, sentence: string): readonly Problem[] {
  const origin = originOf(schema, (written) => keyword === undefined || Object.hasOwn(written, keyword));
  if (origin === undefined) return [];
  const path = keyword === undefined ? origin.path : [...origin.path, keyword];
  return [origin.source.problem(path, sentence, { rule, at: "key" })];
}
