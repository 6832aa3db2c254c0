import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onPartnerCreated, publishPartnerCreated } from "../../../generated/index.js";
import { examplePartnerCreated } from "../../../generated/testing.js";
import { hasChromium, startChromium } from "../../support/chromium.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { AUDIT } from "./accessibility.js";
import { dashboardAt, pagesOf, TOKEN, writeHostile } from "./hostile-stage.js";

describe.skipIf(!hasChromium)("the dashboard, in Chromium (apt-get install chromium),", async () => {
  const { redis, admin } = await useRedis();
  const dashboard = dashboardAt(redis, { path: "/ops", token: TOKEN, openReading: true });
  const troubles: string[] = [];
  let browser: Awaited<ReturnType<typeof startChromium>>;
  let server: Server;
  let page: Page;
  let root: string;
  let pages: readonly string[];

  beforeAll(async () => {
    pages = pagesOf(await writeHostile(admin));
    await using billing = createService(redis, { service: "billing", maxRetries: 0 });
    onPartnerCreated(billing, () => {
      throw Object.assign(new Error("away"), { code: "ECONNREFUSED" });
    });
    await billing.start();
    const { entity_id, after_data } = examplePartnerCreated();
    for (let at = 0; at < 2; at++) await publishPartnerCreated(billing, { entity_id, after_data });
    await eventually(async () => expect(await admin.xlen("{events}:dead")).toBe(3));
    server = createServer(dashboard.handle);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ops`;
    browser = await startChromium();
    page = await browser.context.newPage();
    page.setDefaultTimeout(10_000);
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("console", (message) => troubles.push(message.text()));
  });

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
    await dashboard.close();
  });

  const open = (path: string) => page.goto(`${root}/${path}`);
  const focused = (): Promise<string> => page.evaluate("document.activeElement.textContent");
  /** Waits until the page has been read anew. */
  const readAnew = () => page.waitForResponse((reply) => reply.request().headers()["x-merp-part"] === "main");

  it("runs nothing that is in Redis, breaks no rule of its policy, and can be used by all, on each page", async () => {
    for (const path of pages) {
      await open(path);
      expect([path, await page.evaluate('"stolen" in globalThis'), await page.evaluate(AUDIT)]).toEqual([
        path,
        false,
        [],
      ]);
    }
    // What is not there is told by its status, which Chromium notes.
    expect(troubles.splice(0).filter((text) => !text.includes("404"))).toEqual([]);
  });

  it("fits a telephone, light and dark, with text that can be read", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: "dark" });
    for (const path of pages.filter((each) => /^$|^(group|letter|flow)|^messages.*type=/.test(each))) {
      await open(path);
      expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, 390]);
    }
    expect(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")).toBe("rgb(21, 25, 28)");
    await open("");
    expect(await page.evaluate(AUDIT)).toEqual([]);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 800 });
    troubles.splice(0);
  });

  it("is walked through, searched and signed in to with the keyboard alone, and keeps the focus while it is read anew", async () => {
    await open("letters");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await page.keyboard.press("/");
    await page.waitForURL(/messages/);
    await page.keyboard.press("/");
    await page.keyboard.type("partner.*");
    await page.keyboard.press("Enter");
    await page.waitForURL(/type=partner/);
    expect(await page.locator("tbody tr").count()).toBe(2);

    await open("letters");
    expect(await page.locator("form.act:visible").count()).toBe(0);
    await page.locator(".token-button").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.type("ada");
    await page.keyboard.press("Tab");
    await page.keyboard.type("not-the-right-token");
    await page.keyboard.press("Enter");
    await page.getByText("the token is not right").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type(TOKEN);
    await page.keyboard.press("Enter");
    const redrive = page.locator("li", { hasText: "ECONNREFUSED" }).getByText("Redrive all");
    await redrive.waitFor();
    await redrive.focus();
    await readAnew();
    await readAnew();
    expect(await focused()).toBe("Redrive all");
    await page.keyboard.press("Enter");
    expect(await page.locator("dialog h2").innerText()).toBe("Redrive 2 letters of billing-workers (ECONNREFUSED)?");
    await page.keyboard.type("the database is back");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("2 letters redriven").waitFor();
    await expect.poll(() => page.locator("li", { hasText: "ECONNREFUSED" }).count()).toBe(0);
    // Chromium notes the refused token.
    expect(troubles.splice(0).filter((text) => !text.includes("401"))).toEqual([]);
  });

  it("leaves alone what is being written", async () => {
    await open(pages.find((each) => each.startsWith("letter?")) ?? "");
    await page.locator(".editor summary").click();
    await page.locator("textarea").fill("half a thought");
    await readAnew();
    await readAnew();
    expect(await page.locator("textarea").inputValue()).toBe("half a thought");
  });

  it("says when it is not reached, and goes on when it is", async () => {
    await open("streams");
    await page.route("**/streams", (route) => route.abort());
    await page.getByRole("alert").getByText("not reached").waitFor();
    await page.unroute("**/streams");
    await page.locator(".offline").waitFor({ state: "hidden" });
  });
});
