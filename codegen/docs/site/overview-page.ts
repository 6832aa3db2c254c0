import { type Content, html, prose } from "../../../runtime/contract/html.js";
import { kinds } from "../../model/kind.js";
import { firstSentence, type Subject } from "../subject.js";
import { addressOf, pageOf, servicePage, typeAnchor } from "./address.js";
import { INDEX, type Page, titleOf } from "./page.js";
import { flowOf, messageList } from "./service-page.js";

/** What is to be known of each kind. */
const SAYS = {
  event: "Something happened. One service publishes it, and every service that is interested handles it.",
  command: "Asks one service to do something, and brings back its answer.",
  notification: "Tells people something: live, and from the stream for those who were away.",
  health: "What services say of their own health.",
} as const;

/** The first page: all messages by kind, the services and the types. */
export function overviewPage(subject: Subject): Page {
  const { model, description, services } = subject;
  const { messages, config } = model;
  const own = kinds.map(({ kind, folder }) => ({
    kind,
    folder,
    list: messages.filter((one) => one.kind.kind === kind),
  }));
  const present = own.filter(({ list }) => list.length > 0);
  const main = html`<h1 class="title">${config.name}</h1>
${description !== "" && html`<p class="lead says">${prose(description)}</p>`}
<ul class="facts">
${present.map(({ folder, list, kind }) => html`<li class="${kind}"><a href="#:${folder}"><b>${list.length}</b> ${kind === "health" ? "health" : list.length === 1 ? kind : folder}</a></li>`)}
${services.length > 0 && html`<li><a href="#:services"><b>${services.length}</b> ${services.length === 1 ? "service" : "services"}</a></li>`}
</ul>
<p class="note">Entries are written as <code>${config.encoding}</code>; both encodings, <code>fields</code> and <code>json</code>, are read.</p>
${services.length > 0 && section("services", "Services", "", [flowOf(services, subject, INDEX), serviceList(subject)])}
${present.map(({ kind, folder, list }) =>
  section(folder, titleOf(folder), html`${SAYS[kind]} They lie in the stream <code>${folder}</code>.`, groupsOf(list)),
)}
${model.sharedFiles.length > 0 && section("types", "Types", "What messages have in common.", types(subject))}`;
  return { path: INDEX, title: config.name, main };
}

function section(anchor: string, title: string, says: Content, content: Content): Content {
  return html`<section id=":${anchor}" aria-labelledby=":${anchor}-title"><h2 id=":${anchor}-title"><a href="#:${anchor}">${title}</a></h2>
${says !== "" && html`<p>${says}</p>`}
${content}</section>
`;
}

/** Messages by the first part of their types, if there are several of each. */
function groupsOf(messages: Subject["model"]["messages"]): Content {
  const groups = new Map<string, Subject["model"]["messages"][number][]>();
  for (const message of messages) {
    const group = message.type.includes(".") ? (message.type.split(".")[0] ?? "") : "";
    groups.set(group, [...(groups.get(group) ?? []), message]);
  }
  if (groups.size < 2) return messageList(messages, INDEX);
  return [...groups].map(
    ([group, list]) => html`<div class="group"><h3>${group}</h3>${messageList(list, INDEX)}</div>
`,
  );
}

function serviceList({ services }: Subject): Content {
  return html`<ul class="messages">${services.map(
    ({
      name,
      description,
      publishes,
      handles,
    }) => html`<li><a href="${addressOf(servicePage(name), INDEX)}"><span class="dot service"></span>${name}</a>
<p class="says">${description !== "" && [prose(firstSentence(description)), " "]}<span class="count">publishes ${publishes.length}, handles ${handles.length}</span></p></li>
`,
  )}</ul>`;
}

function types({ model }: Subject): Content {
  return html`<ul class="type-list">${model.sharedFiles.map(({ path, definitions }) => {
    const [first] = definitions;
    return (
      first !== undefined &&
      html`<li><a href="${addressOf(pageOf(first), INDEX)}">${path}</a> <span class="count">${definitions.map(
        (definition, at) =>
          html`${at > 0 && " · "}<a href="${addressOf(pageOf(definition), INDEX, typeAnchor(definition))}">${definition.name}</a>`,
      )}</span></li>
`
    );
  })}</ul>`;
}
