import { Closing } from "../../runtime/contract/closing.js";
import type { PlainMessage } from "../../runtime/contract/codec.js";
import { markOf } from "../../runtime/contract/encrypt.js";
import { type Fields, fieldsOf } from "../../runtime/contract/field.js";
import { keysOf } from "../../runtime/contract/issue-path.js";
import { inPlace } from "../../runtime/contract/sensitive.js";
import { withoutTolerated } from "../../runtime/contract/tolerated.js";
import type { Issue } from "../../runtime/errors.js";
import { during } from "../load/failure.js";
import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { dependentsOf } from "../model/dependent.js";
import type { Message, Model } from "../model/model.js";
import type { Schema } from "../schema/schema.js";
import { Certainty } from "./certain.js";
import { Judge } from "./judge.js";
import { type Finding, misreading, passagesOf, shown } from "./round-trip.js";
import { Samples } from "./sample.js";
import { usesUnsound } from "./value.js";

/** So many values of a message are written and read. */
const MOST_VALUES = 24;
/** So many of its examples are among them. */
const MOST_EXAMPLES = 1;

/** A message without its result, or the result. */
type Part = Pick<Message, "definition" | "schema">;

/**
 * Tries every message for which no problem was found: makes values that its schema accepts, writes each as a publisher
 * does, in every form in which it may be written, reads it as a subscriber does, and compares. What cannot be made is not
 * tried.
 *
 * @param faulty files with problems; messages that use them are skipped
 * @param certainty says which messages are not tried because their schemas show what would come of it
 */
export async function checkTrials(
  model: Model,
  faulty: ReadonlySet<string>,
  certainty: Pick<Certainty, "of"> = new Certainty(model),
): Promise<readonly Problem[]> {
  const unreliable = dependentsOf(
    model.definitions.filter(({ source }) => faulty.has(source.shownPath)),
    model,
  );
  const sound = model.messages.filter(({ definition, schema, result }) => {
    const isUnreliable = unreliable.has(definition) || (result !== undefined && unreliable.has(result.definition));
    return !isUnreliable && !usesUnsound(schema, faulty);
  });
  const doubtful = sound.filter((message) => !certainty.of(message));
  if (doubtful.length === 0) return [];
  const trials = new Trials(model);
  const findings = doubtful.flatMap((message) =>
    during("trying", message.definition.source.shownPath, () => trials.of(message)),
  );
  if (findings.length === 0) return [];
  // Imported here because it brings Ajv, which most runs do not need.
  const { compileWriter } = await import("../../runtime/contract/validation.js");
  return problemsOf(findings, model, (schema, value) => compileWriter(model.flattener.whole(schema))(value)?.[0]);
}

/** What is wrong with a value of a message or of a result. Without a finding, a publisher may not write it. */
interface Failure {
  readonly part: Part;
  /** What the schema accepts. */
  readonly sample: unknown;
  /** The same with what is filled in. */
  readonly value: unknown;
  readonly finding?: Finding;
}

/** Tries messages. What becomes of one depends on nothing but its schema and the types that it refers to. */
class Trials {
  readonly #model: Model;
  readonly #closing: Closing;
  readonly #reader: Judge;
  readonly #writer: Judge;

