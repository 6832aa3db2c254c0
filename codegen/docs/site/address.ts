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
 * The anchor of a property: `after_data.email`. Other characters than those of most names are written as numbers, so that
 * an anchor is the same in an `id` and in an address. Anchors of sections begin with a colon, which no property has.
 */
export function anchorOf(path: readonly string[]): string {
  return path
    .map((name) => name.replace(/[^\w-]/gu, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`))
    .join(".");
}

/** The anchor of a type on its page. */
export function typeAnchor({ name }: Pick<Definition, "name">): string {
  return `:${anchorOf([name])}`;
}
