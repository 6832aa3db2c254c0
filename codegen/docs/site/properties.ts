import { type Content, type Html, html, joined, prose } from "../../../runtime/contract/html.js";
import type { Definition } from "../../model/definition.js";
import type { Model } from "../../model/model.js";
import { nameOf } from "../../schema/definition-ref.js";
import type { Schema } from "../../schema/schema.js";
import { isObject } from "../../schema/walk.js";
import { addressOf, anchorWithin, pageOf, typeAnchor } from "./address.js";
import { conditionalOf, conditionsOf } from "./condition.js";
import { insideWords, type LinkOf, limitsOf, literal, phraseOf, toldApart, typeWords } from "./words.js";

/** A page shows so many properties of other types; what is beyond is on the pages of these. */
const MOST_ROWS = 400;

/** Types in each other are shown to this level, and linked below. */
const DEEPEST = 6;

/** Where a schema stands on a page. */
interface At {
  /** Its anchor; empty for the whole message. */
  readonly anchor: string;
  /** So many properties and items lead to it. */
  readonly depth: number;
  /** The types around it, which are not shown within themselves. */
  readonly within: readonly string[];
}

interface PropertiesOptions {
  /** The top-level properties that the runtime fills in. */
  readonly filledIn?: readonly string[];
  /** Whether types that the page shows anyway are only linked. @defaultValue false */
  readonly linksOwn?: boolean;
}

/** Lists the properties of a schema, with all that is inside them. */
export class Properties {
  readonly #model: Model;
  readonly #page: string;
  readonly #filledIn: ReadonlySet<string>;
  readonly #linksOwn: boolean;
  #rows = 0;

  constructor(model: Model, page: string, { filledIn = [], linksOwn = false }: PropertiesOptions = {}) {
    this.#model = model;
    this.#page = page;
    this.#filledIn = new Set(filledIn);
    this.#linksOwn = linksOwn;
  }

  readonly linkOf: LinkOf = (ref) => {
    const definition = this.#model.byName.get(nameOf(ref));
    if (definition === undefined) return nameOf(ref);
    return html`<a class="type-link" href="${addressOf(pageOf(definition), this.#page, typeAnchor(definition))}">${definition.name}</a>`;
  };

  /** All that a schema says of a value, but for its description: properties, forms, items and conditions. */
  whole(schema: Schema, anchor: string): Content {
    return this.#inside(schema, { anchor, depth: 1, within: [] });
  }

  /** The same with what it is, its description and its limits. */
  value(schema: Schema, name: string, anchor: string): Content {
    return html`<p class="label"><span class="type">${typeWords(schema, this.linkOf)}</span>${schema["sensitive"] === true && html` <span class="flag warning">${secrecy(schema)}</span>`}</p>
${schema.description !== undefined && html`<p class="says">${prose(schema.description)}</p>`}
${this.#limits(schema)}
${this.#inside(schema, { anchor, depth: 1, within: [name] })}`;
  }

  /** Some of the properties of a schema. */
  list(schema: Schema, names: readonly string[]): Content {
    return this.#list(schema, names, { anchor: "", depth: 0, within: [] });
  }

  /** What is said of a schema beside its properties: limits, forms and conditions. */
  beside(schema: Schema): Content {
    const { properties: _, ...rest } = schema;
    return this.#inside(rest, { anchor: "", depth: 0, within: [] });
  }

  #list(schema: Schema, names: readonly string[], at: At): Content {
    const { required = [], properties = {} } = schema as { readonly required?: readonly string[] } & Schema;
    const rows = names.map((name) => this.#row(name, properties[name] ?? {}, required.includes(name), at));
    return rows.length > 0 && html`<ul class="properties">${rows}</ul>`;
  }

