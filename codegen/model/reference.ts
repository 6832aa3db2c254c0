import { posix } from "node:path";
import type { Source } from "../load/source.js";
import { type Path, parsePointer, pointerOf, valueAt } from "../schema/pointer.js";
import { suggest } from "../schema/suggest.js";
import { withReferences } from "../schema/walk.js";
import type { Definition } from "./definition.js";
import { placeKey } from "./definition.js";

/** The reason why a `$ref` cannot be resolved. */
export interface DeadReference {
  readonly sentence: string;
  readonly suggestion?: string | undefined;
}

/** Resolves `$ref`s to the definitions of a catalogue, relative to the file as any JSON Schema tool does. */
export class References {
  readonly #definitions: ReadonlyMap<string, Definition>;
  readonly #sources: ReadonlyMap<string, Source>;
  /** By file and `$ref`. */
  readonly #resolved = new Map<Source, Map<string, Definition | DeadReference>>();

  constructor(sources: readonly Source[], definitions: readonly Definition[]) {
    this.#sources = new Map(sources.map((source) => [source.path, source]));
    this.#definitions = new Map(definitions.map((found) => [placeKey(found.source.path, found.path), found]));
  }

  /** The definition that a `$ref` in this file refers to, or the reason why there is none. It is looked for once. */
  resolve(from: Source, ref: string): Definition | DeadReference {
    const ofFile = this.#resolved.get(from) ?? new Map<string, Definition | DeadReference>();
    const found = ofFile.get(ref) ?? this.#find(from, ref);
    this.#resolved.set(from, ofFile.set(ref, found));
    return found;
  }

  #find(from: Source, ref: string): Definition | DeadReference {
    const [file = "", fragment = ""] = ref.split(/#(.*)/s);
    if (/^[a-z][a-z0-9+.-]*:|^\//i.test(file)) {
      return { sentence: `"${ref}" is not a relative path; a $ref may only name files of the same catalogue` };
    }
    const path = pathOf(from, file);
    if (path.startsWith("..")) return { sentence: `"${ref}" is outside the schemas folder` };
    const source = this.#sources.get(path);
    if (source === undefined)
      return { sentence: `the file "${path}" does not exist`, suggestion: this.#nearFile(from, path) };
    const pointer = parsePointer(decode(fragment));
    if (pointer === undefined)
      return { sentence: `"#${fragment}" is not a JSON pointer; a JSON pointer starts with "#/"` };
    return this.#definitions.get(placeKey(path, pointer)) ?? this.#nothingAt(source, pointer, file);
  }

  /** The definitions that a definition refers to. */
  from({ source, schema }: Definition): readonly Definition[] {
    return withReferences(schema).flatMap(([, { $ref = "" }]) => {
      const target = this.resolve(source, $ref);
      return isDefinition(target) ? [target] : [];
    });
  }

  #nearFile(from: Source, path: string): string | undefined {
    const near = suggest(path, this.#sources.keys())?.slice(1, -1);
    return near && `"${posix.relative(posix.dirname(from.path), near)}"`;
  }

  #nothingAt(source: Source, path: Path, file: string): DeadReference {
    if (source.schema === undefined) return { sentence: `"${source.path}" is not a schema` };
    if (valueAt(source.value, path) !== undefined) {
      return {
        sentence: `"#${pointerOf(path)}" has no name; move it to "#/$defs/…" so that its type gets one`,
      };
    }
    const known = [...this.#definitions.values()].filter((found) => found.source === source && found.path.length > 0);
    const near = suggest(
      pointerOf(path),
      known.map((found) => pointerOf(found.path)),
    )?.slice(1, -1);
    return {
      sentence: `"${source.path}" contains no "#${pointerOf(path)}"`,
      suggestion: near && `"${file}#${near}"`,
    };
  }
}

/** The paths of the files that the `$ref`s of a file name, whether there are such files or not. */
export function filesNamedBy(source: Source): readonly string[] {
  const named = withReferences(source.schema ?? {}).map(([, { $ref = "" }]) => $ref.split("#")[0] ?? "");
  return [...new Set(named.map((file) => pathOf(source, file)))];
}

function pathOf(from: Source, file: string): string {
  return file === "" ? from.path : posix.join(posix.dirname(from.path), decode(file));
}

/** Returns whether a `$ref` was resolved. */
export function isDefinition(found: Definition | DeadReference): found is Definition {
  return "schema" in found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
