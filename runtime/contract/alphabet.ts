import { charactersOf } from "./characters.js";

const ASCII = 128;

/** The characters that a pattern does not tell apart are one symbol. Symbols are found when a text has their characters. */
export class Alphabet {
  /** Which of the distinct texts of the states match each symbol. */
  readonly #matches: (readonly boolean[])[] = [];
  readonly #symbols = new Map<string, number>();
  /** One for each distinct text. `^` and `$` match no character. */
  readonly #regexes: readonly RegExp[];
  /** The place of each state's text among the distinct ones. */
  readonly #textOf: readonly number[];
  readonly #ascii = new Int32Array(ASCII).fill(-1);
  readonly #others = new Map<number, number>();

  constructor(texts: readonly string[]) {
    const distinct = [...new Set(texts)];
    const places = new Map(distinct.map((text, at) => [text, at]));
    this.#textOf = texts.map((text) => places.get(text) as number);
    this.#regexes = distinct.map((text) => new RegExp(`^${text}$`, "u"));
  }

  /** The symbol of a character. */
  symbolOf(code: number): number {
    const known = code < ASCII ? (this.#ascii[code] as number) : (this.#others.get(code) ?? -1);
    return known >= 0 ? known : this.#newSymbolOf(code);
  }

  #newSymbolOf(code: number): number {
    const character = String.fromCodePoint(code);
    const matches = this.#regexes.map((regex) => regex.test(character));
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

  /** The symbols of all characters. */
  symbolsOf(pattern: string): readonly number[] {
    return [...new Set(charactersOf(pattern).map((code) => this.symbolOf(code)))];
  }
}
