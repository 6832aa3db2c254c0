import { readdirSync } from "node:fs";
import type { Script } from "../../runtime/redis/lua/script.js";

const folder = new URL("../../runtime/redis/lua/", import.meta.url);
const modules = await Promise.all(
  readdirSync(folder).map((file) => import(new URL(file, folder).href) as Promise<Record<string, unknown>>),
);

/** Every script of the runtime, by the name of its constant. */
export const scripts: ReadonlyMap<string, Script<unknown>> = new Map(
  modules
    .flatMap((module) => Object.entries(module))
    .filter((entry): entry is [string, Script<unknown>] => {
      const [, value] = entry;
      return typeof value === "object" && value !== null && "lua" in value;
    }),
);
