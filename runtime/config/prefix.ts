import type { Config } from "./config.js";

/** `production:events` for `events` in production; the plain name in development. */
export function prefixed(config: Pick<Config, "environment">, name: string): string {
  return config.environment === "development" ? name : `${config.environment}:${name}`;
}
