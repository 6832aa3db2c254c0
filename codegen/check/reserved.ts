import { existsSync, readFileSync } from "node:fs";

/** Words that cannot name a constant, a function or a type in a module. */
export const reservedWords: ReadonlySet<string> = new Set(
  `any as asserts async bigint boolean from infer is keyof module never number object of out readonly require
  satisfies string symbol type undefined unique unknown using arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof var void while with yield`.split(/\s+/),
);

/** Built-in types that generated code uses, or that a reader would confuse with a message. */
const builtInTypes =
  `Array Boolean Date Error Function Map NoInfer Number Object Omit Partial Pick Promise Readonly Record
  RegExp Set String Symbol`.split(/\s+/);

/** Names that the generated code of every catalogue uses. */
const generatedNames = `EventMap CommandMap NotificationMap EventHandlers CommandHandlers NotificationHandlers
  HealthHandlers catalogue createMessaging createTestMessaging TestMessagingOf registerHandlers InitMessagingOptions initMessaging
  getMessaging shutdownMessaging facade env overrides base Outcome MessageContext Notification subscribeNotifications schema result checks contract handlers messaging message options
  payload MessagingOf`.split(/\s+/);

/** The names that a catalogue may not use, each with the reason. */
export function reservedNames(): ReadonlyMap<string, string> {
  return new Map([
    ...builtInTypes.map((name) => [name, "a built-in type of TypeScript"] as const),
    ...runtimeExports().map((name) => [name, "exported by the runtime"] as const),
    ...generatedNames.map((name) => [name, "used by the generated code"] as const),
  ]);
}

/** The names that the runtime's two entries export. Read from its text, since types do not exist at run time. */
function runtimeExports(): readonly string[] {
  const texts = ["index", "testing/index"].map((entry) => {
    const file = ["ts", "d.ts"]
      .map((extension) => new URL(`../../runtime/${entry}.${extension}`, import.meta.url))
      .find((url) => existsSync(url));
    return file === undefined ? "" : readFileSync(file, "utf8");
  });
  const lists = texts.join("\n").matchAll(/export (?:type )?\{([^}]*)\}/g);
  return [...lists].flatMap(([, list = ""]) =>
    list
      .split(",")
      .map((item) =>
        item
          .trim()
          .replace(/^type /, "")
          .replace(/^.* as /, ""),
      )
      .filter((name) => name !== ""),
  );
}
