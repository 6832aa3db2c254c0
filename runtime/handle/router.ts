import { didYouMean, nearest, unknownOptions } from "../config/suggest.js";
import { type FlatFields, fieldOf, isJsonEntry } from "../contract/codec.js";
import { companyFields, companyOf } from "../contract/company.js";
import type { Catalogue, CommandDescriptor, Descriptor } from "../contract/descriptor.js";
import type { Upcast, Upcasting } from "../contract/upcasting.js";
import { ConfigError, UsageError } from "../errors.js";
import { correlationOf, inContextOf } from "../messaging/correlation.js";
import type { CommandHandler, Handler, HandlerOptions } from "../messaging/handler.js";

export interface Route {
  readonly descriptor: Descriptor;
  readonly handler: Handler<never> | CommandHandler<never, unknown>;
  readonly options: RouteOptions;
  /** Whether its options may filter a message out. */
  readonly isFiltered: boolean;
  /** How the entry's message becomes one of the descriptor's, if it is of an older type. */
  readonly upcast: Upcast | undefined;
}

export interface RouteOptions extends HandlerOptions<never> {
  /** The service whose commands a command's handler takes. */
  readonly target_service?: string;
}

const OPTIONS: { readonly [Name in keyof RouteOptions]-?: true } = {
  company_id: true,
  source_service: true,
  target_service: true,
  where: true,
  maxRetries: true,
  retryDelaySeconds: true,
};

/** All handlers of one stream, by message type. */
export interface StreamRoutes {
  readonly stream: string;
  readonly byType: ReadonlyMap<string, readonly Route[]>;
  /** Handlers of the health report, which carries no type on the wire. */
  readonly untyped: readonly Route[] | undefined;
}

/** The handlers of a service. They are fixed once it has started. */
export class Router {
  readonly #catalogue: Catalogue;
  readonly #upcasting: Upcasting | undefined;
  readonly #routes = new Map<string, Map<string, Route[]>>();

  constructor(catalogue: Catalogue, upcasting?: Upcasting) {
    this.#catalogue = catalogue;
    this.#upcasting = upcasting;
  }

  /** @throws {UsageError} when handlers conflict, {ConfigError} for a pattern of no event, or an unknown option */
  add(target: Descriptor | string, handler: Route["handler"], options: RouteOptions = {}): void {
    const unknown = unknownOptions(options, Object.keys(OPTIONS));
    if (unknown.length > 0) throw new ConfigError(unknown);
    for (const descriptor of typeof target === "string" ? this.#matching(target) : [target]) {
      const upcast = this.#upcasting?.of(descriptor);
      if (upcast !== undefined) {
        const [older, newest] = [descriptor.type, upcast.to.type];
        const claim = `${older} is upcast to ${newest} in this service`;
        throw new UsageError("HANDLER_CONFLICT", `${claim}: register the handler of ${newest}, which receives both`);
      }
      const byType = this.#routes.get(descriptor.stream) ?? new Map<string, Route[]>();
      const present = byType.get(descriptor.type) ?? [];
      if (present.some((other) => other.descriptor !== descriptor)) {
        const claim = `two different descriptors claim ${descriptor.type} on stream ${descriptor.stream}`;
        throw new UsageError("HANDLER_CONFLICT", `${claim}: register handlers by one`);
      }
      if (descriptor.kind === "command" && present.length > 0) {
        throw new UsageError("HANDLER_CONFLICT", `${descriptor.type} has a handler already: a command has exactly one`);
      }
      const route = { descriptor, handler, options, isFiltered: isFilter(options), upcast: undefined };
      this.#routes.set(descriptor.stream, byType.set(descriptor.type, [...present, route]));
    }
  }

