import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** A room, or a file with its own rule, and the imports that the rule allows. A room's own files are always allowed. */
interface Place {
  /** The path of a room ends in a slash. */
  readonly path: string;
  /** Rooms and files of the same root folder, or `runtime/…`, in the order of the rule's message. */
  readonly may: readonly string[];
  /** The start of the rule's message. @defaultValue the path and the list above */
  readonly says?: string;
  readonly mayImportIoredis?: true;
}

const model = ["load", "schema", "runtime/contract"];
const print = ["typescript", "model", ...model];
const docs = ["diff", "print", ...print];
const delivery = ["broker", "config", "messaging", "time", "contract", "errors"];
const service = ["notification", "command", "consume", "handle", "publish", ...delivery];
const dashboard = ["operations", "broker", "config", "time", "contract", "errors"];
const postgres = ["publish", "handle", ...delivery];
const cli = ["encryption", "dashboard", "operations", "postgres", "saga", "broker", "config", "contract", "errors"];
const telemetry = ["messaging", "contract", "errors"];
const operations = ["encryption", "service", "redis", "letters", ...service];

const places: readonly Place[] = [
  { path: "codegen/schema/", may: ["runtime/contract"] },
  { path: "codegen/typescript/", may: ["schema"] },
  { path: "codegen/load/", may: ["schema", "runtime/contract"] },
  { path: "codegen/model/", may: model },
  { path: "codegen/check/", may: ["model", ...model, "runtime/errors"] },
  { path: "codegen/diff/", may: ["model", ...model, "runtime/errors"] },
  { path: "codegen/lint/", may: ["model", ...model] },
  { path: "codegen/import/", may: ["check", "model", ...model] },
  {
    path: "codegen/import/rules/",
    may: ["check", "model", ...model],
    says: `codegen/import/ may import ${inWords(["check", "model", ...model])}`,
  },
  { path: "codegen/upcast/", may: ["check", "model", ...model, "runtime/errors"] },
  { path: "codegen/print/", may: print },
  { path: "codegen/print/view/", may: print, says: `codegen/print/ may import ${inWords(print)}` },
  { path: "codegen/docs/", may: docs },
  { path: "codegen/docs/site/", may: docs, says: `codegen/docs/ may import ${inWords(docs)}` },
  { path: "codegen/docs/async-api/", may: docs, says: `codegen/docs/ may import ${inWords(docs)}` },
  { path: "codegen/templates/docs/", may: [], says: "codegen/templates/ may import nothing of ours" },
  { path: "codegen/cache/", may: ["print", "check", ...print] },
  {
    path: "codegen/compile.ts",
    may: ["schema", "typescript", "load", "model", "check", "print", "cache"],
    says: "codegen/compile.ts may import every room but bundle, cli, diff, docs, document, import, index, lint, manifest, package, upcast and write",
  },
  { path: "codegen/manifest.ts", may: [], says: "codegen/manifest.ts may import nothing of ours" },
  {
    path: "codegen/document.ts",
    may: [
      ...["schema", "typescript", "load", "model", "check", "diff", "lint", "print", "docs", "cache"],
      ...["compile", "manifest", "write"],
    ],
    says: "codegen/document.ts may import every room but bundle, cli, import, index, package and upcast",
  },
  { path: "codegen/write.ts", may: ["manifest"], says: "codegen/write.ts may import manifest" },
  { path: "codegen/bundle/", may: ["manifest", "write", "runtime/contract", "runtime/errors"] },
  { path: "codegen/package/", may: ["compile", "manifest", "write", "diff", "print", "model", ...model] },
  {
    path: "codegen/index.ts",
    may: [
      ...["schema", "typescript", "load", "model", "check", "diff", "lint", "import", "upcast", "print", "docs"],
      ...["cache", "compile", "document", "manifest", "write", "bundle", "package"],
    ],
    says: "codegen/index.ts may import every room but cli",
  },
  { path: "codegen/cli/", may: ["index"], says: "codegen/cli/ may import index.ts" },
  {
    path: "codegen/cli/validate.ts",
    may: ["index", "runtime/operations", "runtime/errors"],
    says: "codegen/cli/ may import index.ts, here runtime/operations and runtime/errors as well",
  },

  { path: "runtime/errors.ts", may: [], says: "runtime/errors.ts may import nothing of ours" },
  { path: "runtime/time/", may: [], says: "runtime/time/ may import nothing but its own files" },
  { path: "runtime/contract/", may: ["errors"] },
  { path: "runtime/messaging/", may: ["contract", "time", "errors"] },
  { path: "runtime/config/", may: ["contract", "errors"] },
  {
    path: "runtime/config/own-client.ts",
    may: ["config", "contract", "errors"],
    says: "runtime/config/ may import contract and errors",
    mayImportIoredis: true,
  },
  { path: "runtime/broker/", may: ["contract", "errors"] },
  { path: "runtime/redis/", may: delivery, mayImportIoredis: true },
  {
    path: "runtime/redis/lua/",
    may: delivery,
    says: `runtime/redis/ may import ${inWords(delivery)}`,
    mayImportIoredis: true,
  },
  { path: "runtime/memory/", may: delivery },
  { path: "runtime/publish/", may: delivery },
  { path: "runtime/handle/", may: delivery },
  { path: "runtime/letters/", may: ["handle", ...delivery] },
  { path: "runtime/postgres/", may: postgres },
  { path: "runtime/postgres/adapters/", may: postgres, says: `runtime/postgres/ may import ${inWords(postgres)}` },
  { path: "runtime/postgres/inbox/", may: postgres, says: `runtime/postgres/ may import ${inWords(postgres)}` },
  { path: "runtime/saga/", may: ["postgres", ...postgres] },
  { path: "runtime/command/", may: ["publish", "handle", ...delivery] },
  { path: "runtime/consume/", may: ["handle", ...delivery] },
  { path: "runtime/notification/", may: ["publish", ...delivery] },
  { path: "runtime/service/", may: service },
  {
    path: "runtime/service/create-messaging.ts",
    may: ["redis", ...service],
    says: "runtime/service/create-messaging.ts may import redis and what service may",
  },
  { path: "runtime/telemetry/", may: telemetry },
  {
    path: "runtime/telemetry/otel/",
    may: telemetry,
    says: `runtime/telemetry/ may import ${inWords(telemetry)}`,
  },
  {
    path: "runtime/telemetry/prometheus/",
    may: telemetry,
    says: `runtime/telemetry/ may import ${inWords(telemetry)}`,
  },
  { path: "runtime/encryption/", may: ["messaging", "time", "contract", "errors"] },
  { path: "runtime/operations/", may: operations },
  {
    path: "runtime/operations/doctor/",
    may: operations,
    says: `runtime/operations/ may import ${inWords(operations)}`,
  },
  ...["audit", "diagnosis", "groups", "health", "keys", "messages", "partitions", "replay", "status"].map((room) => ({
    path: `runtime/operations/${room}/`,
    may: operations,
    says: `runtime/operations/ may import ${inWords(operations)}`,
  })),
  { path: "runtime/cli/", may: cli },
  ...["dead-letters", "keys", "outbox", "saga", "status"].map((room) => ({
    path: `runtime/cli/${room}/`,
    may: cli,
    says: `runtime/cli/ may import ${inWords(cli)}`,
  })),
  ...["runtime/dashboard/assets/", "runtime/dashboard/pages/", "runtime/dashboard/source/"].map((path) => ({
    path,
    may: dashboard,
    says: `runtime/dashboard/ may import ${inWords(dashboard)}`,
  })),
  { path: "runtime/dashboard/", may: dashboard },
  {
    path: "runtime/operations/traffic/",
    may: operations,
    says: `runtime/operations/ may import ${inWords(operations)}`,
  },
  { path: "runtime/cli/dev/", may: ["testing"] },
  { path: "runtime/testing/", may: ["contract", "errors"] },
  { path: "runtime/testing/arbitrary/", may: ["contract", "errors"] },
  { path: "runtime/testing/runner/", may: ["errors"] },
  { path: "runtime/testing/survives/", may: ["messaging", "contract", "errors"] },
  {
    path: "runtime/testing/redis/",
    may: ["contract", "errors"],
    says: "runtime/testing/ may import contract and errors",
    mayImportIoredis: true,
  },
  { path: "runtime/testing/messaging/", may: ["encryption", "memory", "letters", "service", ...delivery] },
  {
    path: "runtime/index.ts",
    may: service.concat("service"),
    says: "runtime/index.ts may import every room but redis, memory, letters, postgres, saga, telemetry, encryption, operations, dashboard, cli and testing",
  },
];

