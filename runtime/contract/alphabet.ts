import { BEGINNING, END } from "./automaton.js";

const ASCII = 128;

/** Characters that tell most classes apart, besides those in a pattern: Latin ones, and a few others. */
const SAMPLES = [
  ...Array.from({ length: 0x250 }, (_, code) => code),
  0x2b0,
  0x663,
  0x3a9,
  0x44f,
  0x20ac,
  0x6570,
  0x1f600,
];

/** The characters that a pattern does not tell apart are one symbol. Symbols are found when a text has their characters. */
export class Alphabet {
  /** Which of the distinct texts of the states match each symbol. */
  readonly #matches: (readonly boolean[])[] = [];
  readonly #symbols = new Map<string, number>();
  readonly #regexes: readonly (RegExp | undefined)[];
  /** The place of each state's text among the distinct ones. */
  readonly #textOf: readonly number[];
  readonly #ascii = new Int32Array(ASCII).fill(-1);
  readonly #others = new Map<number, number>();

  constructor(texts: readonly string[]) {
    const distinct = [...new Set(texts)];
    const places = new Map(distinct.map((text, at) => [text, at]));
    this.#textOf = texts.map((text) => places.get(text) as number);
    this.#regexes = distinct.map((text) =>
      text === BEGINNING || text === END ? undefined : new RegExp(`^${text}$`, "u"),
    );
  }

  /** The symbol of a character. */
  symbolOf(code: number): number {
    const known = code < ASCII ? (this.#ascii[code] as number) : (this.#others.get(code) ?? -1);
    return known >= 0 ? known : this.#newSymbolOf(code);
  }

  #newSymbolOf(code: number): number {
    const character = String.fromCodePoint(code);
    const matches = this.#regexes.map((regex) => regex?.test(character) === true);
    const key = matches.map(Number).join("");
    const symbol = this.#symbols.get(key) ?? this.#matches.push(matches) - 1;
    this.#symbols.set(key, symbol);
    if (code < ASCII) this.#ascii[code] = symbol;
    else this.#others.set(code, symbol);
    return symbol;
  }

  /** Whether a state matches the characters of a symbol. */
  isMatched(symbol: number, state: number): boolean {
    return this.#matches[symbol]?.[this.#textOf[state] as number] === true;
  }

  /** The symbols of a pattern, as far as samples and the characters in and beside its ranges show. */
  symbolsOf(pattern: string): readonly number[] {
    const escaped = [...pattern.matchAll(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2}))/gi)];
    const codes = [
      ...Array.from(pattern, (character) => character.codePointAt(0) as number),
      ...escaped.map(([, ...digits]) => Number.parseInt(digits.find((each) => each !== undefined) ?? "0", 16)),
    ].flatMap((code) => [code - 1, code, code + 1]);
    const within = [...SAMPLES, ...codes].filter((code) => code >= 0 && code <= 0x10ffff);
    return [...new Set(within.map((code) => this.symbolOf(code)))];
  }
}
