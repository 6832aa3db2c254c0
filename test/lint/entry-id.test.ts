import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const runtime = fileURLToPath(new URL("../../runtime/", import.meta.url));
/** The one module that converts and compares ids. */
const EXEMPT = "broker/entry-id.ts";

/** What holds an entry id, by its name. */
const NAME = String.raw`(?:\b|#|\.)(?:id|[a-z]\w*Id|[a-z_]+_id|position|answered|lastId)\b(?:\(\))?`;
const NUMBER = String.raw`(?:Number|parseInt|parseFloat|BigInt|Math\.\w+)`;

/** What would make a number of an id, or compare ids by another order than theirs. */
const FAULTS: readonly (readonly [what: string, RegExp])[] = [
  ["takes an id apart", /\.split\("-"\)/],
  ["makes a number of an id", new RegExp(String.raw`\b${NUMBER}\((?:[^()]|\([^()]*\))*${NAME}`)],
  ["makes a number of an id", new RegExp(String.raw`[=(,:]\s*\+[\w#.]*${NAME}`)],
  ["compares ids as text", new RegExp(String.raw`${NAME}\s*[<>]=?\s*(?!\s)[\w#.]*${NAME}`)],
  ["sorts ids as text", /\b(?:localeCompare|ids\.(?:toSorted|sort)\(\))/],
];

/** The same for the Lua of a script, whose helpers call ids and their parts otherwise. */
const LUA_NAME = String.raw`\b(?:id|\w+_id|ms|seq|position|first|last|mark|floor|limit|answered|stored|began|enough)\b`;
const LUA_FAULTS: readonly (readonly [what: string, RegExp])[] = [
  ["makes a number of an id", new RegExp(String.raw`tonumber\(\s*${LUA_NAME}`)],
  ["makes a number of an id", new RegExp(String.raw`math\.\w+\([^()]*${LUA_NAME}\s*[,)]`)],
  ["compares ids as text", new RegExp(String.raw`(?<!['\w.\[] ?)${LUA_NAME}\s*[<>]=?\s*[a-z]`)],
  ["compares ids as text", new RegExp(String.raw`[<>]=?\s*${LUA_NAME}(?![\w(\[.])`)],
  ["counts on from an id", new RegExp(String.raw`(?<!['\w.\[#])${LUA_NAME}\s*[-+*/]\s*\d`)],
];

function faultsIn(path: string, text: string): string[] {
  const faults = path.startsWith("redis/lua/") ? [...FAULTS, ...LUA_FAULTS] : FAULTS;
  return text.split("\n").flatMap((line, at) => {
    if (/^\s*(?:\*|\/\*|\/\/|--)/.test(line)) return [];
    return faults.filter(([, fault]) => fault.test(line)).map(([what]) => `${path}:${at + 1} ${what}: ${line.trim()}`);
  });
}

it("no file of the runtime makes a number of an entry id, or compares ids by another order than that of their stream", () => {
  const paths = readdirSync(runtime, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  expect(paths).toContain(EXEMPT);
  const all = paths.filter((path) => path !== EXEMPT && !path.startsWith("testing/"));
  expect(all.flatMap((path) => faultsIn(path, readFileSync(join(runtime, path), "utf8")))).toEqual([]);
});

it.each([
  ["redis/group-state.ts", "const age = Number(entryId) - now;"],
  ["redis/group-state.ts", "const age = Number(seconds) - Number(oldest.id.slice(0, 13)) / 1000;"],
  ["notification/hub.ts", 'const [ms, sequence] = entryId.split("-");'],
  ["notification/missed.ts", "if (this.position < entryId) this.position = entryId;"],
  ["notification/missed.ts", "if (subscription.position >= other.position) return;"],
  ["consume/backlog.ts", "return one.id < other.id;"],
  ["consume/backlog.ts", "return parseInt(id, 10);"],
  ["consume/backlog.ts", "const at = +delivery.id;"],
  ["consume/backlog.ts", "return ids.sort();"],
  ["redis/lua/trim.ts", "local age = now - tonumber(ms)"],
  ["redis/lua/trim.ts", "local previous = seq - 1"],
  ["redis/lua/trim.ts", "if position < limit then return end"],
  ["redis/lua/trim.ts", "local oldest = math.min(ms, most)"],
  ["redis/lua/trim.ts", "if floor and next_id(floor) < limit then limit = floor end"],
])("%s with %j fails it", (path, line) => {
  expect(faultsIn(path, line)).not.toEqual([]);
});
