type Matches = (unit: string) => boolean;

/**
 * Returns whether Redis would find a text to match a pattern, in steps of at most the product of both lengths. Redis
 * compares bytes.
 */
export function globOf(pattern: string): (text: string) => boolean {
  const parts = partsOf(bytesOf(pattern));
  return (text) => matches(parts, bytesOf(text));
}

/** `null` stands for a star. */
function partsOf(pattern: string): readonly (Matches | null)[] {
  const parts: (Matches | null)[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const unit = pattern[at] as string;
    if (unit === "*") parts.push(null);
    else if (unit === "?") parts.push(() => true);
    else if (unit === "[") {
      const [ofClass, end] = classOf(pattern, at + 1);
      parts.push(ofClass);
      at = end;
    } else {
      if (unit === "\\" && at + 1 < pattern.length) at++;
      const literal = pattern[at];
      parts.push((other) => other === literal);
    }
  }
  return parts;
}

/** Reads a class after its bracket. Returns it with the place of its end, which is that of the pattern if it has none. */
function classOf(pattern: string, from: number): readonly [Matches, end: number] {
  const isNegated = pattern[from] === "^";
  const ranges: (readonly [string, string])[] = [];
  let at = isNegated ? from + 1 : from;
  for (; at < pattern.length && pattern[at] !== "]"; at++) {
    if (pattern[at] === "\\" && at + 1 < pattern.length) at++;
    else if (pattern[at + 1] === "-" && at + 2 < pattern.length) {
      const [one, other] = [pattern[at] as string, pattern[at + 2] as string];
      ranges.push(one < other ? [one, other] : [other, one]);
      at += 2;
      continue;
    }
    const unit = pattern[at] as string;
    ranges.push([unit, unit]);
  }
  return [(unit) => ranges.some(([low, high]) => low <= unit && unit <= high) !== isNegated, at];
}

/** When a part does not match, the last star takes one more: those before it need not be tried again. */
function matches(parts: readonly (Matches | null)[], text: string): boolean {
  let [part, at, star, taken] = [0, 0, -1, 0];
  while (at < text.length) {
    const matching = parts[part];
    if (matching === null) {
      star = part++;
      taken = at;
    } else if (matching?.(text[at] as string)) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  while (parts[part] === null) part++;
  return part === parts.length;
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}
