/** The known name that a misspelt one most likely means; `undefined` if none is within reach of so many edits. */
export function nearest(given: string, known: Iterable<string>, reach: number = reachOf(given)): string | undefined {
  let best: string | undefined;
  let least = reach + 1;
  for (const name of known) {
    if (Math.abs(name.length - given.length) >= least) continue;
    const edits = editsBetween(given, name, least);
    if (edits < least) [best, least] = [name, edits];
  }
  return best;
}

/** A problem for each option that does not exist, which callers without types may give. */
export function unknownOptions(options: object, known: readonly string[], where = ""): readonly string[] {
  return Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => `the option ${where}${name} does not exist${didYouMean(nearest(name, known))}`);
}

/** `; did you mean x?`, or nothing. */
export function didYouMean(name: string | undefined): string {
  return name === undefined ? "" : `; did you mean ${name}?`;
}

function reachOf({ length }: string): number {
  return Math.max(2, Math.floor(length / 2.5));
}

/** How many letters must be inserted, removed or replaced, whatever their case; `most` if it is as many or more. */
function editsBetween(one: string, other: string, most: number): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let fewest = i;
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const edits = Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1);
      next[j] = edits;
      if (edits < fewest) fewest = edits;
    }
    // It never becomes fewer. A process that starts compares all its variables, most of which are other names.
    if (fewest >= most) return most;
    row = next;
  }
  return row[b.length] as number;
}
