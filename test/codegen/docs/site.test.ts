import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { siteOf } from "../../../codegen/docs/site/site.js";
import { readConfig } from "../../../codegen/load/config.js";
import { readTexts } from "../../../codegen/load/folder.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import { escapeHtml, html } from "../../../runtime/contract/html.js";
import type { Files } from "../catalogue.js";
import { repository } from "../scratch.js";
import { HOSTILE, HOSTILE_NAME, hard, starter, subjectOf } from "./catalogue.js";

const subject = await subjectOf(hard);
const site = siteOf(subject);
const page = (path: string): string => site.get(path) ?? "";

/** What a reader sees of a page, as far as it has no scripts. */
function textIn(page: string): string {
  return page
    .replace(/<!--.*?-->/gs, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}

describe("the escaper of HTML", () => {
  it("leaves nothing that a parser would take for markup, and shows controls as pictures", () => {
    expect(html`<a title="${'"><b>'}">${["<i>", html`<b>`, false, undefined, 1]}</a>`.text).toBe(
      '<a title="&quot;&gt;&lt;b&gt;">&lt;i&gt;<b>1</a>',
    );
    expect(escapeHtml("\0\u001b\u007f\u0085\ud800 \n\t\r")).toBe("␀␛␡\ufffd\ufffd \n\t&#13;");
  });
});

describe("the site", () => {
  it("has a page for each message, each file of types and each service, and no script of theirs", () => {
    expect([...site.keys()].sort()).toEqual([
      "assets/search-index.js",
      "assets/site.css",
      "assets/site.js",
      "commands/reserve_stock.html",
      "envelopes/command.html",
      "envelopes/event.html",
      "envelopes/health.html",
      "envelopes/notification.html",
      "events/order.placed.html",
      "events/payment.received.html",
      "health/report.html",
      "index.html",
      "notifications/order_shipped.html",
      "service-payment-service.html",
      "service-shop.html",
      "service-warehouse.html",
      "types/address.html",
    ]);
    for (const [path, text] of site) {
      if (!path.endsWith(".html")) continue;
      expect(text.match(/<script/g), path).toHaveLength(2);
      expect(text, path).not.toMatch(/<img|<[^>]*\son\w+=|javascript:|https?:\/\/(?!www\.w3\.org)[^<\s]*"/);
      expect(text, path).toContain("Content-Security-Policy");
    }
    expect(page("assets/search-index.js")).not.toMatch(/<|\u202e/);
  });

  it("shows hostile texts as they are", () => {
    const flat = (text: string): string => text.replace(/\s+/g, " ");
    const shown = textIn(page("events/payment.received.html"));
    expect(shown).toContain(flat(HOSTILE));
    expect(shown).toContain(HOSTILE_NAME);
  });

  it("leads nowhere that is not there, in a site of all kinds and in M-ERP's", () => {
    const files = readTexts(`${repository}schemas`);
    const model = buildModel(sourcesOf(files, "schemas"), readConfig(undefined).config);
    for (const each of [site, siteOf({ ...subject, model, services: [] })]) {
      const anchors = new Map(
        [...each].map(([path, text]) => [path, new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))]),
      );
      const dead: string[] = [];
      for (const [path, text] of each) {
        if (!path.endsWith(".html")) continue;
        expect(anchors.get(path)?.size, path).toBe([...text.matchAll(/ id="/g)].length);
        for (const [, address = ""] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
          const [file = "", anchor = ""] = decodeURI(address).split("#");
          const target = file === "" ? path : posix.join(posix.dirname(path), file);
          if (!each.has(target) || (anchor !== "" && anchors.get(target)?.has(anchor) !== true))
            dead.push(`${path}: ${address}`);
        }
      }
      expect(dead).toEqual([]);
      const found = [...(each.get("assets/search-index.js") ?? "").matchAll(/^\[.*\],$/gm)].map(
        ([line]) => JSON.parse(line.slice(0, -1)) as readonly [string, string, string, string],
      );
      expect(found.length).toBeGreaterThan(30);
      expect(
        found
          .map(([, , , address]) => address.split("#"))
          .filter(
            ([file = "", anchor]) =>
              !each.has(file) || (anchor !== undefined && anchors.get(file)?.has(anchor) !== true),
          ),
      ).toEqual([]);
    }
  }, 60_000);

  it("says of a property its type, limits, default and marks, and of a choice and a condition what they allow", () => {
    const shown = textIn(page("events/payment.received.html"));
    for (const words of [
      "amount number required What arrived. more than 0",
      'currency string By ISO 4217 . matches ^[A-Z<>&]{3}$ by default "EUR"',
      "iban string or null sensitive The account that paid. at least 15 characters",
      "reason string deprecated",
      "place tuple of 2 at least 2 items",
      "labels map of string names that match ^[a-z]+$",
      "method one of 2 forms required How it was paid.",
      'If state is "refused" : it has reason .',
      "With iban , currency is required, too.",
      "read, never written",
      "2 properties of Node",
    ]) {
      expect(shown).toContain(words);
    }
  });

  it("shows the example as the runtime writes it in either encoding, and the lines that publish and handle it", () => {
    const shown = textIn(page("events/order.placed.html"));
    expect(shown).toContain("As json : how this catalogue is written field value message_type order.placed json {");
    expect(shown).toContain('after_data {"total":119,"currency":"EUR","email":"ada@example.com"}');
    expect(shown).toContain("As fields : read as well");
    expect(shown).toContain('import { publishOrderPlaced } from "./generated/index.js";');
    expect(shown).toContain("onOrderPlaced(messaging, async (event) => {");
    expect(textIn(page("commands/reserve_stock.html"))).toContain(
      "handleReserveStock(messaging, async ({ payload }) => ({ done: true }));",
    );
  });

  it("tells who publishes, who handles and what uses a type", () => {
    expect(textIn(page("events/order.placed.html"))).toContain("Published by shop ; handled by warehouse .");
    expect(textIn(page("notifications/order_shipped.html"))).toContain("Published by nobody, as far as is declared");
    expect(page("events/order.placed.html")).toMatch(/<svg role="group" aria-label="shop → order.placed → warehouse"/);
    expect(textIn(page("types/address.html"))).toContain("A town. at least 1 character Used by Address .");
  });

  it("is the same for the same schemas, in whatever order their files are listed", async () => {
    const backwards = Object.fromEntries(Object.entries(hard).reverse()) as Files;
    expect([...siteOf(await subjectOf(backwards))]).toEqual([...site]);
  });

  it("says nothing of services where none are declared", async () => {
    const plain = siteOf(await subjectOf(starter));
    expect(textIn(plain.get("index.html") ?? "")).not.toContain("Services");
    expect([...plain.keys()].filter((path) => path.startsWith("service-"))).toEqual([]);
  });
});

describe("the colours of the site", () => {
  const style = readFileSync(`${repository}codegen/templates/docs/site.css`, "utf8");
  const [, light = "", dark = "", asked = ""] =
    /:root \{([^}]*)\}.*?data-theme="dark"\] \{([^}]*)\}.*?:not\(\[data-theme="light"\]\) \{([^}]*)\}/s.exec(style) ??
    [];
  const coloursOf = (block: string): Readonly<Record<string, string>> =>
    Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));

  /** By WCAG 2. */
  function luminance(colour: string): number {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  it("have the contrast that WCAG AA demands, in both themes and on every ground", () => {
    expect(coloursOf(asked)).toEqual(coloursOf(dark));
    for (const colours of [coloursOf(light), coloursOf(dark)]) {
      const { paper = "", raised = "", sunken = "", line: _, ...inks } = colours;
      expect(Object.keys(inks)).toHaveLength(12);
      for (const [name, ink] of Object.entries(inks)) {
        for (const ground of [paper, raised, sunken]) {
          const [one = 0, other = 0] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
          expect((one + 0.05) / (other + 0.05), `${name} ${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
        }
      }
    }
  });
});
