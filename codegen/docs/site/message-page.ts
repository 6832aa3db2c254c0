import type { Descriptor } from "../../../runtime/contract/descriptor.js";
import { type Content, html, joined, prose } from "../../../runtime/contract/html.js";
import { localDefinitions, type Message } from "../../model/model.js";
import { namesOf } from "../../model/names.js";
import { emitExample, handleExample } from "../../print/view/example-call.js";
import type { Schema } from "../../schema/schema.js";
import { keyOf, type Subject, servicesOf } from "../subject.js";
import { exampleOnWire } from "../wire.js";
import { addressOf, pageOf, servicePage, typeAnchor } from "./address.js";
import { jsonBlock, wireExamples } from "./example.js";
import { type Flow, flowPicture } from "./flow-picture.js";
import { historyList } from "./history-list.js";
import { INDEX, type Page } from "./page.js";
import { Properties } from "./properties.js";

/** The page of a message. */
export function messagePage(message: Message, descriptor: Descriptor, subject: Subject): Page {
  const { model } = subject;
  const path = pageOf(message.definition);
  const { kind, folder, filledIn } = message.kind;
  const { schema } = message;
  const properties = new Properties(model, path, { filledIn });
  const [example] = (schema.examples ?? []) as readonly object[];
  const sections: readonly (readonly [anchor: string, title: string, content: Content])[] = [
    ["carries", "What it carries", carried(message, properties)],
    ["answer", "Answer", kind === "command" && answer(message, properties)],
    ["types", "Its types", types(message, subject, properties)],
    ["services", "Services", flow(message, subject, path)],
    ["code", "In TypeScript", code(message, subject)],
    [
      "example",
      "On the wire",
      example !== undefined && [
        wire(message),
        wireExamples(descriptor, exampleOnWire(example, schema, model), model.config.encoding),
      ],
    ],
    ["history", "History", historyList(keyOf({ kind, type: message.type }), subject.history)],
  ];
  const present = sections.filter(([, , content]) => content !== false);
  const main = html`<p class="crumbs"><a href="${addressOf(INDEX, path)}">${model.config.name}</a> / <a href="${addressOf(INDEX, path, `:${folder}`)}">${folder}</a></p>
<h1><span class="kind ${kind}">${kind}</span> <span class="says">${message.type}</span></h1>
${schema.deprecated === true && html`<p class="banner">This ${kind} is deprecated: it is still read, and should not be written any more.</p>`}
<p class="lead says">${prose(schema.description)}</p>
<ul class="jumps">${present.map(([anchor, title]) => html`<li><a href="#:${anchor}">${title}</a></li>`)}</ul>
${present.map(
  ([
    anchor,
    title,
    content,
  ]) => html`<section id=":${anchor}" aria-labelledby=":${anchor}-title"><h2 id=":${anchor}-title"><a href="#:${anchor}">${title}</a></h2>
${content}</section>
`,
)}`;
  return { path, title: `${message.type} (${kind})`, main, about: message };
}

/** The properties of the message's own file first, and those of the envelope folded. */
function carried(message: Message, properties: Properties): Content {
  const { schema, definition } = message;
  const all = Object.keys(schema.properties ?? {});
  const written = definition.schema.properties ?? {};
  const isOwn = (name: string): boolean =>
    Object.hasOwn(written, name) && schema.properties?.[name]?.const === undefined;
  const own = definition.schema.$ref === undefined ? all : all.filter(isOwn);
  const rest = all.filter((name) => !own.includes(name));
  return [
    properties.list(schema, own),
    properties.beside(schema),
    rest.length > 0 &&
      html`<details class="envelope"${own.length === 0 && html` open`}><summary>The envelope: ${rest.length} properties that messages of this kind have in common</summary>
${properties.list(schema, rest)}</details>`,
    html`<p class="note">A publisher may write no other name than these; a reader ignores names that it does not know, unless an object is marked as closed.</p>`,
  ];
}

function answer({ result }: Message, properties: Properties): Content {
  if (result === undefined) return false;
  const { schema, definition } = result;
  const [example] = schema.examples ?? [];
  return html`<div id="${typeAnchor(definition)}">${[
    schema.description !== undefined && html`<p class="says">${prose(schema.description)}</p>`,
    properties.whole(schema, ":answer"),
    example !== undefined && html`<figure><figcaption>For example</figcaption>${jsonBlock(example)}</figure>`,
  ]}</div>`;
}

