import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { kinds } from "../model/kind.js";
import type { Message, Model } from "../model/model.js";
import { isObject } from "../schema/walk.js";

/** Checks that every message declares its type, a description, an example and, for a command, payload and result. */
export function checkMessages(model: Model): readonly Problem[] {
  const problems = model.messages.flatMap((message) => [
    ...checkType(message),
    ...checkDescription(message),
    ...checkExamples(message),
    ...checkCommand(message),
    ...checkProperties(message),
  ]);
  const first = new Map<string, Message>();
  for (const message of model.messages) {
    const key = `${message.kind.kind} ${message.type}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, message);
    else {
      const path = message.kind.typeProperty === undefined ? [] : ["properties", message.kind.typeProperty, "const"];
      const sentence = `the type "${message.type}" is already declared in ${other.definition.source.shownPath}`;
      problems.push(message.definition.source.problem(path, sentence, { rule: "message-type" }));
    }
  }
  return problems;
}

function checkType({ kind, schema, definition: { source } }: Message): readonly Problem[] {
  if (kind.typeProperty === undefined) return [];
  const stated = schema.properties?.[kind.typeProperty]?.const;
  const path = ["properties", kind.typeProperty];
  if (typeof stated === "string") {
    if (/^\w[\w.:-]*$/.test(stated)) return [];
    const sentence = "a message type may contain only letters, digits, `.`, `_`, `:` and `-`";
    return [source.problem([...path, "const"], sentence, { rule: "message-type" })];
  }
  if (stated !== undefined) {
    return [source.problem([...path, "const"], "a message type must be a string", { rule: "message-type" })];
  }
  const other = kinds.find(
    ({ typeProperty }) => typeProperty !== undefined && schema.properties?.[typeProperty]?.const !== undefined,
  );
  const moved = other && `the folder ${other.folder}/, since it has a "${other.typeProperty}"`;
  const sentence = `a message in ${kind.folder}/ must declare its type: "${kind.typeProperty}": { "const": "…" }`;
  return [source.problem(path, sentence, { rule: "message-type", suggestion: moved })];
}

/** The runtime reads the top level of what it is given by name, and every object inherits some. */
function checkProperties({ schema, definition: { source } }: Message): readonly Problem[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    if (!Object.hasOwn(Object.prototype, name)) return [];
    const origin = originOf(property) ?? { source, path: ["properties", name] };
    const sentence = `every object in JavaScript inherits "${name}"; rename the property`;
    return [origin.source.problem(origin.path, sentence, { rule: "property-name", at: "key" })];
  });
}

function checkDescription({ definition: { source } }: Message): readonly Problem[] {
  const description = source.schema?.description;
  if (typeof description === "string" && description.trim() !== "") return [];
  return [source.problem([], 'a message must have a "description"', { rule: "message-text" })];
}

function checkExamples({ definition: { source } }: Message): readonly Problem[] {
  if (isObject(source.value) && "examples" in source.value) return [];
  const sentence = 'a message must have "examples", with at least one complete message';
  return [source.problem([], sentence, { rule: "message-text" })];
}

function checkCommand({ kind, schema, result, definition: { source } }: Message): readonly Problem[] {
  if (kind.kind !== "command") return [];
  const problems: Problem[] = [];
  if (schema.properties?.["payload"] === undefined) {
    const sentence = 'a command must declare a "payload": the data that its sender passes';
    problems.push(source.problem(["properties"], sentence, { rule: "message-parts" }));
  }
  if (result === undefined) {
    const sentence = 'a command must declare "$defs": { "result": … }: the data that its handler returns';
    problems.push(source.problem(["$defs"], sentence, { rule: "message-parts" }));
  }
  return problems;
}
