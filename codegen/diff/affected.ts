import { CONFIG_FILE, type Sources } from "../load/load.js";
import type { Source } from "../load/source.js";
import { filesNamedBy } from "../model/reference.js";

/**
 * What two versions of a catalogue differ in: the files that changed, those that lead to one of them, and all that these
 * lead to. The rest is the same in both, and need not be compared.
 */
export function affectedIn(before: Sources, after: Sources): { readonly before: Sources; readonly after: Sources } {
  if (before.config?.text !== after.config?.text) return { before, after };
  const [was, is] = [byPath(before), byPath(after)];
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    (path) => was.get(path)?.text !== is.get(path)?.text,
  );
  const users = closure(changed, [usersIn(was), usersIn(is)]);
  const needed = closure(users, [targetsIn(was), targetsIn(is)]);
  const only = ({ config, schemas }: Sources): Sources => ({
    config,
    schemas: schemas.filter(({ path }) => needed.has(path)),
  });
  return { before: only(before), after: only(after) };
}

type Files = ReadonlyMap<string, Source>;
type Ways = ReadonlyMap<string, readonly string[]>;

function byPath({ schemas }: Sources): Files {
  return new Map(schemas.filter(({ path }) => path !== CONFIG_FILE).map((source) => [source.path, source]));
}

function targetsIn(files: Files): Ways {
  return new Map([...files].map(([path, source]) => [path, filesNamedBy(source)]));
}

function usersIn(files: Files): Ways {
  const users = new Map<string, string[]>();
  for (const [path, targets] of targetsIn(files)) {
    for (const target of targets) users.set(target, [...(users.get(target) ?? []), path]);
  }
  return users;
}

function closure(paths: Iterable<string>, ways: readonly Ways[]): ReadonlySet<string> {
  const found = new Set(paths);
  // A set visits what is added to it on the way.
  for (const path of found) for (const way of ways) for (const next of way.get(path) ?? []) found.add(next);
  return found;
}