  #row(name: string, property: Schema, isRequired: boolean, at: At): Html {
    this.#rows++;
    const anchor = anchorWithin(at.anchor, name);
    const isTop = at.depth === 0;
    const said = this.#spoken(property);
    const flags = [
      isRequired && html`<span class="flag required">required</span>`,
      isTop && this.#filledIn.has(name) && html`<span class="flag">filled in</span>`,
      said.deprecated === true && html`<span class="flag warning">deprecated</span>`,
      said["sensitive"] === true && html`<span class="flag warning">${secrecy(said)}</span>`,
      said["readOnly"] === true && html`<span class="flag">read only</span>`,
      said["writeOnly"] === true && html`<span class="flag">write only</span>`,
    ].filter(isPresent);
    return html`<li class="entry" id="${anchor}">
<div class="head"><a class="name" href="#${anchor}"><code>${name}</code></a> <span class="type">${typeWords(property, this.linkOf)}</span> ${joined(flags, " ")}</div>
<div class="body">
${said.description !== undefined && html`<p class="says">${prose(said.description)}</p>`}
${this.#limits(said)}
${this.#folded(property, { anchor, depth: at.depth + 1, within: at.within }, isTop && isRequired)}
</div>
</li>
`;
  }

  /** What is said of a value, by the schema itself or by the type that it is. */
  #spoken(schema: Schema): Schema {
    const target = schema.$ref === undefined ? undefined : this.#model.byName.get(nameOf(schema.$ref));
    if (target === undefined) return schema;
    return { ...this.#spoken(this.#model.flattener.definition(target)), ...schema };
  }

  #limits(schema: Schema): Content {
    const phrases = [
      ...limitsOf(schema),
      ...(schema.default === undefined ? [] : [["by default ", literal(schema.default)]]),
    ];
    return phrases.length > 0 && html`<ul class="limits">${phrases.map((phrase) => html`<li>${phrase}</li>`)}</ul>`;
  }

  /** What is inside of a value, to be opened. */
  #folded(schema: Schema, at: At, isOpen: boolean): Content {
    const definition = schema.$ref === undefined ? undefined : this.#model.byName.get(nameOf(schema.$ref));
    if (definition === undefined) return this.#fold(schema, at, isOpen);
    const { name } = definition;
    if (at.within.includes(name) || at.within.length >= DEEPEST || this.#rows > MOST_ROWS) return false;
    if (this.#linksOwn && pageOf(definition) === this.#page) return false;
    return this.#fold(
      this.#model.flattener.definition(definition),
      { ...at, within: [...at.within, name] },
      isOpen,
      definition,
    );
  }

  #fold(schema: Schema, at: At, isOpen: boolean, definition?: Definition): Content {
    if (schema.$ref !== undefined) return this.#folded(schema, at, isOpen);
    const inside = this.#inside(schema, at);
    if (inside === false) return false;
    const what = insideWords(schema);
    return html`<details class="inside"${isOpen && html` open`}><summary>${what}${definition !== undefined && ` of ${definition.name}`}</summary>
${inside}</details>`;
  }

  /** `false` if there is nothing inside. */
  #inside(schema: Schema, at: At): Content {
    const names = Object.keys(schema.properties ?? {});
    const parts = [
      this.#list(schema, names, at),
      ...this.#elements(schema, at),
      ...this.#forms(schema, at),
      ...this.#conditions(schema, at),
    ];
    const present = parts.filter(isPresent);
    return present.length > 0 && present;
  }

  /** Items of lists, and values of maps, that have properties of their own. */
  #elements(schema: Schema, at: At): readonly Content[] {
    const { prefixItems, items, patternProperties = {}, additionalProperties } = schema;
    const elements: (readonly [Content, string, Schema])[] = [
      ...(prefixItems ?? []).map((item, index) => [`item ${index + 1}`, `item-${index + 1}`, item] as const),
      ...(isObject(items)
        ? [[prefixItems === undefined ? "each item" : "each further item", "items", items as Schema] as const]
        : []),
      ...Object.entries(patternProperties).map(
        ([pattern, value], index) => [["each ", html`<code>${pattern}</code>`], `names-${index + 1}`, value] as const,
      ),
      ...(isObject(additionalProperties) ? [["each value", "values", additionalProperties as Schema] as const] : []),
    ];
    const isList = prefixItems === undefined && elements.length === 1;
    return elements.map(([label, name, inner]) => {
      const said = this.#spoken(inner);
      const limits = this.#limits(said);
      const folded = this.#folded(inner, stepOf(at, name), at.depth < 2);
      if (isList && said.description === undefined && limits === false && folded === false) return false;
      return html`<div class="element"><p class="label">${label}: <span class="type">${typeWords(inner, this.linkOf)}</span></p>
${said.description !== undefined && html`<p class="says">${prose(said.description)}</p>`}${limits}${folded}</div>`;
    });
  }

  #forms(schema: Schema, at: At): readonly Content[] {
    return (["anyOf", "oneOf"] as const).map((keyword) => {
      const forms = schema[keyword];
      if (forms === undefined) return false;
      const shown = forms.map((form, index) => {
        const said = this.#spoken(form);
        const limits = this.#limits(said);
        const folded = this.#folded(form, stepOf(at, `${keyword}-${index + 1}`), forms.length < 4);
        const isTold =
          said.description !== undefined || limits !== false || folded !== false || form["tolerated"] === true;
        const bare = form.type === undefined && form.properties === undefined && form.$ref === undefined;
        const words = bare && form.const === undefined ? phraseOf(form, this.linkOf) : typeWords(form, this.linkOf);
        return {
          isTold,
          item: html`<li class="form"><p class="label"><span class="type">${words}</span>${toldApart(form)}${form["tolerated"] === true && html` <span class="flag">read, never written</span>`}</p>
${said.description !== undefined && html`<p class="says">${prose(said.description)}</p>`}${limits}${folded}</li>
`,
        };
      });
      if (shown.every(({ isTold }) => !isTold) && schema.properties === undefined) return false;
      const heading = keyword === "anyOf" ? "At least one of these forms" : "Exactly one of these forms";
      return html`<div class="forms"><p class="label">${heading}</p><ol>${shown.map(({ item }) => item)}</ol></div>`;
    });
  }

  #conditions(schema: Schema, at: At): readonly Content[] {
    const sentences = conditionsOf(schema, this.linkOf);
    const declared = conditionalOf(schema).flatMap((inner, index) => {
      const names = Object.keys(inner.properties ?? {}).filter((name) => !Object.hasOwn(schema.properties ?? {}, name));
      return names.length === 0 ? [] : [this.#list(inner, names, stepOf(at, `condition-${index + 1}`))];
    });
    const layers = (schema.allOf ?? []).map((layer, index) => {
      return this.#folded(layer, stepOf(at, `allOf-${index + 1}`), true);
    });
    if (sentences.length === 0) return layers;
    return [
      html`<div class="conditions"><p class="label">Conditions</p><ul>${sentences.map((one) => html`<li>${one}</li>`)}</ul>${declared}</div>`,
      ...layers,
    ];
  }
}

/** A step that is no property. */
function stepOf(at: At, name: string): At {
  return { ...at, anchor: `${at.anchor}:${name}`, depth: at.depth + 1 };
}

function isPresent(content: Content): boolean {
  return content !== false && content !== undefined;
}

function secrecy({ encrypt }: Schema): string {
  return encrypt === undefined ? "sensitive" : "encrypted";
}
