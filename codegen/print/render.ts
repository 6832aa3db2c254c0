import { templateOf } from "./template.js";
import type { CatalogueFileView } from "./view/catalogue-file.js";
import type { ChecksFileView } from "./view/checks-file.js";
import type { ExampleFileView } from "./view/example-file.js";
import type { HandlersFileView } from "./view/handlers-file.js";
import type { IndexFileView } from "./view/index-file.js";
import type { MessageFileView } from "./view/message-file.js";
import type { SchemaFileView } from "./view/schema-file.js";
import type { SharedFileView } from "./view/shared-file.js";
import type { TestMessagingFileView } from "./view/test-messaging-file.js";

/** The view of each template. Templates use only `each` and `if`; views make all decisions. */
export interface Views {
  event: MessageFileView;
  command: MessageFileView;
  notification: MessageFileView;
  health: MessageFileView;
  "shared-file": SharedFileView;
  "schema-file": SchemaFileView;
  "example-file": ExampleFileView;
  "checks-file": ChecksFileView;
  catalogue: CatalogueFileView;
  handlers: HandlersFileView;
  index: IndexFileView;
  "test-messaging": TestMessagingFileView;
}

/** Renders a view with the template of its name. */
export function render<Name extends keyof Views>(name: Name, view: Views[Name]): string {
  return templateOf(name)(view);
}
