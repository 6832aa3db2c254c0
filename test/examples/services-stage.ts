import { root } from "../package/program.js";
import { type Child, startChild } from "../support/child.js";
import { eventually } from "../support/eventually.js";

/** A program in `examples/` finds the package by its name, as a service that installed it does. */
export const asExample = { TSX_TSCONFIG_PATH: `${root}/examples/tsconfig.json`, NO_COLOR: "1" };

export type ServiceName =
  | "api-gateway"
  | "audit"
  | "company-partner"
  | "notification-gateway-1"
  | "notification-gateway-2"
  | "user-auth";

/** One service of those that run. */
export interface RunningService {
  readonly url: string;
  readonly pid: number;
}

/** All services, as `npm run examples` starts them. */
export interface Stage extends AsyncDisposable {
  readonly child: Child<never>;
  readonly redisUrl: string;
  readonly services: Readonly<Record<ServiceName, RunningService>>;
  /** Through the API gateway, as a client would. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** What the audit service wrote down of one request, the newest first. */
  auditOf(correlationId: string): Promise<readonly AuditRow[]>;
}

export interface AuditRow {
  readonly event_type: string;
  readonly correlation_id: string;
  readonly event: { readonly metadata?: Record<string, unknown> };
}

export async function openStage(environment: Record<string, string>): Promise<Stage> {
  const child = await startChild<never>(`${root}/examples/start.ts`, { environment: { ...asExample, ...environment } });
  await eventually(
    () => child.output,
    (output) => output.includes("Ctrl-C ends everything"),
    { withinMs: 40_000, what: "the start of all services" },
  );
  const lines = child.output.matchAll(/^(\S+) +│ listens on (\S+), process (\d+)$/gm);
  const running = [...lines].map(([, name, url, pid]) => [name, { url, pid: Number(pid) }] as const);
  const services = Object.fromEntries(running) as Stage["services"];
  const [, redisUrl = ""] = /Redis {2}(\S+)/.exec(child.output) ?? [];
  return {
    child,
    redisUrl,
    services,
    ask: (method, path, body, headers = {}) =>
      fetch(new URL(path, services["api-gateway"].url), {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        body: body === undefined ? null : JSON.stringify(body),
      }),
    async auditOf(correlationId) {
      const response = await fetch(`${services.audit.url}/audit?correlation_id=${correlationId}`);
      return (await response.json()) as AuditRow[];
    },
    [Symbol.asyncDispose]: () => child.stop(),
  };
}
