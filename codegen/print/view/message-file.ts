import { hasEncrypted } from "../../../runtime/contract/encrypt.js";
import { isIdentifier } from "../../model/casing.js";
import type { Definition } from "../../model/definition.js";
import { fileOf, localDefinitions, type Message, type Model } from "../../model/model.js";
import { type MessageNames, namesOf } from "../../model/names.js";
import { refTo } from "../../schema/definition-ref.js";
import { deprecationOf } from "../../typescript/doc-comment.js";
import { commentText, stringLiteral } from "../../typescript/escape.js";
import { type Import, printImports, specifier } from "../../typescript/import.js";
import { LINE_WIDTH, printList } from "../../typescript/literal.js";
import type { TypePrinter } from "../../typescript/type-printer.js";
import type { Layout } from "../layout.js";
import { type Declaration, declare, type NamedSchema } from "./declaration.js";
import { erasedTypes, writtenType } from "./erasable.js";
import { emitExample, handleExample, inputSchema } from "./example-call.js";
import { runtimeNames } from "./runtime-import.js";

/** The view of a message file. */
export interface MessageFileView {
  readonly source: string;
  readonly type: string;
  /** The name of a handler's parameter in examples. */
  readonly noun: string;
  /** The access to a property that a handler is likely to read: `.after_data`. */
  readonly propertyAccess: string;
  readonly names: MessageNames;
  readonly imports: readonly string[];
  readonly declarations: readonly Declaration[];
  /** The descriptor as the helpers pass it. */
  readonly contract: string;
  /** The same as it is exported. */
  readonly descriptor: string;
  readonly emitSignature: string;
  readonly emitCall: string;
  readonly emitExample: readonly string[];
  readonly subscribeSignature: string;
  readonly subscribeCall: string;
  /** The lines of an example call that handles a command. */
  readonly handleExample: readonly string[];
  /** The tag of a message that is deprecated. */
  readonly deprecated: string | undefined;
}

/** The types that a message file declares. */
export function declaredByMessage(message: Message, model: Model): readonly NamedSchema[] {
  const locals = localDefinitions(message, model);
  return [
    ...typesOf(message, namesOf(message)),
    ...locals.map((local) => ({ name: local.name, schema: model.flattener.definition(local) })),
  ];
}

/** Builds the view of a message file. */
export function messageFileView(message: Message, model: Model, layout: Layout, types: TypePrinter): MessageFileView {
  const names = namesOf(message);
  const file = fileOf(message.definition);
  const declared = declaredByMessage(message, model);
  const own = new Set(declared.map(({ name }) => name));
  const used = new Set(declared.flatMap(({ schema }) => [...types.namesIn(schema)]).filter((name) => !own.has(name)));
  const input = writtenType(names.input, inputSchema(message), model);
  const { values, types: runtimeTypes } = runtimeNames(message.kind.kind);
  const further = [...erasedTypes(declared), ...(input === names.input ? [] : ["Unerased"])];
  const runtime = { from: layout.runtimeFrom(file), values, types: [...runtimeTypes, ...further] };
  const schemas = [...(message.result === undefined ? [] : ["result"]), "schema"];
  return {
    source: `${layout.schemasName}/${message.definition.source.path}`,
    type: message.type,
    noun: message.kind.kind === "health" ? "report" : message.kind.kind,
    propertyAccess: printAccess(inputSchema(message).required?.at(-1) ?? "timestamp"),
    names,
    imports: printImports([
      runtime,
      { from: specifier(file, `schemas/${file}`), values: schemas },
      ...(layout.isStandalone ? [{ from: specifier(file, `checks/${file}`), values: ["checks"] }] : []),
      ...typeImports(file, used, model.byName),
    ]),
    declarations: declared.map((named) => declare(named, types)),
    ...(message.kind.kind === "command"
      ? commandSignatures(message, { ...names, input }, model, layout)
      : publishSignatures(message, { ...names, input }, model, layout)),
    emitExample: linesOf(emitExample(message)),
    handleExample: linesOf(handleExample(message)),
    deprecated: deprecationOf(message.schema),
  };
}

/** The imports of the types that a file uses, one for each file that declares some. */
export function typeImports(
  file: string,
  used: ReadonlySet<string>,
  definitions: ReadonlyMap<string, Definition>,
): readonly Import[] {
  const byFile = new Map<string, string[]>();
  for (const name of used) {
    const definition = definitions.get(name);
    if (definition === undefined) continue;
    const from = specifier(file, fileOf(definition));
    const types = byFile.get(from);
    if (types === undefined) byFile.set(from, [name]);
    else types.push(name);
  }
  return [...byFile].map(([from, types]) => ({ from, types }));
}

