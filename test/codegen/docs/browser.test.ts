import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { siteOf } from "../../../codegen/docs/site/site.js";
import { hasChromium, startChromium } from "../../support/chromium.js";
import { HOSTILE, HOSTILE_NAME, hard, subjectOf } from "./catalogue.js";

describe.skipIf(!hasChromium)("the site, as files in Chromium (apt-get install chromium),", () => {
  const folder = mkdtempSync(join(tmpdir(), "merp-site-"));
  const troubles: string[] = [];
  let browser: Awaited<ReturnType<typeof startChromium>>;
  let page: Page;

  beforeAll(async () => {
    for (const [path, text] of siteOf(await subjectOf(hard))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    browser = await startChromium();
    page = await browser.context.newPage();
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("console", (message) => troubles.push(message.text()));
  });

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const open = (path: string) => page.goto(`${pathToFileURL(folder)}/${path}`);
  const place = (): string => page.url().slice(`${pathToFileURL(folder)}/`.length);
  const focused = (): Promise<string> => page.evaluate("document.activeElement.textContent");

  it("runs nothing that a schema says, and reads as the schema does", async () => {
    await open("events/payment.received.html");
    const seen = await page.evaluate(`({
      stolen: "stolen" in globalThis,
      scripts: document.scripts.length,
      images: document.images.length,
      lead: document.querySelector(".lead").textContent,
      title: document.title,
      name: document.querySelector(".inside .name code").textContent,
      constant: document.querySelector(".inside .entry .type code").textContent,
    })`);
    expect(seen).toEqual({
      stolen: false,
      scripts: 2,
      images: 0,
      lead: `A payment arrived. ${HOSTILE}`,
      title: "payment.received (event) · shop",
      name: HOSTILE_NAME,
      constant: JSON.stringify(HOSTILE).replace(
        /[\u202e\u202c\u2066\u2069]/g,
        (mark) => `\\u${mark.charCodeAt(0).toString(16)}`,
      ),
    });
  });

  it("finds, chooses and opens with the keyboard alone", async () => {
    await open("index.html");
    await page.keyboard.press("/");
    await page.keyboard.type("device");
    expect(await page.locator("dialog .status").innerText()).toBe("1 found");
    await page.keyboard.press("Enter");
    await page.waitForURL(/payment/);
    expect(place()).toBe("events/payment.received.html#after_data.method:oneOf-1.proof:anyOf-2.device");
    expect(await page.locator('[id="after_data.method:oneOf-1.proof:anyOf-2.device"]').isVisible()).toBe(true);

    await page.keyboard.press("/");
    await page.keyboard.type("order");
    const chosen = page.locator('dialog [aria-selected="true"] .found');
    const first = await chosen.innerText();
    await page.keyboard.press("ArrowDown");
    expect(await chosen.count()).toBe(1);
    expect(await chosen.innerText()).not.toBe(first);
    await page.keyboard.press("ArrowUp");
    expect([first, await chosen.innerText()]).toEqual(["order.placed", "order.placed"]);
    await page.keyboard.press("Escape");
    expect(await page.locator("dialog").isVisible()).toBe(false);
  });

  it("is walked through with Tab, from a link that skips to the content", async () => {
    await open("events/order.placed.html");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("shop");
    const outlined = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outlined).toBe("solid");
    const envelope = page.locator("details.envelope > summary");
    await envelope.focus();
    await page.keyboard.press("Enter");
    expect(await page.locator('[id="source_service"]').isVisible()).toBe(true);
  });

  it("is light or dark as the system is, or as it is told to be", async () => {
    const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    await page.emulateMedia({ colorScheme: "dark" });
    await open("index.html");
    const dark = await ground();
    const button = page.locator(".theme-button");
    await button.click();
    const light = await ground();
    await open("events/order.placed.html");
    expect([dark, light, await button.innerText(), await ground()]).toEqual([
      "rgb(21, 25, 28)",
      "rgb(251, 250, 247)",
      "Light",
      light,
    ]);
    await button.click();
    await page.emulateMedia({ colorScheme: "light" });
    expect(await ground()).toBe(dark);
    await page.emulateMedia({ media: "print" });
    expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(30, 36, 40)");
    await page.emulateMedia({ media: "screen" });
  });

  it("fits a telephone, and prints what is folded", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ["index.html", "events/payment.received.html", "types/address.html", "service-warehouse.html"]) {
      await open(path);
      expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBe(390);
    }
    expect(await page.locator(".side details").getAttribute("open")).toBe(null);
    await open("events/payment.received.html");
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator("main details:not([open])").count()).toBe(0);
    expect(troubles).toEqual([]);
  });
});
