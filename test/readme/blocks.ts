/** A fenced block of a Markdown text. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The paragraph above it. */
  readonly above: string;
}

/** All fenced blocks of a Markdown text, in their order. */
export function blocksOf(markdown: string): readonly Block[] {
  const found = markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...found].map(({ 1: language = "", 2: text = "", index }) => {
    const above = markdown.slice(0, index).trimEnd().split("\n\n").at(-1) ?? "";
    return { language, text, above };
  });
}
