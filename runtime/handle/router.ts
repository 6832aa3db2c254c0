import type { Catalogue } from "../contract/catalogue.js";
import { type FlatFields, fieldOf, isJsonEntry } from "../contract/codec.js";
import type { CommandDescriptor, Descriptor, MessageKind } from "../contract/descriptor.js";
import { ConfigError } from "../errors.js";
import { companyOf, correlationOf, withCorrelationOnly } from "../messaging/correlation.js";
import type { CommandHandler, Handler, HandlerOptions } from "../messaging/handler.js";

/** A handler with what it is for. */
export interface Route {
  readonly descriptor: Descriptor;
  readonly handler: Handler<never> | CommandHandler<never, unknown>;
  readonly options: RouteOptions;
  /** Whether it leaves any message of its type out. */
  readonly isFiltered: boolean;
}

/** A handler's options, and of a command's handler whose commands it takes. */
export interface RouteOptions extends HandlerOptions<never> {
  readonly target_service?: string;
}

/** The fields that tell an entry's company before it is decoded, by kind; a command keeps it in its metadata. */
const COMPANY_FIELDS: { readonly [Kind in MessageKind]?: string } = {
  event: "company_id",
  notification: "target_company_id",
};

/** All handlers of one stream, by message type. */
export interface StreamRoutes {
  readonly stream: string;
  readonly byType: ReadonlyMap<string, readonly Route[]>;
  /** Handlers of the message that carries no type on the wire (health). */
  readonly untyped: readonly Route[] | undefined;
}

/** Knows who handles what. Filled before `start`, fixed afterwards. */
export class Router {
  readonly #catalogue: Catalogue;
  readonly #routes = new Map<string, Map<string, Route[]>>();

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /**
   * @throws {ConfigError} `HANDLER_CONFLICT` for a second handler of one command, or a type declared by two
   * descriptors; `CONFIG_INVALID` for a pattern that matches no event
   */
  add(target: Descriptor | string, handler: Route["handler"], options: RouteOptions = {}): void {
    for (const descriptor of typeof target === "string" ? this.#matching(target) : [target]) {
      this.#addOne({ descriptor, handler, options, isFiltered: isFilter(options) });
    }
  }

  streams(): StreamRoutes[] {
    return [...this.#routes].map(([stream, byType]) => {
      const health = [...byType.values()].find(([route]) => route?.descriptor.kind === "health");
      return { stream, byType, untyped: health };
    });
  }

  #addOne(route: Route): void {
    const { descriptor } = route;
    let byType = this.#routes.get(descriptor.stream);
    if (byType === undefined) {
      byType = new Map();
      this.#routes.set(descriptor.stream, byType);
    }
    const present = byType.get(descriptor.type);
    if (present === undefined) {
      byType.set(descriptor.type, [route]);
      return;
    }
    if (present.some((other) => other.descriptor !== descriptor)) {
      throw new ConfigError(
        [`two different descriptors claim ${descriptor.type} on stream ${descriptor.stream}: register handlers by one`],
        "HANDLER_CONFLICT",
      );
    }
    if (descriptor.kind === "command") {
      throw new ConfigError(
        [`${descriptor.type} has a handler already: a command has exactly one`],
        "HANDLER_CONFLICT",
      );
    }
    present.push(route);
  }

  #matching(pattern: string): readonly Descriptor[] {
    const events = this.#catalogue.messages.filter(({ kind }) => kind === "event");
    const matches = events.filter(({ type }) => matchesPattern(type, pattern));
    if (matches.length > 0) return matches;
    const known = [...new Set(events.map(({ type }) => `${type.split(".")[0]}.*`))];
    throw new ConfigError([
      `the pattern "${pattern}" matches no event of this catalogue; it knows ${known.join(", ")}, *`,
    ]);
  }
}

function isFilter({ company_id, source_service, target_service, where }: RouteOptions): boolean {
  return [company_id, source_service, target_service, where].some((filter) => filter !== undefined);
}

function matchesPattern(type: string, pattern: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** Whether a route's filters let the entry through, as far as its undecoded fields tell: in `json` that is nothing. */
export function admits({ descriptor, options }: Route, entry: FlatFields): boolean {
  const { company_id, source_service, target_service } = options;
  if (company_id === undefined && source_service === undefined && target_service === undefined) return true;
  if (isJsonEntry(entry)) return true;
  const passes = (field: string | undefined, wanted: number | string | undefined): boolean =>
    field === undefined || wanted === undefined || fieldOf(entry, field) === String(wanted);
  return (
    passes(COMPANY_FIELDS[descriptor.kind], company_id) &&
    passes("source_service", source_service) &&
    passes("target_service", target_service)
  );
}

/** Whether a decoded message, its contract not yet checked, is from and for whom the route's filters say. */
export function suits({ descriptor, options }: Route, message: Readonly<Record<string, unknown>>): boolean {
  const { company_id, source_service, target_service } = options;
  return (
    (company_id === undefined || String(companyOf(descriptor.kind, message)) === String(company_id)) &&
    (source_service === undefined || message["source_service"] === source_service) &&
    (target_service === undefined || message["target_service"] === target_service)
  );
}

/** Whether a route's own condition lets the message through. */
export function wants({ descriptor, options }: Route, message: Readonly<Record<string, unknown>>): boolean {
  const where = options.where as ((message: unknown) => boolean) | undefined;
  return where === undefined || withCorrelationOnly(correlationOf(descriptor.kind, message), () => where(message));
}

/** The descriptor of a command route, which alone has a result. */
export function commandOf(route: Route): CommandDescriptor | undefined {
  return route.descriptor.kind === "command" ? (route.descriptor as CommandDescriptor) : undefined;
}
