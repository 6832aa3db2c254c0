import { fileOf, type Message, type Model } from "../../model/model.js";
import { namesOf } from "../../model/names.js";
import { docComment } from "../../typescript/doc-comment.js";
import { stringLiteral } from "../../typescript/escape.js";
import { type Import, printImports, specifier } from "../../typescript/import.js";
import { printKey, printList } from "../../typescript/literal.js";
import type { Layout } from "../layout.js";

/** The view of `catalogue.ts`. */
export interface CatalogueFileView {
  readonly source: string;
  readonly imports: readonly string[];
  /** The interfaces that map each type to its message. */
  readonly maps: readonly { readonly doc: string; readonly text: string }[];
  readonly name: string;
  readonly encoding: string;
  readonly messages: string;
  readonly hasNotifications: boolean;
}

/** Builds the view of `catalogue.ts`, which lists all messages. */
export function catalogueFileView(model: Model, layout: Layout): CatalogueFileView {
  const ofKind = (kind: string) => model.messages.filter((message) => message.kind.kind === kind);
  const hasNotifications = ofKind("notification").length > 0;
  const maps = [
    mapOf("EventMap", "event", ofKind("event")),
    mapOf("CommandMap", "command", ofKind("command")),
    mapOf("NotificationMap", "notification", ofKind("notification")),
  ];
  return {
    source: `${layout.schemasName}/`,
    imports: printImports([
      {
        from: layout.runtimeFrom("catalogue"),
        values: ["createMessagingFor", "MessagingFacade"],
        types: [
          "Catalogue",
          "Descriptor",
          "InitOptions",
          "Messaging as MessagingOf",
          "MessagingOptions",
          "Published",
          ...(hasNotifications ? ["Listening", "ListenOptions", "NotificationListener", "NotificationTarget"] : []),
        ],
      },
      ...model.messages.map((message): Import => {
        const isMapped = message.kind.kind !== "health";
        const from = specifier("catalogue", fileOf(message.definition));
        return { from, values: [namesOf(message).descriptor], types: isMapped ? [message.name] : [] };
      }),
    ]),
    maps,
    hasNotifications,
    name: stringLiteral(model.config.name),
    encoding: stringLiteral(model.config.encoding),
    messages: printList(
      "  messages: /* @__PURE__ */ Array.of<Descriptor>(",
      model.messages.map((message) => namesOf(message).descriptor),
      "),",
      2,
    ),
  };
}

function mapOf(name: string, noun: string, messages: readonly Message[]): { doc: string; text: string } {
  const entries = messages.map((message) => `  ${printKey(message.type)}: ${message.name};\n`);
  const body = entries.length === 0 ? "{}" : `{\n${entries.join("")}}`;
  return { doc: docComment(`Every ${noun} by its type.`), text: `export interface ${name} ${body}` };
}
