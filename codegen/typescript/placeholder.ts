const PLACEHOLDER = /\b[XN]\d+X\b/g;
const NAME = /\bN\d+X\b/;
const NAMES = /\bN\d+X\b/g;

/**
 * Stands in for the texts of a catalogue in what json-schema-to-typescript is given: names, literals and comments. It
 * resolves every `$ref` that it finds, also in a constant, and would read the file or fetch the address.
 */
export class Placeholders {
  readonly #texts: string[] = [];
  readonly #known = new Map<string, string>();

  /** The placeholder of a text: a word that is valid as a type, as a property's name and in a comment. */
  of(text: string): string {
    return this.#placeholder("X", text);
  }

  /** The placeholder of the name of a type. */
  ofName(name: string): string {
    return this.#placeholder("N", name);
  }

  /** Returns whether a printed type refers to another by name. */
  hasName(printed: string): boolean {
    return NAME.test(printed);
  }

  /** The names of the types that a printed type refers to. */
  namesIn(printed: string): readonly string[] {
    return (printed.match(NAMES) ?? []).map((placeholder) => this.fill(placeholder));
  }

  #placeholder(mark: string, text: string): string {
    const key = `${mark}${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const placeholder = `${mark}${this.#texts.length}X`;
    this.#texts.push(text);
    this.#known.set(key, placeholder);
    return placeholder;
  }

  /** Puts the texts back. */
  fill(printed: string): string {
    return printed.replace(PLACEHOLDER, (placeholder) => this.#texts[Number(placeholder.slice(1, -1))] ?? placeholder);
  }
}
