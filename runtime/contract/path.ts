/** More of a path is not shown: its names come from a message, which may be of any length. */
const LONGEST = 200;

/** Names and indexes as one writes them in code: `after_data.roles[0]["first-name"]`. */
export function pathOf(tokens: readonly string[]): string {
  let path = "";
  for (const token of tokens) {
    if (path.length > LONGEST) break;
    if (/^\d+$/.test(token)) path += `[${token}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(token)) path += path === "" ? token : `.${token}`;
    else path += `[${JSON.stringify(token)}]`;
  }
  return path.length > LONGEST ? `${path.slice(0, LONGEST)}…` : path;
}

/** A path below another one. */
export function pathWithin(outer: string, inner: string): string {
  return inner === "" || inner.startsWith("[") || outer === "" ? outer + inner : `${outer}.${inner}`;
}
