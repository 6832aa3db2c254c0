import { type Path, valueAt } from "../schema/pointer.js";
import { suggest } from "../schema/suggest.js";
import { isObject } from "../schema/walk.js";
import type { Problem } from "./problem.js";
import type { Source } from "./source.js";

/** What a service says of its own, or what was seen of it. */
export interface Service {
  readonly name: string;
  readonly description: string;
  /** The types of the messages that it publishes, sends or gives out. */
  readonly publishes: readonly string[];
  /** The types of the messages that it handles. */
  readonly handles: readonly string[];
}

const LISTS = ["publishes", "handles"] as const;
const KEYS = ["description", ...LISTS];

/**
 * Reads services by name, each with the types that it publishes and handles. What is wrong is reported as a problem and
 * left out.
 *
 * @param at where the services stand in the file: `["services"]` of `catalogue.json`
 */
export function readServices(
  source: Source,
  at: Path,
): { readonly services: readonly Service[]; readonly problems: readonly Problem[] } {
  const given = valueAt(source.value, at);
  const problems: Problem[] = [];
  const report = (path: Path, sentence: string, suggestion?: string, place?: "key"): void => {
    problems.push(
      source.problem([...at, ...path], sentence, { rule: "setting", suggestion, ...(place && { at: place }) }),
    );
  };
  if (!isObject(given)) {
    report([], 'must be an object of services, such as { "audit": { "handles": ["order.placed"] } }');
    return { services: [], problems };
  }
  const services: Service[] = [];
  for (const [name, service] of Object.entries(given)) {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
      report([name], "the name of a service has letters, digits, - . or _ only", undefined, "key");
    } else if (!isObject(service)) {
      report([name], 'must be an object with "publishes" and "handles"');
    } else {
      for (const key of Object.keys(service).filter((one) => !KEYS.includes(one))) {
        report([name, key], `"${key}" is not known of a service`, suggest(key, KEYS), "key");
      }
      const { description } = service;
      if (description !== undefined && typeof description !== "string") report([name, "description"], "must be a text");
      const listOf = (key: (typeof LISTS)[number]): readonly string[] => {
        const list = service[key] ?? [];
        if (Array.isArray(list) && list.every((type) => typeof type === "string")) return [...new Set<string>(list)];
        report([name, key], "must be a list of message types");
        return [];
      };
      const [publishes, handles] = [listOf("publishes"), listOf("handles")];
      services.push({ name, description: typeof description === "string" ? description : "", publishes, handles });
    }
  }
  return { services: services.sort((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

/** The problems of services that publish or handle types which no message of the catalogue has. */
export function unknownTypes(source: Source, at: Path, types: ReadonlySet<string>): readonly Problem[] {
  return readServices(source, at).services.flatMap(({ name }) =>
    LISTS.flatMap((key) => {
      const listed = valueAt(source.value, [...at, name, key]);
      return (Array.isArray(listed) ? listed : []).flatMap((type: unknown, index) => {
        if (typeof type !== "string" || types.has(type)) return [];
        const sentence = `the catalogue has no message of the type "${type}"`;
        const suggestion = suggest(type, types);
        return [source.problem([...at, name, key, `${index}`], sentence, { rule: "setting", suggestion })];
      });
    }),
  );
}