function typesOf(message: Message, names: MessageNames): readonly NamedSchema[] {
  const whole = { name: names.message, schema: message.schema };
  if (message.kind.kind !== "command") {
    const doc = `The argument of {@link ${names.emit}}: {@link ${names.message}} without the fields that the runtime fills in.`;
    return [whole, { name: names.input, schema: inputSchema(message), doc }];
  }
  const properties = message.schema.properties ?? {};
  const payload = properties["payload"] ?? {};
  const { description = "" } = payload;
  const linked = { $ref: refTo(names.input), description };
  const schema = { ...message.schema, properties: { ...properties, payload: linked } };
  const doc = `The argument of {@link ${names.emit}}: the \`payload\` of {@link ${names.message}}.`;
  // `$defs/payload` has this name and is declared with the file's other definitions.
  const isLocal = payload.$ref === refTo(names.input);
  return [
    { ...whole, schema },
    ...(isLocal ? [] : [{ name: names.input, schema: payload, doc }]),
    ...(message.result === undefined ? [] : [{ name: names.result, schema: message.result.schema }]),
  ];
}

/** The access to a property, for a comment. */
function printAccess(property: string): string {
  return isIdentifier(property) ? `.${property}` : commentText(`[${stringLiteral(property)}]`);
}

function publishSignatures(message: Message, names: MessageNames, model: Model, layout: Layout) {
  const { kind } = message.kind;
  const noun = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return {
    ...printDescriptor(`${noun}Descriptor<${names.message}, ${names.input}>`, message, model, layout),
    emitSignature: printList(
      `export function ${names.emit}<Outcome>(`,
      ["messaging: Publisher<Outcome>", `message: ${names.input}`, "options?: PublishOptions"],
      "): Promise<Outcome> {",
    ),
    emitCall: printCall(`return messaging.publish<${names.input}>(`, "message"),
    subscribeSignature: printList(
      `export function ${names.subscribe}(`,
      ["messaging: Subscriber", `handler: ${names.handler}`, `options?: HandlerOptions<${names.message}>`],
      "): void {",
    ),
    subscribeCall: printCall(`messaging.on<${names.message}>(`, "handler"),
  };
}

function commandSignatures(message: Message, names: MessageNames, model: Model, layout: Layout) {
  const payload = message.schema.properties?.["payload"];
  const isOptional = payload !== undefined && payload.$ref === undefined && (payload.required ?? []).length === 0;
  return {
    ...printDescriptor(`CommandDescriptor<${names.message}, ${names.input}, ${names.result}>`, message, model, layout),
    emitSignature: printList(
      `export function ${names.emit}(`,
      ["messaging: Sender", `payload: ${names.input}${isOptional ? " = {}" : ""}`, "options?: SendOptions"],
      `): Promise<${names.result}> {`,
    ),
    emitCall: printCall(`return messaging.send<${names.input}, ${names.result}>(`, "payload"),
    subscribeSignature: printList(
      `export function ${names.subscribe}(`,
      ["messaging: Responder", `handler: ${names.handler}`, "options?: CommandOptions"],
      "): void {",
    ),
    subscribeCall: printCall(`messaging.handle<${names.message}, ${names.result}>(`, "handler"),
  };
}

/** The statement of a helper. Its types are explicit because inferring them slows the type checker down. */
function printCall(call: string, given: string): string {
  return printList(call, ["contract", given, "options"], ");", 2);
}

/**
 * The descriptor as two constants of one object. The helpers use the first, which is data alone; the second brings the
 * validator of a Standard Schema, and bundlers drop it where only helpers are used.
 */
function printDescriptor(type: string, message: Message, model: Model, layout: Layout) {
  const { kind, folder } = message.kind;
  const fields = [
    ...[`kind: ${stringLiteral(kind)}`, `type: ${stringLiteral(message.type)}`, `stream: ${stringLiteral(folder)}`],
    "schema",
    ...(kind === "command" ? ["result"] : []),
    ...(layout.isStandalone ? ["checks"] : []),
    ...(encrypts(message, model) ? ["encrypts: true"] : []),
  ];
  const head = `export const ${namesOf(message).descriptor}: ${type} =`;
  const call = "/* @__PURE__ */ withStandard(contract);";
  const fits = head.length + 1 + call.length <= LINE_WIDTH;
  return {
    contract: printList(`const contract: WithoutStandard<${type}> = {`, fields, "};"),
    descriptor: `${head}${fits ? " " : "\n  "}${call}`,
  };
}

/** Each definition is looked into once, however many messages need it. */
function encrypts({ schema, result }: Message, { flattener }: Model): boolean {
  const roots = result === undefined ? [schema] : [schema, result.schema];
  return roots.some(
    (root) =>
      hasEncrypted(root) || flattener.closure(root).some((needed) => hasEncrypted(flattener.definition(needed))),
  );
}

/** The lines of a comment. */
function linesOf(code: string): readonly string[] {
  return code === "" ? [] : commentText(code).split("\n");
}
