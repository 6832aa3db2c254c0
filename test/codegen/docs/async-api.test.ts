import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Parser } from "@asyncapi/parser";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { envelopes, ownPackage } from "../../../codegen/cli/own-package.js";
import { Document } from "../../../codegen/diff/document.js";
import { Sameness } from "../../../codegen/diff/sameness.js";
import { asyncApiOf } from "../../../codegen/docs/async-api/document.js";
import { SchemaWriter } from "../../../codegen/docs/async-api/schema.js";
import { diffCatalogues, importSchemas } from "../../../codegen/index.js";
import { readConfig } from "../../../codegen/load/config.js";
import { readTexts } from "../../../codegen/load/folder.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { descriptorsOf } from "../../../codegen/model/descriptor.js";
import { buildModel } from "../../../codegen/model/model.js";
import { CLOSED } from "../../../codegen/schema/extension.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import type { CommandDescriptor, Descriptor } from "../../../runtime/contract/descriptor.js";
import { tolerantFormats } from "../../../runtime/contract/format.js";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { compileReader } from "../../../runtime/contract/validation.js";
import { type Files, textsOf } from "../catalogue.js";
import { repository } from "../scratch.js";
import { hard, starter, subjectOf } from "./catalogue.js";

interface AsyncMessage {
  readonly payload: { readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly examples: readonly { readonly payload: Record<string, unknown> }[];
  readonly "x-redis": {
    readonly written: string;
    readonly encodings: { readonly fields: { readonly fields: readonly { readonly name: string }[] } };
  };
}

/** A schema of the official suite, with values. */
interface Case {
  readonly about: string;
  readonly schema: object;
  readonly valid: readonly unknown[];
  readonly invalid: readonly unknown[];
  readonly refused?: readonly string[];
}

interface AsyncDocument {
  readonly channels: Readonly<Record<string, { readonly address: string | null }>>;
  readonly operations: Readonly<Record<string, { readonly action: string; readonly reply?: object }>>;
  readonly components: { readonly messages: Readonly<Record<string, AsyncMessage>> };
}

const mErp: Files = Object.fromEntries(readTexts(`${repository}schemas`));

async function textOf(files: Files): Promise<string> {
  const given = files["catalogue.json"];
  const read = typeof given === "string" ? { ...files, "catalogue.json": JSON.parse(given) as unknown } : files;
  return asyncApiOf(await subjectOf(read)).get("asyncapi.json") ?? "";
}

async function documentOf(files: Files): Promise<AsyncDocument> {
  return JSON.parse(await textOf(files)) as AsyncDocument;
}

/** The catalogue that `merp import` makes of a document. */
async function imported(text: string): Promise<ReturnType<typeof sourcesOf>> {
  const folder = mkdtempSync(join(tmpdir(), "merp-asyncapi-"));
  try {
    writeFileSync(join(folder, "asyncapi.json"), text);
    const { files, hindrances } = await importSchemas(join(folder, "asyncapi.json"), join(folder, "schemas"), {
      kind: "event",
      as: "payload",
      envelopes: envelopes(ownPackage(), "health"),
      name: "shop",
    });
    expect(hindrances).toEqual([]);
    return sourcesOf(files, "imported");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the document of AsyncAPI", () => {
  const tried: readonly (readonly [string, Files])[] = [
    ["messages of all kinds", hard],
    // Its parser takes ten seconds for as many messages.
    ...(process.env["RUNS"] === undefined ? [] : ([["M-ERP's catalogue", mErp]] as const)),
  ];

  it.each(tried)(
    "is valid for %s, by AsyncAPI's own parser, with all examples",
    async (_, files) => {
      const { document, diagnostics } = await new Parser().parse(await textOf(files));
      expect(diagnostics.map(({ code }) => code)).toEqual(["asyncapi-latest-version"]);
      expect(document?.allMessages().length).toBeGreaterThan(4);
    },
    120_000,
  );

  it("has a channel for each stream and what is live, and two operations for each message", async () => {
    const { channels, operations } = await documentOf(hard);
    expect(Object.entries(channels).map(([key, { address }]) => [key, address])).toEqual([
      ["events", "events"],
      ["commands", "commands"],
      ["notifications", "notifications"],
      ["health", "health"],
      ["responses", null],
      ["live_user", "notifications:user:{target_user_id}"],
      ["live_company", "notifications:company:{target_company_id}"],
      ["live_channel", "notifications:{channel}"],
    ]);
    expect(
      Object.entries(operations).map(([name, { action, reply }]) => `${name} ${action}${reply ? " reply" : ""}`),
    ).toEqual([
      "publishOrderPlaced send",
      "onOrderPlaced receive",
      "publishPaymentReceived send",
      "onPaymentReceived receive",
      "sendReserveStock send reply",
      "handleReserveStock receive reply",
      "notifyOrderShipped send",
      "onOrderShippedNotification receive",
      "publishHealthReport send",
      "onHealthReport receive",
    ]);
  });

  it("tells the fields of an entry in their order, and what the runtime closes for publishers alone", async () => {
    const subject = await subjectOf(hard);
    const { components } = await documentOf(hard);
    const descriptor = descriptorsOf(subject.model).find(({ type }) => type === "payment.received");
    const contract = contractOf(descriptor as NonNullable<typeof descriptor>);
    const message = components.messages["event.payment.received"] as AsyncMessage;
    const { written, encodings } = message["x-redis"];
    expect([written, encodings.fields.fields.map(({ name }) => name)]).toEqual(["json", contract.layout("fields")]);

    const example = message.examples[0]?.payload as Record<string, Record<string, unknown>>;
    const { after_data: carried, metadata } = message.payload.properties;
    expect([carried?.[CLOSED], metadata?.[CLOSED]]).toEqual([true, undefined]);
    const closed = { ...example, after_data: { ...example["after_data"], further: 1 } };
    expect(contract.violations(closed).map(({ path }) => path)).toEqual(["after_data.further"]);
    expect(contract.readerViolations(closed)).toBe(undefined);
    expect(contract.violations({ ...example, metadata: { further: 1 } })).toEqual([]);
    expect(carried).toMatchObject({ properties: { iban: { "x-sensitive": true } } });
  });

  it("accepts by draft 07 what a reader accepts, for every schema of the official suite, but for numbers of items", () => {
    const folder = `${repository}test/codegen/official/`;
    const lines = readdirSync(folder).flatMap((file) =>
      file.endsWith(".jsonl") ? readFileSync(`${folder}${file}`, "utf8").trim().split("\n") : [],
    );
    const writer = new SchemaWriter((name) => name);
    const differing = new Set<string>();
    let same = 0;
    for (const line of lines) {
      const { about, schema, valid, invalid, refused } = JSON.parse(line) as Case;
      if (refused !== undefined) continue;
      const sources = sourcesOf(textsOf({ "types/case.json": schema }), "schemas");
      const { definitions, flattener } = buildModel(sources, readConfig(undefined).config);
      const [root] = definitions;
      if (root === undefined) continue;
      const flat = flattener.definition(root);
      const schemas = definitions.map((each) => [each.name, writer.write(flattener.definition(each))] as const);
      const ajv = new Ajv({
        strict: false,
        formats: tolerantFormats,
        ownProperties: true,
        meta: false,
        validateSchema: false,
      });
      const accepts = ajv.compile({ components: { schemas: Object.fromEntries(schemas) }, ...writer.write(flat) });
      const reads = compileReader(flattener.whole(flat));
      for (const value of [...valid, ...invalid]) {
        if (accepts(value) === (reads(value) === undefined)) same++;
        else differing.add(about);
      }
    }
    expect([...differing].filter((about) => !/m(?:in|ax)Contains/.test(about))).toEqual([]);
    expect(differing.size).toBeLessThan(7);
    expect(same).toBeGreaterThan(500);
  });

  it.each([
    ["the catalogue that merp init begins with", starter],
    ["messages of all kinds", hard],
  ])("brings back %s when it is imported", async (_, files) => {
    const texts = textsOf({ ...files, "catalogue.json": { name: "shop" } });
    const { findings, messages } = await diffCatalogues(
      sourcesOf(texts, "schemas"),
      await imported(await textOf(files)),
    );
    expect(findings.filter(({ verdict }) => verdict !== "safe")).toEqual([]);
    // Its result has a type of its own now.
    expect(findings.map(({ rule, type }) => `${rule} ${type}`)).toEqual(["schema-changed reserve_stock"]);
    expect(messages).toBeGreaterThan(2);
  });

  it("brings back every message of M-ERP's catalogue when it is imported", async () => {
    const model = buildModel(sourcesOf(textsOf(mErp), "schemas"), readConfig(undefined).config);
    const subject = { ...(await subjectOf(starter)), model };
    const again = buildModel(await imported(asyncApiOf(subject).get("asyncapi.json") ?? ""), model.config);
    expect(again.messages.map(({ kind, type, name }) => [kind.kind, type, name])).toEqual(
      model.messages.map(({ kind, type, name }) => [kind.kind, type, name]),
    );
    const [was, is] = [descriptorsOf(model), descriptorsOf(again)];
    const isSame = (one: JsonSchema, other: JsonSchema): boolean => {
      const [before, after] = [new Document(one), new Document(other)];
      return new Sameness(before, after).schemas(before.root, after.definition(after.root) ?? after.root);
    };
    for (const [at, descriptor] of was.entries()) {
      const other = is[at] as Descriptor;
      expect(isSame(descriptor.schema, other.schema), descriptor.type).toBe(true);
      const [result, otherResult] = [descriptor, other].map((one) => (one as CommandDescriptor).result);
      if (result === undefined || otherResult === undefined) continue;
      expect(isSame(result, otherResult), `the result of ${descriptor.type}`).toBe(true);
    }
  }, 120_000);
});
