import { createHash, timingSafeEqual } from "node:crypto";
import { ConfigError } from "../errors.js";

/** Who may come in. */
export interface GateOptions {
  readonly token?: string | undefined;
  readonly openReading?: boolean | undefined;
  readonly hosts?: readonly string[] | undefined;
}

/** Why a request is turned away. */
export interface Refusal {
  readonly status: 401 | 403 | 415;
  readonly text: string;
}

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
const SHORTEST = 16;

/** Decides who may read and who may change something. */
export class Gate {
  /** Whether anything can be changed at all. */
  readonly mayAct: boolean;
  /** Whether the token is needed to read. */
  readonly isReadingGuarded: boolean;
  readonly #digest: Buffer | undefined;
  /** The names that it answers to; `undefined` for any. */
  readonly #hosts: ReadonlySet<string> | undefined;

  /** @throws {ConfigError} a token that is too short */
  constructor({ token, openReading = false, hosts }: GateOptions) {
    if (token !== undefined && token.length < SHORTEST) {
      throw new ConfigError([
        `the dashboard's token has ${token.length} characters and needs ${SHORTEST}: make one with openssl rand -hex 16`,
      ]);
    }
    if (token !== undefined && !/^[!-~]+$/.test(token)) {
      throw new ConfigError(["the dashboard's token may hold visible ASCII characters alone: it is sent as a header"]);
    }
    this.mayAct = token !== undefined;
    this.isReadingGuarded = this.mayAct && !openReading;
    this.#digest = token === undefined ? undefined : digestOf(token);
    // Another site can give its own name this address, and then reads what is open. It has no token.
    const names = hosts ?? (this.isReadingGuarded ? undefined : LOOPBACK);
    this.#hosts = names && new Set(names.map((name) => name.toLowerCase()));
  }

  /** Whether a request comes under a name of this server. */
  checkHost(request: Request): Refusal | undefined {
    const name = hostOf(request).replace(/:\d*$/, "");
    if (this.#hosts === undefined || this.#hosts.has(name)) return undefined;
    const text = "this dashboard does not answer to the name in the address: add it to the option hosts";
    return { status: 403, text };
  }

  /** Whether a request may read what is in Redis. */
  checkReading(request: Request): Refusal | undefined {
    // Whoever shows a token is told at once if it is a wrong one.
    const isShown = this.mayAct && request.headers.has("authorization");
    return this.isReadingGuarded || isShown ? this.#checkToken(request) : undefined;
  }

  /** Whether a request may change something. No form and no script of another site can make one that may. */
  checkChange(request: Request): Refusal | undefined {
    const { headers } = request;
    if (!this.mayAct) {
      return { status: 403, text: "this dashboard only reads: start it with a token to change something" };
    }
    const site = headers.get("sec-fetch-site");
    if ((site !== null && site !== "same-origin") || !this.#isOwn(request)) {
      return {
        status: 403,
        text: "the request comes from another site; behind a proxy, have it pass on the Host header",
      };
    }
    if (!/^application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "")) {
      return { status: 415, text: "a change is sent as application/json" };
    }
    return this.#checkToken(request);
  }

  #isOwn(request: Request): boolean {
    const origin = request.headers.get("origin");
    if (origin === null) return true;
    return URL.canParse(origin) && new URL(origin).host === hostOf(request);
  }

  #checkToken(request: Request): Refusal | undefined {
    const [, given = ""] = /^Bearer ([^\s]+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    // Digests have one length, so the comparison takes the same time for every token.
    if (this.#digest !== undefined && timingSafeEqual(digestOf(given), this.#digest)) return undefined;
    return { status: 401, text: given === "" ? "the token is needed" : "the token is not right" };
  }
}

/** The name and port to which a request was sent. */
function hostOf(request: Request): string {
  return (request.headers.get("host") ?? new URL(request.url).host).toLowerCase();
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
