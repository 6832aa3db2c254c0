import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, startChromium } from "../support/chromium.js";
import type { Stage } from "./services-stage.js";

/** The page, driven as a person would. It leaves one replica of the notification gateway dead. */
export function describePage(stageOf: () => Stage): void {
  describe.skipIf(!hasChromium)("the page, in Chromium (apt-get install chromium),", () => {
    let browser: Awaited<ReturnType<typeof startChromium>>;
    let page: Page;
    const failures: string[] = [];

    beforeAll(async () => {
      browser = await startChromium();
      page = await browser.context.newPage();
      page.on("pageerror", (error) => failures.push(error.message));
      await page.goto(stageOf().services["api-gateway"].url);
    });

    afterAll(async () => {
      await browser?.[Symbol.asyncDispose]();
    });

    const newest = (text: RegExp) => page.locator("#notifications li").filter({ hasText: text }).first();

    test("greets whoever registers, with what happened before it was open", async () => {
      await page.fill("[name=first_name]", "<i>Ada</i>");
      await page.fill("[name=email]", "page@example.com");
      await page.fill("[name=password]", "analytical engine");
      await page.click("[name=register]");

      await newest(/Welcome, <i>Ada<\/i>!/).waitFor();
      await newest(/New sign-in/).waitFor();
    });

    test("shows what happens as it happens", async () => {
      await page.click("[data-act=partner]");
      await newest(/is a partner now/).waitFor();
      await page.click("[data-act=rate]");
      await newest(/USD at 1\.\d+/).waitFor();
    });

    test("moves to the other replica when its own is killed, and shows everything once", async () => {
      const badge = page.locator("#connection");
      const [, process = ""] = /process (\d+)/.exec(await badge.innerText()) ?? [];
      const replicas = ["notification-gateway-1", "notification-gateway-2"] as const;
      const other = replicas.map((name) => stageOf().services[name].pid).find((pid) => pid !== Number(process));

      globalThis.process.kill(Number(process), "SIGKILL");
      await page.click("[data-act=rate]");

      await page.locator("#notifications li", { hasText: "USD at" }).nth(1).waitFor();
      expect(await badge.innerText()).toBe(`live from process ${other}`);
      expect(await page.locator("#notifications li").count()).toBe(5);
    });

    test("shows all of it again when it is opened again, and the form once signed out", async () => {
      await page.reload();
      await page.locator("#notifications li").nth(4).waitFor();
      await page.click("[data-act=leave]");
      await page.waitForSelector("#sign-in:not([hidden])");

      expect(await page.locator("#notifications li").count()).toBe(0);
      expect(failures).toEqual([]);
    });
  });
}
