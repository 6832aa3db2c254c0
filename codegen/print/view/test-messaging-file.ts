import { printImports, specifier } from "../../typescript/import.js";
import type { Layout } from "../layout.js";

const FILE = "test-messaging";

/** The view of `test-messaging.ts`. */
export interface TestMessagingFileView {
  readonly source: string;
  readonly imports: readonly string[];
}

/** Builds the view of `test-messaging.ts`: the messaging of tests, typed with the catalogue's messages. */
export function testMessagingFileView(layout: Layout): TestMessagingFileView {
  const imports = printImports([
    { from: layout.runtimeFrom(FILE), types: ["Published"] },
    {
      from: layout.testingFrom(FILE),
      values: ["createTestMessagingFor"],
      types: ["TestMessagingOptions", "TestMessaging as TestMessagingOf"],
    },
    { from: specifier(FILE, "catalogue"), values: ["catalogue"], types: ["EventMap"] },
  ]);
  return { source: `${layout.schemasName}/`, imports };
}
