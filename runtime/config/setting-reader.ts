import { accessSync, constants, statSync } from "node:fs";
import { didYouMean, nearest, unknownOptions } from "./suggest.js";

/** The variables that settings are read from: `process.env`, or an object like it. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Settings of which none is missing, with `leaseMs` for `leaseSeconds` and so on. */
export type Complete<Given> = {
  readonly [Name in keyof Given as Name extends `${infer Duration}Seconds` ? `${Duration}Ms` : Name]-?: Given[Name];
};

/**
 * Reads settings one by one and collects their problems, so that an operator sees every bad setting at once. A setting
 * given in code takes precedence over its variable. An empty variable counts as unset.
 */
export class SettingReader {
  readonly problems: string[] = [];
  readonly #variables: Variables;
  /** The variables that were asked for, each with whether it, or its option, is given. */
  readonly #asked = new Map<string, boolean>();

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  text(variable: string, option?: string): string | undefined {
    return this.#given(variable, option);
  }

  /** A whole number within bounds, in the variable's unit. */
  whole(variable: string, option: number | undefined, least: number, most: number, byDefault: number): number {
    const given = this.#given(variable, option);
    if (given === undefined) return byDefault;
    const value = typeof given === "number" || /^-?\d+$/.test(given.trim()) ? Number(given) : Number.NaN;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    return this.#refuse(variable, given, `must be a whole number from ${least} to ${most}`, byDefault);
  }

  /** A number of seconds, fractions allowed, returned in milliseconds. */
  seconds(variable: string, optionSeconds: number | undefined, least: number, byDefault: number): number {
    const demand = `must be a number of seconds from ${least} to ${MOST_SECONDS}`;
    const given = this.#given(variable, optionSeconds);
    if (given === undefined) return byDefault * 1000;
    const value = typeof given === "number" || /^\d+(\.\d+)?$/.test(given.trim()) ? Number(given) : Number.NaN;
    if (value >= least && value <= MOST_SECONDS) return Math.round(value * 1000);
    return this.#refuse(variable, given, demand, byDefault * 1000);
  }

  flag(variable: string, option: boolean | undefined): boolean | undefined {
    const given = this.#given(variable, option);
    if (given === undefined || typeof given === "boolean") return given;
    if (/^(true|1|yes|on)$/i.test(given)) return true;
    if (/^(false|0|no|off)$/i.test(given)) return false;
    return this.#refuse(variable, given, "must be true or false", undefined);
  }

  oneOf<One extends string>(variable: string, option: One | undefined, allowed: readonly One[], byDefault: One): One {
    const given = this.text(variable, option);
    if (given === undefined) return byDefault;
    if ((allowed as readonly string[]).includes(given)) return given as One;
    return this.#refuse(variable, given, demandOf(allowed), byDefault);
  }

  /** The name or address of a host. A whole URL in its place may hold a password, so it is not repeated. */
  host(variable: string, option?: string): string | undefined {
    const given = this.text(variable, option);
    if (given === undefined || /^[^\s/@?#\p{Cc}]+$/u.test(given)) return given;
    this.problems.push(`${variable} must be the name or the address of a host; a whole URL belongs in REDIS_URL`);
    return undefined;
  }

  /** The path of a file that can be read now. */
  file(variable: string): string | undefined {
    const path = this.text(variable);
    if (path === undefined) return undefined;
    try {
      accessSync(path, constants.R_OK);
      if (statSync(path).isFile()) return path;
    } catch {}
    // It may be the key itself.
    const shown = /[\r\n]|-----/.test(path) || path.length > LONGEST_PATH ? "the text of one" : JSON.stringify(path);
    this.problems.push(`${variable} must name a readable PEM file, not ${shown}`);
    return undefined;
  }

  /** Names of Pub/Sub channels, or the beginnings of some with a `*` at the end; in a variable with commas between them. */
  channels(variable: string, option: readonly string[] | undefined): readonly string[] {
    const given = this.#given<readonly string[]>(variable, option) ?? [];
    const names = typeof given === "string" ? given.split(",").map((name) => name.trim()) : given;
    const isGood = Array.isArray(names) && names.every((name) => typeof name === "string" && CHANNEL.test(name));
    if (isGood) return names;
    return this.#refuse(variable, given, "must be channel names, each optionally ending in *", []);
  }

  /** An option that has no variable. The first value is the default. */
  choice<One extends string>(option: string, given: One | undefined, allowed: readonly [One, ...One[]]): One {
    if (given === undefined || allowed.includes(given)) return given ?? allowed[0];
    return this.#refuse(option, given, demandOf(allowed), allowed[0]);
  }

  /** Text that becomes part of a key. Braces would change the key's cluster slot, and spaces break tools. */
  name(variable: string, option: string | undefined, byDefault: string): string {
    const given = this.text(variable, option) ?? byDefault;
    if (NAME.test(given)) return given;
    return this.#refuse(variable, given, "must be letters, digits and . _ - only", byDefault);
  }

  /** Variables that are read only if others do not decide. */
  knows(...variables: readonly string[]): void {
    for (const variable of variables) if (!this.#asked.has(variable)) this.#asked.set(variable, true);
  }

  /** Refuses options that do not exist. */
  refuseUnknown(options: object, known: readonly string[], where = ""): void {
    this.problems.push(...unknownOptions(options, known, where));
  }

  /**
   * Refuses variables that nobody reads and that are spelt almost like one that is read and not set. Others are none of
   * our affair: the environment belongs to the whole process.
   */
  refuseMisspelt(): void {
    const missing = [...this.#asked].filter(([, isGiven]) => !isGiven).map(([name]) => name);
    for (const name of Object.keys(this.#variables)) {
      if (this.#asked.has(name) || !this.#variables[name]) continue;
      const meant = nearest(name, missing, Math.max(1, Math.floor((name.length - 2) / 5)));
      if (meant !== undefined) this.problems.push(`${name} is no setting${didYouMean(meant)}`);
    }
  }

  #given<Option>(variable: string, option: Option | undefined): Option | string | undefined {
    const given = option ?? (this.#variables[variable] || undefined);
    this.#asked.set(variable, given !== undefined);
    return given;
  }

  #refuse<Value>(variable: string, given: unknown, demand: string, byDefault: Value): Value {
    // A whole URL may stand where a part of it belongs.
    const isSecret = /PASSWORD|URL|KEY/.test(variable) || /:\/\/|@/.test(String(given));
    const shown = isSecret ? "its present value" : JSON.stringify(given);
    this.problems.push(`${variable} ${demand}, not ${shown}`);
    return byDefault;
  }
}

function demandOf(allowed: readonly string[]): string {
  return `must be ${allowed.map((value) => `"${value}"`).join(" or ")}`;
}

const CHANNEL = /^[^*,\p{Cc}]+\*?$/u;
const NAME = /^[A-Za-z0-9._-]+$/;
const LONGEST_PATH = 255;
/** A hundred years. */
const MOST_SECONDS = 3_155_760_000;
