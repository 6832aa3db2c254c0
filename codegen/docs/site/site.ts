import { during } from "../../load/failure.js";
import { descriptorsOf } from "../../model/descriptor.js";
import { asset } from "../asset.js";
import type { Subject } from "../subject.js";
import { messagePage } from "./message-page.js";
import { overviewPage } from "./overview-page.js";
import { type Page, pageText } from "./page.js";
import { searchIndex } from "./search-index.js";
import { servicePageOf } from "./service-page.js";
import { typePage } from "./type-page.js";

/** The files of a site that needs no server, by path. */
export function siteOf(subject: Subject): ReadonlyMap<string, string> {
  const { model, services } = subject;
  const files = new Map<string, string>();
  const put = (source: string, make: () => Page): void =>
    during("documenting", source, () => {
      const page = make();
      files.set(page.path, pageText(page, subject));
    });
  put(subject.schemasName, () => overviewPage(subject));
  const descriptors = descriptorsOf(model);
  for (const [at, message] of model.messages.entries()) {
    const descriptor = descriptors[at];
    if (descriptor === undefined) continue;
    put(message.definition.source.shownPath, () => messagePage(message, descriptor, subject));
  }
  for (const shared of model.sharedFiles) put(shared.path, () => typePage(shared, subject));
  for (const service of services) put(subject.schemasName, () => servicePageOf(service, subject));
  files.set("assets/search-index.js", searchIndex(subject));
  for (const name of ["site.css", "site.js"]) files.set(`assets/${name}`, asset(name, subject.schemasName));
  return files;
}
