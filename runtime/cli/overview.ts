import { paint } from "./colour.js";
import { GENERATOR } from "./generator.js";
import { broken } from "./status/lines.js";

const CATALOGUE = "Keep a catalogue";

/** Every command of `merp` in a line, the generator's too, by what one has in mind. None is loaded to be listed. */
export const overview: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "See what is going on": {
    status: "what is wrong with all services, and what mends it",
    tail: "show messages as they are published",
    explain: "what became of a message, by any of its ids",
    doctor: "check this machine's settings and its Redis",
    dashboard: "all of this as a page in the browser",
  },
  "Mend what is wrong": {
    "dead-letters": "see, redrive, edit or discard what failed for good",
    retry: "retry now: what waits for a retry is due at once",
    pause: "have a group begin nothing more, until it is resumed",
    resume: "have it go on",
    paused: "list what is paused",
    group: "group retire: remove a group that no service needs",
    partitions: "split a stream, so that many members keep its order",
    publish: "publish one message",
    send: "send one command, and wait for its answer",
    replay: "run a service's handlers again over stored messages",
    outbox: "see, retry or discard what a database has to publish",
    saga: "see, retry or cancel long pieces of business",
    keys: "make, compare, rotate and retire keys of encrypted fields",
    forget: "destroy a person's key: what it encrypted is erased",
    audit: "list who changed what by these commands, and why",
  },
  "Develop a service": {
    relay: "publish what a database has in its outbox",
    dev: "a private Redis, and the command that is developed",
  },
  [CATALOGUE]: {
    init: "begin a catalogue here",
    new: "add a message or a shared type",
    import: "make messages of JSON Schemas, zod or AsyncAPI",
    generate: "check the schemas and generate TypeScript",
    check: "check and lint the schemas",
    diff: "what edits of the schemas break",
    docs: "document the catalogue",
    bundle: "each message's schema in one piece",
    validate: "which stored messages break the contract",
  },
};

/** The commands that the generator brings. */
export const generatorCommands: readonly string[] = Object.keys(overview[CATALOGUE] ?? {});

/** The name of every command. */
export const commandNames: readonly string[] = Object.values(overview).flatMap((group) => Object.keys(group));

/** What `merp --help` prints. */
export function overviewText(width: number, hasGenerator: boolean): string {
  const indent = 2 + Math.max(...commandNames.map(({ length }) => length)) + 2;
  const groups = Object.entries(overview).map(([heading, commands]) => {
    const lines = Object.entries(commands).map(
      ([name, text]) => `${`  ${name}`.padEnd(indent)}${broken(text, width, indent)}\n`,
    );
    return `${paint("bold", heading)}\n${lines.join("")}`;
  });
  const install = hasGenerator ? [] : [`To keep a catalogue, install the generator: npm install -D ${GENERATOR}`];
  const hints = [
    "merp <command> --help tells the options of a command.",
    "REDIS_URL and ENVIRONMENT say which Redis, as for a service.",
    ...install,
  ];
  return [
    "Usage: merp <command> [options]\n",
    ...groups,
    `${hints.map((hint) => broken(hint, width, 0)).join("\n")}\n`,
  ].join("\n");
}
