import type { Definition } from "../../model/definition.js";
import { fileOf } from "../../model/model.js";

/** The path of a page in the site's folder: `events/user.created.html`. */
export function pageOf(definition: Definition): string {
  const file = fileOf(definition);
  // Beside index.html are only pages of which no folder of schemas can have the path.
  return `${file.includes("/") ? file : `file-${file}`}.html`;
}

/** The page of a service. */
export function servicePage(name: string): string {
  return `service-${name}.html`;
}

/** The way from a page to the site's folder: `../` for `events/user.created.html`. */
export function rootFrom(page: string): string {
  return "../".repeat(page.split("/").length - 1);
}

/** The address of a page, and of a place in it, as it is written on another page. */
export function addressOf(page: string, from: string, anchor = ""): string {
  const path =
    page === from && anchor !== "" ? "" : `${rootFrom(from)}${page.split("/").map(encodeURIComponent).join("/")}`;
  return `${path}${anchor === "" ? "" : `#${anchor}`}`;
}

/**
 * The anchor of a property within that of what has it: `after_data.email`. Other characters than those of most names are
 * written as numbers, so that an anchor is the same in an `id` and in an address. What is no name, such as a section or a
 * form, begins with a colon, which no name has then: `:history`, `method:oneOf-1.kind`.
 */
export function anchorWithin(anchor: string, name: string): string {
  const written = name === "" ? "~~" : name.replace(/[^\w-]/gu, (one) => `~${(one.codePointAt(0) ?? 0).toString(16)}~`);
  return anchor === "" ? written : `${anchor}.${written}`;
}

/** The anchor of a type on its page. */
export function typeAnchor({ name }: Pick<Definition, "name">): string {
  return anchorWithin(":type", name);
}
