import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** One package source of the system: mirrors, releases, components, and their signing keys. */
export class AptSource {
  readonly #fields: ReadonlyMap<string, string>;

  constructor(fields: ReadonlyMap<string, string>) {
    this.#fields = fields;
  }

  /**
   * This source for another release (`bookworm-security` → `trixie-security`), reduced to the suites of that release.
   * Empty if the source lacks the system's release, as the sources of third parties do.
   */
  of(codename: string, suite: string): AptSource[] {
    const ours = (this.#fields.get("suites") ?? "")
      .split(/\s+/)
      .filter((name) => [codename, `${codename}-updates`, `${codename}-security`].includes(name))
      .map((name) => name.replace(codename, suite));
    const usable = this.#fields.get("types")?.split(/\s+/).includes("deb") && this.#fields.get("enabled") !== "no";
    if (!usable || ours.length === 0) {
      return [];
    }
    return [new AptSource(new Map([...this.#fields, ["types", "deb"], ["suites", ours.join(" ")]]))];
  }

  /** As a stanza of a `.sources` file. */
  toString(): string {
    return [...this.#fields].map(([name, value]) => `${name}: ${value}\n`).join("");
  }
}

/** Every source in `/etc/apt`, in both formats. */
export async function readSources(folder = "/etc/apt"): Promise<AptSource[]> {
  const parts = join(folder, "sources.list.d");
  const files = [
    join(folder, "sources.list"),
    ...(await readdir(parts).catch(() => [])).sort().map((name) => join(parts, name)),
  ];
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    if (file.endsWith(".sources")) {
      sources.push(...readStanzas(text));
    } else if (file.endsWith(".list")) {
      sources.push(...readLines(text));
    }
  }
  return sources;
}

/** Fields such as `Types: deb`. A value continues in lines that begin with a space; an empty line ends a stanza. */
function readStanzas(text: string): AptSource[] {
  return text
    .replace(/^#.*\n?/gm, "")
    .split(/\n\s*\n/)
    .map((stanza) => {
      const fields = stanza.matchAll(/^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm);
      return new AptSource(
        new Map([...fields].map(([, name = "", value = ""]) => [name.toLowerCase(), value.trimEnd()])),
      );
    });
}

/** Lines such as `deb [signed-by=/usr/share/…] <mirror> bookworm main`. */
function readLines(text: string): AptSource[] {
  return [...text.matchAll(/^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#\n]+)/gm)].map(
    ([, options = "", mirror = "", suite = "", components = ""]) =>
      new AptSource(
        new Map([
          ["types", "deb"],
          ["uris", mirror],
          ["suites", suite],
          ["components", components.trim()],
          ...options
            .split(/\s+/)
            .map((option) => option.split("="))
            .filter(([name, value]) => name !== "arch" && value)
            .map(([name = "", value = ""]): [string, string] => [name.toLowerCase(), value]),
        ]),
      ),
  );
}
