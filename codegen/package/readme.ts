import { kinds } from "../model/kind.js";
import type { Message } from "../model/model.js";
import { namesOf } from "../model/names.js";
import { markdownCode, markdownText } from "./markdown.js";

export interface ReadmeFacts {
  readonly name: string;
  readonly description: string;
  readonly runtime: string;
  readonly messages: readonly Message[];
}

const TITLES: Readonly<Record<string, string>> = {
  event: "Events",
  command: "Commands",
  notification: "Notifications",
  health: "Health",
};

/** The text of README.md: how to use the package, and what messages it has. */
export function printReadme({ name, description, runtime, messages }: ReadmeFacts): string {
  const tables = kinds.flatMap((kind) => {
    const rows = messages.filter((message) => message.kind === kind).map(rowOf);
    if (rows.length === 0) return [];
    return [`### ${TITLES[kind.kind]}`, ["| Type | Meaning | Functions |", "|---|---|---|", ...rows].join("\n")];
  });
  const parts = [
    `# ${name}`,
    markdownText(description),
    fenced("sh", `npm install ${name} ${runtime}`),
    ...usageOf(name, messages),
    "## Messages",
    ...tables,
    "## Schemas",
    `The folder \`schemas\` holds the catalogue as it was when this version was made. \`npx merp diff --against ${name}\` compares another version of it with this one, and [CHANGELOG.md](CHANGELOG.md) says of each version whom it breaks.`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function usageOf(name: string, messages: readonly Message[]): readonly string[] {
  const [message] = messages;
  if (message === undefined) return [];
  const { subscribe, message: type, example } = namesOf(message);
  const handled =
    message.kind.kind === "command"
      ? `${subscribe}(messaging, ({ payload }) => {\n  throw new Error(\`carry it out: \${JSON.stringify(payload)}\`);\n});`
      : `${subscribe}(messaging, (message) => console.log(message));`;
  const code = [
    `import { createMessaging, ${subscribe} } from ${JSON.stringify(name)};`,
    "",
    'const messaging = createMessaging({ service: "my-service" });',
    handled,
    "await messaging.start();",
  ];
  const testing = `For tests, \`${name}/testing\` has \`${example}\` and its like, which make a complete \`${type}\`.`;
  return [fenced("ts", code.join("\n")), testing];
}

function rowOf(message: Message): string {
  const { emit, subscribe } = namesOf(message);
  const about = markdownText(String(message.schema.description ?? "").split("\n\n")[0] ?? "");
  const note = message.schema.deprecated === true ? "**Deprecated.** " : "";
  return `| ${markdownCode(message.type)} | ${note}${about} | ${markdownCode(emit)}, ${markdownCode(subscribe)} |`;
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
