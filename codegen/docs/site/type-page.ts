import { type Content, html, joined } from "../../../runtime/contract/html.js";
import type { Definition } from "../../model/definition.js";
import type { SharedFile } from "../../model/model.js";
import { type Subject, usersOf } from "../subject.js";
import { addressOf, pageOf, typeAnchor } from "./address.js";
import { jsonBlock } from "./example.js";
import { typeSection } from "./message-page.js";
import { definitionLink, INDEX, type Page } from "./page.js";
import { Properties } from "./properties.js";

/** The page of a file of shared types, each with what uses it. */
export function typePage({ path: file, definitions }: SharedFile, subject: Subject): Page {
  const { model } = subject;
  const path = pageOf(definitions[0] as Definition);
  const properties = new Properties(model, path, { linksOwn: true });
  const sections = definitions.map((definition) => {
    const schema = model.flattener.definition(definition);
    const examples = schema.examples ?? [];
    const shown =
      examples.length > 0 && html`<figure><figcaption>For example</figcaption>${examples.map(jsonBlock)}</figure>`;
    return typeSection({ name: definition.name, schema, anchor: definition.name, level: 2 }, properties, [
      usedBy(definition, subject, path),
      shown,
    ]);
  });
  const main = html`<p class="crumbs"><a href="${addressOf(INDEX, path)}">${model.config.name}</a> / <a href="${addressOf(INDEX, path, ":types")}">types</a></p>
<h1><span class="kind type">types</span> <span class="says">${file}</span></h1>
${definitions.length > 1 && html`<ul class="jumps">${definitions.map((definition) => html`<li><a href="#${typeAnchor(definition)}">${definition.name}</a></li>`)}</ul>`}
${sections}`;
  return { path, title: file, main, about: "types" };
}

function usedBy(definition: Definition, { model }: Subject, path: string): Content {
  const users = usersOf(definition, model);
  return html`<p class="used-by">${
    users.length === 0
      ? "Nothing uses it."
      : [
          "Used by ",
          joined(
            users.map((user) => definitionLink(user, path)),
            ", ",
            " and ",
          ),
          ".",
        ]
  }</p>`;
}