/** A module of each room, and of folders that no room may import. */
const targets: readonly string[] = [
  ...new Set(places.map(({ path }) => path.split("/").slice(0, 2).join("/"))),
  "generated",
  "test",
  "examples",
].map((path) => (path.endsWith(".ts") ? path.replace(/\.ts$/, ".js") : `${path.replace(/\/$/, "")}/module.js`));

const ITSELF = ["@m-erp/messaging", "@m-erp/messaging/runtime"];
const IOREDIS = ["ioredis", "ioredis/built/redis/RedisOptions.js"];
const ONLY_REDIS =
  "Only runtime/redis/ and runtime/testing/redis/ may import ioredis, and runtime/config/own-client.ts its types.";

/** All forms of an import that consume/ may not make. */
const forms = [
  'import { a } from "../redis/keys.js";',
  'import type { B } from "../redis/keys.js";',
  'import { type C } from "../redis/keys.js";',
  'export { d } from "../redis/keys.js";',
  'export * from "../redis/keys.js";',
  'const e = await import("../redis/keys.js");',
];

/** The rooms with a circle of type imports and with a circle of value imports. */
const [DOCTOR, MODEL] = ["runtime/operations/doctor/", "codegen/model/"];

/** All that only the clock may use, and rooms that may not and that may use it. */
const timers = [
  "setTimeout(() => {}, 1);",
  "setInterval(() => {}, 1);",
  "clearTimeout(undefined);",
  "clearInterval(undefined);",
  "performance.now();",
];
const TIMELESS = ["runtime/", "runtime/consume/", "runtime/redis/lua/", "runtime/operations/health/"];
const TIMED = ["runtime/time/", "runtime/testing/", "runtime/testing/redis/"];