  streams(): StreamRoutes[] {
    return [...this.#withOlder()].map(([stream, byType]) => ({
      stream,
      byType,
      untyped: [...byType.values()].find(([route]) => route?.descriptor.kind === "health"),
    }));
  }

  /** The routes, and those of the older types that are upcast to a type with a handler. */
  #withOlder(): ReadonlyMap<string, ReadonlyMap<string, readonly Route[]>> {
    const routes = new Map([...this.#routes].map(([stream, byType]) => [stream, new Map(byType)]));
    for (const upcast of this.#upcasting?.all ?? []) {
      const { from, to } = upcast;
      const newest = this.#routes.get(to.stream)?.get(to.type);
      if (newest === undefined) continue;
      const byType = routes.get(from.stream) ?? new Map<string, Route[]>();
      const older = newest.map((route) => ({ ...route, upcast }));
      routes.set(from.stream, byType.set(from.type, older));
    }
    return routes;
  }

  #matching(pattern: string): readonly Descriptor[] {
    const events = this.#catalogue.messages.filter(({ kind }) => kind === "event");
    const all = events.filter(({ type }) => matchesPattern(type, pattern));
    // A message that is upcast arrives as one of the newest type.
    const newest = all.filter((descriptor) => this.#upcasting?.of(descriptor) === undefined);
    const matches = newest.length === 0 ? all : newest;
    if (matches.length > 0) return matches;
    const prefixes = new Set(events.map(({ type }) => `${type.split(".")[0]}.*`));
    const meant = didYouMean(nearest(pattern, [...events.map(({ type }) => type), ...prefixes]));
    const known = `it knows ${[...prefixes].join(", ")}, *`;
    throw new ConfigError([`the pattern "${pattern}" matches no event of this catalogue; ${known}${meant}`]);
  }
}

function isFilter({ company_id, source_service, target_service, where }: RouteOptions): boolean {
  return [company_id, source_service, target_service, where].some((filter) => filter !== undefined);
}

function matchesPattern(type: string, pattern: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** Whether an undecoded entry may be for a route. */
export function admits({ descriptor, options }: Route, entry: FlatFields): boolean {
  return (
    (passes(entry, companyFields[descriptor.kind], options.company_id) || mayTellCompany(descriptor, entry)) &&
    passes(entry, "source_service", options.source_service) &&
    passes(entry, "target_service", options.target_service)
  );
}

/** An entry in `json` tells nothing before it is decoded. */
function passes(entry: FlatFields, field: string | undefined, wanted: number | string | undefined): boolean {
  return field === undefined || wanted === undefined || fieldOf(entry, field) === String(wanted) || isJsonEntry(entry);
}

/** Whether the company of an entry may stand in its metadata alone, which is known once it is decoded. */
function mayTellCompany({ kind }: Descriptor, entry: FlatFields): boolean {
  return !fieldOf(entry, companyFields[kind] ?? "") && (fieldOf(entry, "metadata") ?? "{}") !== "{}";
}

/** Whether a decoded message is for a route. Its contract is not checked yet. */
export function suits({ descriptor, options }: Route, message: Readonly<Record<string, unknown>>): boolean {
  const { company_id, source_service, target_service } = options;
  return (
    (company_id === undefined || String(companyOf(descriptor.kind, message)) === String(company_id)) &&
    (source_service === undefined || message["source_service"] === source_service) &&
    (target_service === undefined || message["target_service"] === target_service)
  );
}

/** Whether a checked message fulfils a route's own condition. */
export function wants({ descriptor, options }: Route, message: Readonly<Record<string, unknown>>): boolean {
  const where = options.where as ((message: unknown) => boolean) | undefined;
  return where === undefined || inContextOf(correlationOf(descriptor.kind, message), () => where(message));
}

/**
 * Whether an entry of which only short fields were read may be for a route. What they do not tell excludes nothing.
 */
export function mayAdmit({ descriptor, options }: Route, entry: FlatFields): boolean {
  const may = (field: string | undefined, wanted: number | string | undefined): boolean =>
    field === undefined || wanted === undefined || (fieldOf(entry, field) || String(wanted)) === String(wanted);
  return (
    may(companyFields[descriptor.kind], options.company_id) &&
    may("source_service", options.source_service) &&
    may("target_service", options.target_service)
  );
}

/** The descriptor of a command route, which alone has a result. */
export function commandOf(route: Route): CommandDescriptor | undefined {
  return route.descriptor.kind === "command" ? (route.descriptor as CommandDescriptor) : undefined;
}

/** The type of a message as its handler has it, and that on the wire if it is another one. */
export function typesOf({ descriptor: { type }, upcast }: Route): { type: string; originalType?: string } {
  return upcast === undefined ? { type } : { type, originalType: upcast.from.type };
}

/** The routes whose filters pass. Returns the list itself when all of them do. */
export function those<Subject>(
  routes: readonly Route[],
  passes: (route: Route, subject: Subject) => boolean,
  subject: NoInfer<Subject>,
): readonly Route[] {
  for (const route of routes) {
    if (!route.isFiltered || passes(route, subject)) continue;
    return routes.filter((each) => !each.isFiltered || passes(each, subject));
  }
  return routes;
}
