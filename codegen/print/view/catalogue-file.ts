import type { CatalogueConfig } from "../../load/config.js";
import { namesOf } from "../../model/names.js";
import { docComment } from "../../typescript/doc-comment.js";
import { stringLiteral } from "../../typescript/escape.js";
import { type Import, printImports, specifier } from "../../typescript/import.js";
import { printKey, printList } from "../../typescript/literal.js";
import type { Layout } from "../layout.js";
import type { Entry } from "./entry.js";

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
export function catalogueFileView(
  messages: readonly Entry[],
  config: CatalogueConfig,
  layout: Layout,
): CatalogueFileView {
  const ofKind = (kind: string) => messages.filter((message) => message.kind.kind === kind);
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
      ...messages.map((message): Import => {
        const isMapped = message.kind.kind !== "health";
        const from = specifier("catalogue", message.file);
        return { from, values: [namesOf(message).descriptor], types: isMapped ? [message.name] : [] };
      }),
    ]),
    maps,
    hasNotifications,
    name: stringLiteral(config.name),
    encoding: stringLiteral(config.encoding),
    messages: printList(
      "  messages: /* @__PURE__ */ Array.of<Descriptor>(",
      messages.map((message) => namesOf(message).descriptor),
      "),",
      2,
    ),
  };
}

function mapOf(name: string, noun: string, messages: readonly Entry[]): { doc: string; text: string } {
  const entries = messages.map((message) => `  ${printKey(message.type)}: ${message.name};\n`);
  const body = entries.length === 0 ? "{}" : `{\n${entries.join("")}}`;
  return { doc: docComment(`Every ${noun} by its type.`), text: `export interface ${name} ${body}` };
}
