/** Gives each of some names a key that AsyncAPI allows, and to no two the same. */
export function keysFor(names: Iterable<string>): (name: string) => string {
  const keys = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of names) {
    const plain = name.replace(/[^\w.-]/g, "_");
    let key = plain;
    for (let number = 2; taken.has(key); number++) key = `${plain}_${number}`;
    taken.add(key);
    keys.set(name, key);
  }
  return (name) => keys.get(name) ?? name;
}
