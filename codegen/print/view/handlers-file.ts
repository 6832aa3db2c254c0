import { handlerGroup, namesOf } from "../../model/names.js";
import { docComment } from "../../typescript/doc-comment.js";
import { type Import, printImports, specifier } from "../../typescript/import.js";
import { printList } from "../../typescript/literal.js";
import type { Layout } from "../layout.js";
import type { Entry } from "./entry.js";

/** The view of `handlers.ts`. */
export interface HandlersFileView {
  readonly source: string;
  readonly imports: readonly string[];
  readonly groups: readonly HandlerInterface[];
  /** `interface EventHandlers extends …`; empty if the catalogue has no events. */
  readonly allEvents: string;
  readonly others: readonly HandlerInterface[];
  readonly registerSignature: string;
  readonly exampleInterface: string;
  readonly methods: readonly string[];
}

interface HandlerInterface {
  readonly doc: string;
  readonly name: string;
  readonly methods: readonly { readonly doc: string; readonly text: string }[];
}

/** Builds the view of `handlers.ts`: the interfaces for handler classes, and the function that registers them. */
export function handlersFileView(entries: readonly Entry[], layout: Layout): HandlersFileView {
  const ofKind = (kind: string) => entries.filter((message) => message.kind.kind === kind);
  const groups = groupsOf(ofKind("event"));
  const others = [
    interfaceOf("CommandHandlers", "Handlers of commands. Each returns the result for the sender.", ofKind("command")),
    interfaceOf("NotificationHandlers", "Handlers of notifications.", ofKind("notification")),
    interfaceOf("HealthHandlers", "Handlers of health messages.", ofKind("health")),
  ].filter(({ methods }) => methods.length > 0);
  const all = [...(groups.length > 0 ? ["EventHandlers"] : []), ...others.map(({ name }) => name)];
  return {
    source: `${layout.schemasName}/`,
    imports: importsOf(entries, layout),
    groups,
    allEvents:
      groups.length === 0
        ? ""
        : printExtends(
            "EventHandlers",
            groups.map(({ name }) => name),
          ),
    others,
    exampleInterface: groups[0]?.name ?? others[0]?.name ?? "object",
    registerSignature: printList(
      "export function registerHandlers(",
      ["messaging: Subscriber & Responder", `handlers: Partial<${all.join(" & ") || "object"}>`],
      "): void {",
    ),
    methods: entries.map((message) => {
      const { subscribe, descriptor } = namesOf(message);
      return `${subscribe}: ${descriptor},`;
    }),
  };
}

function groupsOf(events: readonly Entry[]): readonly HandlerInterface[] {
  return [...byPrefix(events)].map(([prefix, messages]) =>
    interfaceOf(handlerGroup(prefix).name, `Handlers of the \`${prefix}\` events, for a class to implement.`, messages),
  );
}

function byPrefix(events: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const event of events) {
    const { prefix } = handlerGroup(event.type);
    const group = groups.get(prefix);
    if (group === undefined) groups.set(prefix, [event]);
    else group.push(event);
  }
  return groups;
}

function interfaceOf(name: string, doc: string, messages: readonly Entry[]): HandlerInterface {
  return { doc: docComment(doc), name, methods: messages.map(methodOf) };
}

function methodOf(message: Entry): { doc: string; text: string } {
  const names = namesOf(message);
  const { kind } = message.kind;
  const parameter = `${kind === "health" ? "report" : kind}: ${message.name}`;
  const returned = kind === "command" ? `${names.result} | Promise<${names.result}>` : "unknown";
  return {
    doc: message.doc,
    text: printList(`${names.subscribe}(`, [parameter, "context: MessageContext"], `): ${returned};`, 2),
  };
}

function printExtends(name: string, bases: readonly string[]): string {
  const oneLine = `export interface ${name} extends ${bases.join(", ")} {}`;
  return oneLine.length <= 120 ? oneLine : `export interface ${name}\n  extends ${bases.join(",\n    ")} {}`;
}

function importsOf(entries: readonly Entry[], layout: Layout): readonly string[] {
  return printImports([
    {
      from: layout.runtimeFrom("handlers"),
      values: ["registerHandlerMethods"],
      types: ["Responder", "Subscriber", ...(entries.length > 0 ? ["MessageContext"] : [])],
    },
    ...entries.map((message): Import => {
      const names = namesOf(message);
      const types = message.kind.kind === "command" ? [names.message, names.result] : [names.message];
      return { from: specifier("handlers", message.file), values: [names.descriptor], types };
    }),
  ]);
}
