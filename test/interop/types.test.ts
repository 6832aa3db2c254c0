import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCatalogue } from "../../codegen/index.js";
import { catalogue, type Descriptor } from "../../generated/index.js";
import { typeOf } from "../../runtime/contract/codec.js";
import { contractOf } from "../../runtime/contract/contract.js";
import { isInstant } from "../../runtime/contract/instant.js";

/** `npm run types` makes types of all messages in Go and in Python, which takes half a minute. */
const isAsked = process.env["TYPES"] !== undefined;
const hasGo = isAsked && spawnSync("go", ["version"]).status === 0;
const pydantic = !isAsked
  ? undefined
  : ["/usr/bin/python3", "python3"].find((program) => spawnSync(program, ["-c", "import pydantic"]).status === 0);

/** A message with the name of its type, as the programs are given it and give it back. */
interface Line {
  readonly name: string;
  readonly message: Readonly<Record<string, unknown>>;
}

interface Given extends Line {
  readonly descriptor: Descriptor;
}

const SIDES = ["reader", "writer"] as const;
type Side = (typeof SIDES)[number];

let folder: string;
let lines: readonly Given[];

beforeAll(async () => {
  if (!isAsked) return;
  folder = mkdtempSync(join(tmpdir(), "merp-types-"));
  const names = new Map(
    (await bundleCatalogue("schemas")).map(({ path, schema }) => [path, (schema as { title: string }).title]),
  );
  const messageOf = (descriptor: Descriptor, message: unknown): Given => {
    const path = `${descriptor.stream}/${descriptor.kind === "health" ? "report" : descriptor.type}`;
    return { name: names.get(path) ?? path, message: message as Line["message"], descriptor };
  };
  const examples = catalogue.messages.flatMap((descriptor) => {
    const name = descriptor.kind === "health" ? "report" : descriptor.type;
    const text = readFileSync(new URL(`../../schemas/${descriptor.stream}/${name}.json`, import.meta.url), "utf8");
    return (JSON.parse(text) as { examples: readonly unknown[] }).examples.map((one) => messageOf(descriptor, one));
  });
  const written = ["vectors", "field-vectors", "field-call-sites"].flatMap((file) => {
    const text = readFileSync(new URL(`../wire/${file}.json`, import.meta.url), "utf8");
    return (JSON.parse(text) as { entries: readonly { fields: object }[] }).entries.map(({ fields }) => {
      const flat = Object.entries(fields).flat() as string[];
      const type = typeOf(flat) ?? "health.report";
      const descriptor = catalogue.messages.find((each) => each.type === type) as Descriptor;
      return messageOf(descriptor, contractOf(descriptor).read(flat));
    });
  });
  lines = [...examples, ...written];
});

afterAll(() => {
  if (isAsked) rmSync(folder, { recursive: true, force: true });
});

/** Types of all bundled schemas, as quicktype makes them. */
async function typesIn(
  lang: "go" | "python",
  side: Side,
  rendererOptions: Record<string, string | boolean>,
): Promise<string> {
  const { FetchingJSONSchemaStore, InputData, JSONSchemaInput, quicktype } = await import("quicktype-core");
  const input = new JSONSchemaInput(new FetchingJSONSchemaStore());
  for (const { schema } of await bundleCatalogue("schemas", { side })) {
    await input.addSource({ name: (schema as { title: string }).title, schema: JSON.stringify(schema) });
  }
  const inputData = new InputData();
  inputData.addInput(input);
  const { lines: made } = await quicktype({ inputData, lang, rendererOptions });
  return `${made.join("\n")}\n`;
}

/**
 * What a program gives back: types for readers take whatever there is, and what types for writers make of a message may be
 * published, and says nothing that the message does not.
 */
