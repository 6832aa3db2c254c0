import fc from "fast-check";

/** A pattern as a tree, for a matcher that tries one way after the other as the regular expressions of JavaScript do. */
export type Node =
  | { readonly kind: "one"; readonly source: string }
  | { readonly kind: "begin" | "end" }
  | { readonly kind: "all" | "any"; readonly parts: readonly Node[] }
  | {
      readonly kind: "repeat";
      readonly part: Node;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };

const MOST = Number.POSITIVE_INFINITY;
const repeats = [
  [0, 1],
  [0, MOST],
  [1, MOST],
  [2, 3],
  [0, 2],
  [2, MOST],
  [3, 3],
  [0, 0],
  [0, 12],
  [10, 12],
] as const;

/** Patterns of few characters, so that texts of the same ones often match. */
export function nodes(): fc.Arbitrary<Node> {
  const ones = ["a", "b", "-", ".", "[ab]", "[^a]", "\\s", "\\w", "\\u{1f600}", "é", "[^]", "[]", "\\p{L}"];
  const others = ["\\p{Script=Thai}", "[^\\u0000-\\u024f]", "\\ud83d\\ude50", "[\\u{1f600}-\\u{1f650}]"];
  const one = fc.constantFrom(...ones, ...others).map((source): Node => ({ kind: "one", source }));
  const edge = fc.constantFrom<Node>({ kind: "begin" }, { kind: "end" });
  const { node } = fc.letrec<{ node: Node }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 6, arbitrary: one },
      { weight: 1, arbitrary: edge },
      {
        weight: 4,
        arbitrary: fc
          .tuple(fc.constantFrom("all", "all", "any"), fc.array(tie("node"), { minLength: 1, maxLength: 4 }))
          .map(([kind, parts]): Node => ({ kind, parts }) as Node),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(tie("node"), fc.constantFrom(...repeats), fc.boolean())
          .map(([part, [min, max], lazy]): Node => ({ kind: "repeat", part, min, max, lazy })),
      },
    ),
  }));
  return fc.tuple(node, fc.boolean(), fc.boolean()).map(
    ([inner, begins, ends]): Node => ({
      kind: "all",
      parts: [...(begins ? [{ kind: "begin" } as const] : []), inner, ...(ends ? [{ kind: "end" } as const] : [])],
    }),
  );
}

export function sourceOf(node: Node): string {
  switch (node.kind) {
    case "one":
      return node.source;
    case "begin":
      return "^";
    case "end":
      return "$";
    case "all":
      return `(?:${node.parts.map(sourceOf).join("")})`;
    case "any":
      return `(?:${node.parts.map(sourceOf).join("|")})`;
    case "repeat":
      return `(?:${sourceOf(node.part)}){${node.min},${node.max === MOST ? "" : node.max}}${node.lazy ? "?" : ""}`;
  }
}

const TOO_MANY = Symbol("too many");

/** How many characters are tried until a text is decided, or the limit. */
export function triesOf(node: Node, text: string, limit: number): number {
  const characters = [...text];
  const regexes = new Map<string, RegExp>();
  let tries = 0;
  const matches = (source: string, character: string): boolean => {
    if (++tries > limit) throw TOO_MANY;
    const regex = regexes.get(source) ?? new RegExp(`^${source}$`, "u");
    regexes.set(source, regex);
    return regex.test(character);
  };
  const match = (one: Node, at: number, rest: (at: number) => boolean): boolean => {
    switch (one.kind) {
      case "one":
        return at < characters.length && matches(one.source, characters[at] as string) && rest(at + 1);
      case "begin":
        return at === 0 && rest(at);
      case "end":
        return at === characters.length && rest(at);
      case "all":
        return inOrder(one.parts, 0, at, rest);
      case "any":
        return one.parts.some((part) => match(part, at, rest));
      case "repeat":
        return repeated(one, 0, at, rest);
    }
  };
  const inOrder = (parts: readonly Node[], from: number, at: number, rest: (at: number) => boolean): boolean => {
    const part = parts[from];
    return part === undefined ? rest(at) : match(part, at, (next) => inOrder(parts, from + 1, next, rest));
  };
  const repeated = (
    one: Extract<Node, { kind: "repeat" }>,
    done: number,
    at: number,
    rest: (at: number) => boolean,
  ): boolean => {
    const again = (): boolean =>
      done < one.max &&
      // A turn that matches nothing ends a repetition.
      match(one.part, at, (next) => (next === at && done >= one.min ? false : repeated(one, done + 1, next, rest)));
    if (done < one.min) return again();
    return one.lazy ? rest(at) || again() : again() || rest(at);
  };
  try {
    for (let from = 0; from <= characters.length; from++) if (match(node, from, () => true)) break;
  } catch (error) {
    if (error !== TOO_MANY) throw error;
  }
  return tries;
}
