import { type Content, html, prose } from "../../../runtime/contract/html.js";
import type { Service } from "../../load/service.js";
import type { Message } from "../../model/model.js";
import { firstSentence, type Subject } from "../subject.js";
import { addressOf, pageOf, servicePage } from "./address.js";
import { type Flow, flowPicture } from "./flow-picture.js";
import { INDEX, type Page } from "./page.js";

/** So many messages are in one picture. */
const MOST_IN_PICTURE = 40;

/** The flow of the messages that some services publish or handle; nothing if they are too many for a picture. */
export function flowOf(services: readonly Service[], subject: Subject, path: string): Content {
  const named = new Set(services.flatMap(({ publishes, handles }) => [...publishes, ...handles]));
  const messages = subject.model.messages.filter(({ type }) => named.has(type));
  if (messages.length === 0) return false;
  if (messages.length > MOST_IN_PICTURE) {
    return html`<p class="note">${messages.length} messages are too many for one picture; the page of each service has its own.</p>`;
  }
  const boxOf = ({ name }: Service) => ({ label: name, address: addressOf(servicePage(name), path), kind: "service" });
  const isNamed = (type: string): boolean => messages.some((message) => message.type === type);
  const linesOf = (key: "publishes" | "handles") =>
    services.flatMap(({ name, [key]: types }) => types.filter(isNamed).map((type) => ({ name, type })));
  const flow: Flow = {
    publishers: services.filter(({ publishes }) => publishes.length > 0).map(boxOf),
    messages: messages.map(({ type, kind, definition }) => ({
      label: type,
      address: addressOf(pageOf(definition), path),
      kind: kind.kind,
    })),
    handlers: services.filter(({ handles }) => handles.length > 0).map(boxOf),
    published: linesOf("publishes").map(({ name, type }) => ({ from: name, to: type })),
    handled: linesOf("handles").map(({ name, type }) => ({ from: type, to: name })),
  };
  return flowPicture(flow);
}

/** The page of a service: what it publishes, and what it handles. */
export function servicePageOf(service: Service, subject: Subject): Page {
  const { name, description } = service;
  const path = servicePage(name);
  const own = new Set([...service.publishes, ...service.handles]);
  // The others in the picture are those that it exchanges messages with.
  const near = subject.services
    .map((other): Service => {
      if (other === service) return other;
      const shared = (types: readonly string[]): readonly string[] => types.filter((type) => own.has(type));
      return { ...other, publishes: shared(other.publishes), handles: shared(other.handles) };
    })
    .filter(({ publishes, handles }) => publishes.length + handles.length > 0);
  const main = html`<p class="crumbs"><a href="${addressOf(INDEX, path)}">${subject.model.config.name}</a> / <a href="${addressOf(INDEX, path, ":services")}">services</a></p>
<h1><span class="kind service">service</span> <span class="says">${name}</span></h1>
${description !== "" && html`<p class="lead says">${prose(description)}</p>`}
${flowOf(near, subject, path)}
<section id=":publishes"><h2><a href="#:publishes">Publishes</a></h2>${listOf(service.publishes, subject, path)}</section>
<section id=":handles"><h2><a href="#:handles">Handles</a></h2>${listOf(service.handles, subject, path)}</section>`;
  return { path, title: name, main, about: "services" };
}

function listOf(types: readonly string[], { model }: Subject, path: string): Content {
  const messages = model.messages.filter(({ type }) => types.includes(type));
  return messages.length === 0 ? html`<p>Nothing, as far as is declared.</p>` : messageList(messages, path);
}

/** Messages, each with the first sentence of its description. */
export function messageList(messages: readonly Message[], path: string): Content {
  return html`<ul class="messages">${messages.map(
    ({
      type,
      kind,
      definition,
      schema,
    }) => html`<li><a href="${addressOf(pageOf(definition), path)}"><span class="dot ${kind.kind}"></span>${type}</a>${schema.deprecated === true && html` <span class="flag warning">deprecated</span>`}
<p class="says">${prose(firstSentence(schema.description ?? ""))}</p></li>
`,
  )}</ul>`;
}
