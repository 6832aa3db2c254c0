/** Reads a field of a reply in which names and values alternate, as `XINFO` gives it. `undefined` when it is absent. */
export function field(reply: readonly unknown[], name: string): unknown {
  const at = reply.indexOf(name);
  return at < 0 ? undefined : reply[at + 1];
}