function expectTaken(output: string, side: Side): void {
  const returned = output.trim().split("\n");
  const given = linesFor(side);
  expect(returned).toHaveLength(given.length);
  expect(given.length).toBeGreaterThan(60);
  returned.forEach((text, at) => {
    const { descriptor, message } = given[at] as Given;
    const { error, made } = JSON.parse(text) as { readonly error?: string; readonly made?: object };
    expect([descriptor.type, error]).toEqual([descriptor.type, undefined]);
    if (side === "reader") return;
    expect([descriptor.type, contractOf(descriptor).violations(made)]).toEqual([descriptor.type, []]);
    // Such a type has no place for names that an open object may have besides those of its schema.
    expect(comparable(message)).toMatchObject(comparable(made) as object);
  });
}

/** A value without what is absent: Go leaves out what is empty, and writes what may be null as null. Instants are compared as such. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === "string" && isInstant(value)) return Date.parse(value);
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.entries(value).map(([name, part]) => [name, comparable(part)] as const);
  const isEmpty = (part: unknown): boolean =>
    part === null || (typeof part === "object" && !Array.isArray(part) && Object.keys(part as object).length === 0);
  return Object.fromEntries(parts.filter(([, part]) => !isEmpty(part)));
}

/** quicktype gives a property that is called like a keyword of Python another name, and leaves out what it is called. */
function withAliases(types: string): string {
  const named = types.replace(/^( {4}\w+_from: [^=\n]+?)(?: = None)?$/gm, '$1 = Field(None, alias="from")');
  return `from pydantic import Field\n${named}`;
}

describe("types of another language that are made of bundled schemas", () => {
  it.skipIf(!hasGo).each(SIDES)("take the messages of a %s in Go", async (side) => {
    writeFileSync(join(folder, "types.go"), await typesIn("go", side, { package: "main" }));
    writeFileSync(join(folder, "main.go"), goProgram([...new Set(linesFor(side).map(({ name }) => name))]));
    const env = { ...process.env, GO111MODULE: "off", GOCACHE: join(folder, "cache"), GOFLAGS: "" };
    expectTaken(run("go", ["run", "types.go", "main.go"], side, env), side);
  });

  it.skipIf(pydantic === undefined).each(SIDES)("take the messages of a %s as models of Pydantic", async (side) => {
    const types = await typesIn("python", side, { "pydantic-base-model": true, "just-types": true });
    writeFileSync(join(folder, "types_made.py"), withAliases(types));
    copyFileSync(new URL("made_types.py", import.meta.url), join(folder, "made_types.py"));
    expectTaken(run(pydantic as string, ["made_types.py"], side, process.env), side);
  });
}, 300_000);

/** Gives a program the messages that types for a side have to take, a line each. */
function run(program: string, parameters: readonly string[], side: Side, env: NodeJS.ProcessEnv): string {
  const input = linesFor(side).map(({ name, message }) => `${JSON.stringify({ name, message })}\n`);
  return execFileSync(program, parameters, { cwd: folder, env, input: input.join(""), encoding: "utf8" });
}

/** Reads each message as its type, and writes it again. */
function goProgram(names: readonly string[]): string {
  const ways = names.map(
    (name) => `
	"${name}": func(data []byte) ([]byte, error) {
		it, err := Unmarshal${name}(data)
		if err != nil {
			return nil, err
		}
		return it.Marshal()
	},`,
  );
  return `package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type line struct {
	Name    string          \`json:"name"\`
	Message json.RawMessage \`json:"message"\`
}

var ways = map[string]func([]byte) ([]byte, error){${ways.join("")}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var given line
		if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
			panic(err)
		}
		made, err := ways[given.Name](given.Message)
		told := map[string]any{"made": json.RawMessage(made)}
		if err != nil {
			told = map[string]any{"error": err.Error()}
		}
		text, _ := json.Marshal(told)
		fmt.Println(string(text))
	}
}
`;
}

/** A writer's type need not take what others write that may not be written any more. */
function linesFor(side: Side): readonly Given[] {
  if (side === "reader") return lines;
  return lines.filter(({ descriptor, message }) => contractOf(descriptor).violations(message).length === 0);
}
