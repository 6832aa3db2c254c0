import { didYouMean, nearest } from "../../config/suggest.js";
import type { FlatFields } from "../../contract/codec.js";
import { ConfigError } from "../../errors.js";
import type { ReplayParts } from "../../handle/replayable.js";
import type { Responding } from "../../handle/responding.js";
import type { Route, StreamRoutes } from "../../handle/router.js";
import type { CommandHandler } from "../../messaging/handler.js";
import type { InterceptorChain } from "../../messaging/interceptor.js";

/** Which handlers a replay runs, and of which messages. */
export interface RouteSelection {
  readonly types: readonly string[] | undefined;
  readonly where: ((message: never) => boolean) | undefined;
  readonly includeCommands: boolean;
  /** Count what would be handled, rather than handle it. */
  readonly dryRun: boolean;
}

/**
 * The routes of a replay, by stream.
 *
 * @throws {ConfigError} a type has no handler, or only one of commands
 */
export function routesOf(
  parts: Pick<ReplayParts, "routes">,
  selection: RouteSelection,
): ReadonlyMap<string, StreamRoutes> {
  const { types, includeCommands } = selection;
  const all = parts.routes();
  const known = all.flatMap(({ byType }) =>
    [...byType].flatMap(([type, routes]) => routes.map((route) => ({ type, route }))),
  );
  const problems = (types ?? []).flatMap((type) => {
    const meant = known.filter((each) => each.type === type || each.route.descriptor.type === type);
    if (meant.length === 0)
      return [
        `no handler takes ${type}${didYouMean(
          nearest(
            type,
            known.map((each) => each.type),
          ),
        )}`,
      ];
    const isCommand = meant.every(({ route }) => route.descriptor.kind === "command");
    return isCommand && !includeCommands
      ? [`${type} is a command: what it asks for would be done again (includeCommands)`]
      : [];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const isMeant = (type: string, { descriptor }: Route): boolean =>
    (includeCommands || descriptor.kind !== "command") &&
    (types === undefined || types.includes(type) || types.includes(descriptor.type));
  return new Map(
    all.flatMap(({ stream, byType, untyped }) => {
      const own = [...byType].flatMap(([type, routes]) => {
        const meant = routes.filter((route) => isMeant(type, route)).map((route) => selected(route, selection));
        return meant.length === 0 ? [] : [[type, meant] as const];
      });
      const reports = untyped?.filter((route) => isMeant("", route)).map((route) => selected(route, selection));
      const hasReports = reports !== undefined && reports.length > 0;
      if (own.length === 0 && !hasReports) return [];
      return [[stream, { stream, byType: new Map(own), untyped: hasReports ? reports : undefined }] as const];
    }),
  );
}

function selected(route: Route, { where, dryRun }: RouteSelection): Route {
  const handler = dryRun ? (): void => {} : route.handler;
  if (where === undefined) return { ...route, handler };
  const own = route.options.where as ((message: never) => boolean) | undefined;
  const both = (message: never): boolean => (own === undefined || own(message)) && where(message);
  return { ...route, handler, isFiltered: true, options: { ...route.options, where: both } };
}

/** Runs the handlers of commands, and answers none. */
export class SilentResponding implements Responding {
  readonly #chain: InterceptorChain | undefined;

  constructor(chain: InterceptorChain | undefined) {
    this.#chain = chain;
  }

  async respond(
    { descriptor, handler }: Route,
    command: Record<string, unknown>,
    context: Parameters<Responding["respond"]>[2],
  ): Promise<undefined> {
    const run = (): unknown => (handler as CommandHandler<typeof command, unknown>)(command, context);
    if (this.#chain === undefined) await run();
    else await this.#chain.run({ operation: "handle", descriptor, message: command, context }, context.stream, run);
    return undefined;
  }

  assertAnswerable(): void {}
  refusal(_stream: string, _entry: FlatFields): undefined {}
  answerLate(): void {}
}
