import { describe, expect, it } from "vitest";
import { asyncApiOf } from "../../../codegen/docs/async-api/document.js";
import { eventCatalogOf } from "../../../codegen/docs/event-catalog.js";
import { siteOf } from "../../../codegen/docs/site/site.js";
import { imported } from "../import/imported.js";
import { starter, subjectOf } from "./catalogue.js";

const event = "events/account.opened.json";
const email = { type: "string", format: "email", sensitive: true, description: "Where letters go." };
const files = (encrypt: unknown) => ({
  ...starter,
  [event]: {
    ...{ title: "AccountOpened", description: "An account was opened.", $ref: "../envelopes/event.json" },
    properties: {
      event_type: { const: "account.opened" },
      entity_type: { const: "account" },
      entity_id: { type: "integer" },
      after_data: { type: "object", properties: { email: { ...email, encrypt } }, required: ["email"] },
    },
    examples: [
      {
        ...{
          id: "0b0e6a42-6b0e-4f0c-9f8e-3c1f2f5b7a11",
          timestamp: "2026-11-27T12:00:00Z",
          source_service: "shop",
          type: "event",
        },
        ...{ event_type: "account.opened", entity_type: "account", entity_id: 1 },
        after_data: { email: "opened@example.com" },
      },
    ],
  },
});

const emailIn = (text: string): Record<string, unknown> => {
  const found = /"email":\s*(\{(?:[^{}]|\{[^{}]*\})*\})/.exec(text)?.[1] ?? "{}";
  return JSON.parse(found) as Record<string, unknown>;
};

describe("the document of AsyncAPI", () => {
  const textOf = async (encrypt: unknown): Promise<string> =>
    asyncApiOf(await subjectOf(files(encrypt))).get("asyncapi.json") ?? "";
  it("says of an encrypted value what is on the wire, and shows no plain example of it", async () => {
    const text = await textOf(true);
    expect(emailIn(text)).toMatchObject({ type: "string", description: email.description });
    expect(new RegExp(String(emailIn(text)["pattern"])).test(`e1.a.${"A".repeat(38)}`)).toBe(true);
    expect(text).not.toContain("opened@example.com");
    expect(text).toContain('"e1.example.');
    expect(text).not.toMatch(/"encrypt"|"subject"/);
  });

  it("is imported as a text with the form of a ciphertext, which nobody encrypts once more", async () => {
    const { files: made, hindrances } = await imported({ "asyncapi.json": await textOf(true) }, {}, "asyncapi.json");
    expect(hindrances).toEqual([]);
    const text = JSON.stringify(made[event] ?? {});
    expect(emailIn(text)["pattern"]).toMatch(/^\^\(e1/);
    expect(text).not.toContain('"encrypt"');
  });
});

describe("the site and the files of EventCatalog", () => {
  it("show a ciphertext where they show what is on the wire", async () => {
    const subject = await subjectOf(files(true));
    const page = siteOf(subject).get("events/account.opened.html") ?? "";
    const [, wire = ""] = /<section id=":example"(.*?)<\/section>/s.exec(page) ?? [];
    expect(wire).toContain("e1.example.");
    expect(wire).not.toContain("opened@example.com");

    const catalogue = eventCatalogOf(subject);
    const [, schema = ""] = [...catalogue].find(([path]) => path.endsWith("AccountOpened/schema.json")) ?? [];
    expect(emailIn(schema)["pattern"]).toMatch(/^\^\(e1/);
    const [, body = ""] = [...catalogue].find(([path]) => path.endsWith("AccountOpened/index.mdx")) ?? [];
    const [, example = ""] = /## Example\n(.*?)\n## /s.exec(body) ?? [];
    for (const text of [schema, example]) {
      expect(text).toContain("e1.example.");
      expect(text).not.toContain("opened@example.com");
    }
  });
});