interface Diagnostic {
  readonly severity: string;
  readonly category: string;
  readonly message: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

let folder: string;
let diagnostics: readonly Diagnostic[];

/** One run of Biome serves all tests: a file for each place, a line for each import. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "direction-"));
  for (const file of [".biome.json", ".gitignore"]) copyFileSync(join(repository, file), join(folder, file));
  for (const place of places) write(fileIn(place), importsOf(place));
  write("runtime/consume/forms.ts", forms);
  write(`${DOCTOR}a.ts`, ['import type { B } from "./b.js";', "export type A = B[];"]);
  write(`${DOCTOR}b.ts`, ['import type { A } from "./a.js";', "export type B = A | 0;"]);
  write(`${DOCTOR}c.ts`, ['import type { A } from "./a.js";', "export type C = A;"]);
  write(`${MODEL}a.ts`, ['import { c } from "./c.js";', "export const a = () => c;"]);
  write(`${MODEL}b.ts`, ['import { a } from "./a.js";', "export const b = () => a;"]);
  write(`${MODEL}c.ts`, ['import { b } from "./b.js";', "export const c = () => b;"]);
  for (const path of [...TIMELESS, ...TIMED]) write(`${path}timers.ts`, timers);
  diagnostics = await lint();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the lint", () => {
  it.each(places.map((place) => [place.path, place] as const))(
    "lets %s import what its rule names, and nothing else of ours",
    (_, place) => {
      const lines = importsOf(place);
      const sentence = `${place.says ?? `${place.path} may import ${inWords(place.may)}`}: dependencies run downwards.`;
      const allowed = new Set([...ownOf(place), ...place.may.map((name) => moduleOf(place, name))]);
      const refused = [
        ...targets
          .filter((target) => !allowed.has(target))
          .map((target) => [`import "${specifier(place, target)}";`, sentence]),
        ...ITSELF.map((name) => [`import "${name}";`, sentence]),
        ...(place.mayImportIoredis ? [] : IOREDIS.map((name) => [`import "${name}";`, ONLY_REDIS])),
      ];
      expect(refusals(fileIn(place), lines).sort()).toEqual(refused.sort());
    },
  );

  it("refuses every form of import, including a type-only one", () => {
    const refused = refusals("runtime/consume/forms.ts", forms).map(([line]) => line);
    expect(refused.sort()).toEqual([...forms].sort());
  });

  it("refuses a circle of imports, including a type-only one, but not an import that leads to a circle", () => {
    const refused = diagnostics
      .filter(({ category, severity }) => category.endsWith("/noImportCycles") && severity === "error")
      .map(({ location }) => location.path)
      .filter((path) => path.startsWith(DOCTOR) || path.startsWith(MODEL));
    expect(refused.sort()).toEqual([`${MODEL}a.ts`, `${MODEL}b.ts`, `${MODEL}c.ts`, `${DOCTOR}a.ts`, `${DOCTOR}b.ts`]);
  });

  it("lets only the clock and the test kit set timers and measure durations", () => {
    const refusedIn = (path: string): readonly string[] =>
      diagnostics
        .filter(({ category, severity }) => category.endsWith("/noRestrictedGlobals") && severity === "error")
        .filter(({ location }) => location.path === `${path}timers.ts`)
        .map(({ location }) => timers[location.start.line - 1] ?? "");
    for (const path of TIMELESS) expect([path, refusedIn(path).toSorted()]).toEqual([path, timers.toSorted()]);
    for (const path of TIMED) expect([path, refusedIn(path)]).toEqual([path, []]);
  });

  it("has a rule for every folder of codegen/ and runtime/ and for every file directly in them", () => {
    const known = new Set(places.map(({ path }) => path));
    const present = ["codegen/", "runtime/"].flatMap((root) => [
      ...filesIn(root),
      ...readdirSync(join(repository, root), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${posix.relative(repository, join(entry.parentPath, entry.name))}/`)
        .filter((path) => filesIn(path).length > 0),
    ]);
    expect(present.filter((path) => !known.has(path))).toEqual([]);
    expect([...known].filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  });
});

/** The source files directly in a folder. */
function filesIn(path: string): readonly string[] {
  return readdirSync(join(repository, path))
    .filter((name) => /\.[jt]s$/.test(name))
    .map((name) => `${path}${name}`);
}

function fileIn({ path }: Place): string {
  return path.endsWith("/") ? `${path}scratch.ts` : path;
}

/** Imports of every target, of the place's own room and of packages. */
function importsOf(place: Place): readonly string[] {
  const modules = [...new Set([...targets, ...ownOf(place)])].filter((target) => target !== selfOf(place));
  return [...modules.map((target) => specifier(place, target)), ...ITSELF, ...IOREDIS, "node:path", "ajv"].map(
    (name) => `import "${name}";`,
  );
}

/** The modules of a place's own room. A file outside the rooms has only itself. */
function ownOf(place: Place): readonly string[] {
  const [root, room = ""] = place.path.split("/");
  if (room.endsWith(".ts")) return [selfOf(place)];
  return [`${root}/${room}/module.js`, `${dirname(fileIn(place))}/neighbour.js`];
}

function selfOf(place: Place): string {
  return fileIn(place).replace(/\.ts$/, ".js");
}

/** The target that a name in a rule refers to. */
function moduleOf({ path }: Place, name: string): string {
  const whole = name.startsWith("runtime/") ? name : `${path.split("/")[0]}/${name}`;
  const target = targets.find((known) => known === `${whole}.js` || known === `${whole}/module.js`);
  if (target === undefined) throw new Error(`${whole} is not a room`);
  return target;
}

function specifier(place: Place, target: string): string {
  const relative = posix.relative(dirname(fileIn(place)), target);
  return relative.startsWith(".") ? relative : `./${relative}`;
}

function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function write(path: string, lines: readonly string[]): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), `${lines.join("\n")}\n`);
}

/** The lines of a file that fail the lint because of their import, each with its message. */
function refusals(path: string, lines: readonly string[]): (readonly [line: string, message: string])[] {
  return diagnostics
    .filter(({ category, severity }) => category.endsWith("/noRestrictedImports") && severity === "error")
    .filter(({ location }) => location.path === path)
    .map(({ message, location }) => [lines[location.start.line - 1] ?? "", message]);
}

function lint(): Promise<readonly Diagnostic[]> {
  const program = join(repository, "node_modules/@biomejs/biome/bin/biome");
  const only = ["style/noRestrictedImports", "style/noRestrictedGlobals", "suspicious/noImportCycles"];
  const rules = only.map((rule) => `--only=${rule}`);
  const parameters = [program, "lint", ...rules, "--reporter=json", "--max-diagnostics=none", "."];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, parameters, { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (stdout === "") reject(error ?? new Error(stderr));
      else resolve((JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] }).diagnostics);
    });
  });
}
