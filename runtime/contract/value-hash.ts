/** Odd numbers without a pattern in their bits, as MurmurHash has them. */
const [FACTOR, LIST, OBJECT, OTHER] = [0xcc9e2d51, 0x1b873593, 0x85ebca6b, 0xc2b2ae35] as const;

/** A number and its bits. */
const NUMBER = new Float64Array(1);
const BITS = new Int32Array(NUMBER.buffer);

/**
 * The same number for values that are the same as JSON, and hardly ever for others: who makes values for it finds some.
 * @param levels - of objects and lists, so many are looked into
 */
export function hashOf(value: unknown, levels: number = Number.POSITIVE_INFINITY, seed = 0): number {
  if (typeof value === "number") return hashOfNumber(value, seed);
  if (typeof value === "string") return hashOfText(value, seed);
  if (typeof value !== "object" || value === null) return mixed(hashOfText(String(value), seed), OTHER);
  if (Array.isArray(value)) {
    let hash = mixed(seed, LIST);
    if (levels === 0) return hash;
    for (let at = 0; at < value.length; at++) hash = hashOf(value[at], levels - 1, hash);
    return mixed(hash, value.length);
  }
  if (levels === 0) return mixed(seed, OBJECT);
  let sum = 0;
  // The order of the names does not matter.
  for (const name of Object.keys(value)) {
    sum += hashOf((value as Readonly<Record<string, unknown>>)[name], levels - 1, hashOfText(name, OBJECT));
  }
  return mixed(mixed(seed, OBJECT), sum);
}

function hashOfNumber(value: number, seed: number): number {
  // 0 and -0 are the same.
  NUMBER[0] = value + 0;
  return mixed(mixed(seed, BITS[0] as number), BITS[1] as number);
}

function hashOfText(text: string, seed: number): number {
  let hash = mixed(seed, text.length);
  for (let at = 0; at < text.length; at++) hash = mixed(hash, text.charCodeAt(at));
  return hash;
}

function mixed(hash: number, part: number): number {
  const product = Math.imul(hash ^ part, FACTOR);
  return product ^ (product >>> 15);
}
