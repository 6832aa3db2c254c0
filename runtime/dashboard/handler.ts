import type { IncomingMessage, ServerResponse } from "node:http";
import { html } from "../contract/html.js";
import { MessagingError } from "../errors.js";
import { readAction } from "./action.js";
import { assetsOf } from "./asset.js";
import { textWithin } from "./body.js";
import { Gate, type GateOptions, type Refusal } from "./gate.js";
import { nodeListener } from "./node-listener.js";
import { flow } from "./pages/flow.js";
import { mainText, pageText } from "./pages/frame.js";
import { group } from "./pages/group.js";
import { letter } from "./pages/letter.js";
import { letters } from "./pages/letters.js";
import { message, messages } from "./pages/messages.js";
import { overview } from "./pages/overview.js";
import { services } from "./pages/services.js";
import { story } from "./pages/story.js";
import { missing, stream, streams } from "./pages/streams.js";
import type { Asked, MakeView, View } from "./pages/view.js";
import { sentence } from "./pages/words.js";
import { lead, reply, replyJson } from "./reply.js";
import { SharedSnapshot } from "./shared-snapshot.js";
import type { DashboardSource } from "./source/source.js";

/** An edited message may be a little larger as text than in its entry. */
const MOST_BODY_BYTES = 2 * 1024 * 1024;

const PAGES: Readonly<Record<string, MakeView>> = {
  "": overview,
  ...{ streams, stream, group, messages, message, story, letters, letter, services, flow },
};

const TYPES: Readonly<Record<string, string>> = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };

/** Where a dashboard is mounted, and who may come in. */
export interface HandlerOptions extends GateOptions {
  readonly path?: string | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Answers the requests of browsers. */
export class DashboardHandler {
  readonly #source: DashboardSource;
  readonly #root: string;
  readonly #gate: Gate;
  readonly #shared: SharedSnapshot;
  readonly #onError: (error: unknown) => void;
  #assets: Readonly<Record<string, string>> | undefined;

  constructor(source: DashboardSource, { path = "", onError = console.error, ...gate }: HandlerOptions) {
    this.#onError = onError;
    this.#source = source;
    this.#root = path.replace(/\/+$/, "");
    this.#gate = new Gate(gate);
    this.#shared = new SharedSnapshot(source);
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const turnedAway = this.#gate.checkHost(request);
    if (turnedAway !== undefined) return this.#turnAway(request, turnedAway);
    if (pathname === this.#root && this.#root !== "") return lead(`${this.#root}/`);
    if (!pathname.startsWith(`${this.#root}/`)) return reply(request, "Not found", { status: 404, type: "text/plain" });
    const page = pathname.slice(this.#root.length + 1);
    if (request.method === "POST") return page === "do" ? this.#act(request) : refuseMethod(request);
    if (request.method !== "GET" && request.method !== "HEAD") return refuseMethod(request);
    if (page.startsWith("assets/")) return this.#asset(request, page.slice("assets/".length));
    return this.#page(request, page);
  };

  /** For Node's own server, and for Express and Fastify. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> = nodeListener((request) =>
    this.fetch(request),
  );

  async #page(request: Request, page: string): Promise<Response> {
    const isPart = request.headers.get("x-merp-part") === "main";
    const refusal = this.#gate.checkReading(request);
    if (refusal !== undefined && isPart) return this.#turnAway(request, refusal);
    const view = refusal === undefined ? await this.#view(page, new URL(request.url).searchParams) : GUARDED;
    const status = view.status ?? 200;
    if (isPart) return reply(request, `${html`${mainText(view)}`.text}\n`, { status });
    const frame = { root: this.#root, page, mayAct: this.#gate.mayAct, isGuarded: refusal !== undefined };
    return reply(request, pageText(view, frame), { status });
  }

  async #view(page: string, params: URLSearchParams): Promise<View> {
    const make = Object.hasOwn(PAGES, page) ? PAGES[page] : undefined;
    if (make === undefined)
      return missing("Not found", "There is no such page", html`<a href="${this.#root}/">Overview</a>`);
    const asked: Asked = {
      root: this.#root,
      params,
      source: this.#source,
      shared: this.#shared,
      mayAct: this.#gate.mayAct,
    };
    try {
      return await make(asked);
    } catch (error) {
      return troubleView(this.#wordsOf(error));
    }
  }

  async #act(request: Request): Promise<Response> {
    const refusal = this.#gate.checkChange(request);
    if (refusal !== undefined) return replyJson(refusal.status, { error: refusal.text });
    const text = await textWithin(request, MOST_BODY_BYTES);
    if (text === undefined) return replyJson(413, { error: `the request has more than ${MOST_BODY_BYTES} bytes` });
    const read = readAction(text);
    if ("error" in read) return replyJson(400, read);
    try {
      const done = await this.#source.act(read.action, read.actor);
      return replyJson(200, { done });
    } catch (error) {
      return replyJson(409, { error: this.#wordsOf(error) });
    } finally {
      this.#shared.forget();
    }
  }

  #asset(request: Request, name: string): Response {
    this.#assets ??= assetsOf();
    const text = Object.hasOwn(this.#assets, name) ? this.#assets[name] : undefined;
    if (text === undefined) return reply(request, "Not found", { status: 404, type: "text/plain" });
    return reply(request, text, { type: TYPES[name.split(".").at(-1) ?? ""] ?? "text/plain" });
  }

  /** An error of ours says what to do. Any other may hold what a page should not show. */
  #wordsOf(error: unknown): string {
    if (error instanceof MessagingError) return error.message;
    this.#onError(error);
    return "the dashboard failed; the process that serves it has written down why";
  }

  #turnAway(request: Request, { status, text }: Refusal): Response {
    return reply(request, text, { status, type: "text/plain" });
  }
}

const GUARDED: View = {
  title: "Sign in",
  main: html`<h1>Sign in</h1><p>Reading this dashboard needs its token: it was given to it when it was started.</p>`,
};

function refuseMethod(request: Request): Response {
  return reply(request, "Method not allowed", { status: 405, type: "text/plain" });
}

/** Nothing of the page is known: what is wrong is said, and the page tries again by itself. */
function troubleView(text: string): View {
  return {
    title: "Trouble",
    status: 503,
    main: html`<h1>This cannot be shown now</h1><p class="banner">${sentence(text)}</p><p class="note">The page tries again by itself.</p>`,
    verdict: { faults: 1, text },
  };
}