/** The definitions that only this message has. */
function types(message: Message, { model }: Subject, properties: Properties): Content {
  const own = localDefinitions(message, model);
  return (
    own.length > 0 &&
    own.map((definition) => {
      const schema = model.flattener.definition(definition);
      return typeSection({ name: definition.name, schema, anchor: typeAnchor(definition), level: 3 }, properties);
    })
  );
}

/** A type as a page shows it. */
interface ShownType {
  readonly name: string;
  readonly schema: Schema;
  /** Begins the anchors of its properties. */
  readonly anchor: string;
  /** The level of its heading. */
  readonly level: 2 | 3;
}

/** A type under a heading of its own. */
export function typeSection(
  { name, schema, anchor, level }: ShownType,
  properties: Properties,
  further: Content = false,
): Content {
  const own = typeAnchor({ name });
  return html`<section class="type-section" id="${own}"><h${level}><a href="#${own}">${name}</a>${schema.deprecated === true && html` <span class="flag warning">deprecated</span>`}</h${level}>
${properties.value(schema, name, anchor)}
${further}</section>
`;
}

function flow(message: Message, subject: Subject, path: string): Content {
  const { publishers, handlers } = servicesOf(message, subject.services);
  if (subject.services.length === 0) return false;
  const boxOf = ({ name }: { readonly name: string }) => ({
    label: name,
    address: addressOf(servicePage(name), path),
    kind: "service",
  });
  const { type } = message;
  const picture: Flow = {
    publishers: publishers.map(boxOf),
    messages: [{ label: type, address: "#:carries", kind: message.kind.kind }],
    handlers: handlers.map(boxOf),
    published: publishers.map(({ name }) => ({ from: name, to: type })),
    handled: handlers.map(({ name }) => ({ from: type, to: name })),
  };
  const list = (services: readonly { readonly name: string }[]): Content =>
    services.length === 0
      ? "nobody, as far as is declared"
      : joined(
          services.map(({ name }) => html`<a href="${addressOf(servicePage(name), path)}">${name}</a>`),
          ", ",
          " and ",
        );
  return html`${flowPicture(picture)}
<p>Published by ${list(publishers)}; handled by ${list(handlers)}.</p>`;
}

function code(message: Message, { model }: Subject): Content {
  const names = namesOf(message);
  const from = JSON.stringify(
    `./${model.config.output.split("/").findLast((part) => part !== "") ?? "generated"}/index.js`,
  );
  const isCommand = message.kind.kind === "command";
  const parameter = message.kind.kind === "health" ? "report" : message.kind.kind;
  const body = isCommand
    ? handleExample(message)
    : `${names.subscribe}(messaging, async (${parameter}) => {\n  console.log(${parameter});\n});`;
  const block = (helper: string, text: string): Content =>
    text !== "" &&
    html`<pre tabindex="0"><code>import { ${helper} } from ${from};

${text}</code></pre>`;
  return html`<h3>${isCommand ? "Send" : message.kind.kind === "notification" ? "Notify" : "Publish"}</h3>
${block(names.emit, emitExample(message))}
<h3>Handle</h3>
${block(names.subscribe, body)}`;
}

function wire({ kind: { kind, folder, typeProperty } }: Message): Content {
  const stream = html`<code>${folder}</code>`;
  const group = html`<code>&lt;service&gt;-workers</code>`;
  const told =
    typeProperty === undefined
      ? ""
      : html` Its type is in the field <code>${typeProperty}</code>, or <code>message_type</code>.`;
  const further = {
    event: "",
    health: "",
    command: html` Its answer is published as JSON on the Pub/Sub channel that <code>reply_to</code> names.`,
    notification: html` It is also published as JSON on one Pub/Sub channel: <code>notifications:user:&lt;id&gt;</code>, <code>notifications:company:&lt;id&gt;</code> or <code>notifications:&lt;channel&gt;</code>.`,
  }[kind];
  return html`<p>An entry of the stream ${stream}, which each service reads in its group ${group}. Outside of development, <code>ENVIRONMENT</code> and a colon come before the stream's name.${told}${further}</p>`;
}