  constructor(model: Model) {
    this.#model = model;
    const { flattener, byName, definitions } = model;
    const given = definitions.map((found) => [found.name, flattener.definition(found)] as const);
    this.#closing = new Closing(Object.fromEntries(given.map(([name, schema]) => [name, withoutTolerated(schema)])));
    this.#reader = new Judge((name) => {
      const found = byName.get(name);
      return found && flattener.definition(found);
    });
    this.#writer = new Judge((name) => this.#closing.definitions.get(name) as Schema | undefined);
  }

  of(message: Message): readonly Failure[] {
    const { definition, schema, type, result } = message;
    const fields = fieldsOf(this.#model.flattener.whole(schema));
    // A field that is encrypted is a text on the way, whatever its value.
    const isText = Object.values(fields.schema.properties ?? {}).some(
      (property) => markOf(inPlace(fields.schema, [property])) !== undefined,
    );
    const passages = isText ? [] : passagesOf(message, this.#model);
    const contract = { type, fields, isReadable: (value: unknown) => this.#reader.accepts(schema, value) };
    const failures = this.#tried(
      { definition, schema },
      (value) => completed(value as PlainMessage, fields),
      (value) => passages.flatMap((passage) => misreading(value as PlainMessage, contract, passage) ?? []),
    );
    const ofResult =
      result === undefined
        ? []
        : this.#tried(
            result,
            (value) => value,
            () => [],
          );
    return [...failures, ...ofResult];
  }

  #tried(
    part: Part,
    complete: (value: unknown) => unknown,
    misreadings: (value: unknown) => readonly Finding[],
  ): readonly Failure[] {
    const { schema } = part;
    const closed = this.#closing.close(withoutTolerated(schema)) as Schema;
    const examples = (schema.examples ?? []).slice(0, MOST_EXAMPLES);
    const samples = new Samples(this.#model, this.#reader).of(schema).slice(0, MOST_VALUES - examples.length);
    return [...samples, ...examples].flatMap((sample): readonly Failure[] => {
      const value = complete(sample);
      const failure = { part, sample, value };
      if (!this.#writer.accepts(closed, value)) return [failure];
      if (this.#reader.accepts(schema, value)) return misreadings(value).map((finding) => ({ ...failure, finding }));
      const sentence = `${shown(value)} may be written, and its readers refuse it`;
      return [{ ...failure, finding: { keys: [], sentence } }];
    });
  }
}

/** A message with the constants and defaults that are filled in for its publisher. */
function completed(message: PlainMessage, { list }: Fields): PlainMessage {
  const filledIn = list.flatMap(({ name, constant, default: byDefault }) => {
    const value = Object.hasOwn(message, name) ? undefined : (constant ?? byDefault);
    return value === undefined ? [] : [[name, value] as const];
  });
  return filledIn.length === 0 ? message : { ...message, ...Object.fromEntries(filledIn) };
}

/** The problems at their places. One mistake is found by many values. */
function problemsOf(
  failures: readonly Failure[],
  model: Model,
  issueOf: (schema: Schema, value: unknown) => Issue | undefined,
): readonly Problem[] {
  const found = new Map<string, Problem>();
  for (const failure of failures) {
    const { schema, definition } = failure.part;
    const finding = failure.finding ?? refusal(issueOf(schema, failure.value), failure);
    if (finding === undefined) continue;
    const { source, path } = originOf(schemaAt(schema, finding.keys, model)) ?? definition;
    const problem = source.problem(path, finding.sentence, { rule: "round-trip" });
    const place = `${problem.file} ${problem.pointer}`;
    if (!found.has(place)) found.set(place, problem);
  }
  return [...found.values()];
}

/** Ajv has the last word on what is refused. */
function refusal(issue: Issue | undefined, { sample, value }: Failure): Finding | undefined {
  if (issue === undefined) return undefined;
  const filledIn = Object.keys(value ?? {}).filter((name) => !Object.hasOwn(sample ?? {}, name));
  const cause = filledIn.length === 0 ? "" : `with ${filledIn.map((name) => `"${name}"`).join(", ")} filled in, `;
  const reason = `${cause}${issue.path || "it"} ${issue.message}`;
  const keys = filledIn.length === 0 ? keysOf(issue.path).map(String) : filledIn.slice(0, 1);
  return { keys, sentence: `its schema accepts ${shown(sample)}, and a publisher may not write that: ${reason}` };
}

/** The schema of a place, or the nearest one around it. */
function schemaAt(schema: Schema, keys: readonly string[], { flattener }: Model): Schema {
  let at = schema;
  for (const key of keys) {
    const { properties = {} } = flattener.expand(at);
    if (!Object.hasOwn(properties, key)) break;
    at = properties[key] as Schema;
  }
  return at;
}
