import { printable } from "../contract/printable.js";
import { shown } from "./shown.js";
import { ownFrames, stackOf } from "./stack.js";

/**
 * The logger of a messaging. A pino logger fits as it is: an error is in `err`, where it looks for one. One that has a method
 * `log`, as those of winston and the console, is given the text first, and an error as a plain object.
 */
export interface Logger {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

export type Level = keyof Logger;

/** Writes warnings and errors to standard error, one line each. An error has the frames of its stack that are its own. */
export const consoleLogger: Logger = {
  info() {},
  warn: (details, text) => print("warning", details, text),
  error: (details, text) => print("error", details, text),
};

function print(level: string, details: object, text: string): void {
  const { err } = details as { readonly err?: unknown };
  const at = err instanceof Error ? ownFrames(err) : [];
  const told = Object.entries(at.length > 0 ? { ...details, at } : details).filter(([, value]) => value !== undefined);
  const json = told.map(([name, value]) => `${JSON.stringify(name)}:${shown(value)}`).join(",");
  console.error(printable(`[messaging] ${level}: ${text} {${json}}`));
}

/** Writes a line. */
export type Write = (level: Level, details: object, text: string) => void;

/** Writes to a logger, whichever of the two it wants first. It never throws: a log must not disturb what it tells of. */
export function writerOf(logger: Logger): Write {
  const takesTextFirst = typeof (logger as { readonly log?: unknown }).log === "function";
  return (level, details, text) => {
    const [first, second] = takesTextFirst ? [text, plain(details)] : [details, text];
    try {
      const written = (logger as unknown as Record<Level, (...given: unknown[]) => unknown>)[level](first, second);
      if (written instanceof Promise) written.catch(() => {});
    } catch {}
  };
}

/** Such loggers write the properties of an object, of which an error has none. */
function plain(details: object): object {
  const { err, ...others } = details as { readonly err?: unknown };
  if (!(err instanceof Error)) return details;
  const error = { error: shown(err), stack: stackOf(err) };
  try {
    const { code, cause } = err as Error & { readonly code?: unknown };
    return { ...others, err: { ...error, code, cause: cause === undefined ? undefined : shown(cause) } };
  } catch {
    return { ...others, err: error };
  }
}
