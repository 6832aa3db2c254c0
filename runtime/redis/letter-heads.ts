import type { HeadPage, HeadRange } from "../broker/letters.js";
import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { LONGEST_MARK } from "./letters.js";
import { heads } from "./lua/letters.js";

/** After so many letters, or so many bytes of them, Redis does something else: 5 ms. */
const MOST_AT_ONCE = 500;
const MOST_BYTES = 2 * 1024 * 1024;

/** Reads the heads of letters by a script, which demands the right to `EVAL_RO`. */
export async function readHeads(
  client: Client,
  { dead, settled }: Pick<StreamKeys, "dead" | "settled">,
  { after, until = "+", names, of = "" }: HeadRange,
): Promise<HeadPage> {
  const from = after === undefined ? "-" : `(${after}`;
  const args = [from, until, MOST_AT_ONCE, MOST_BYTES, of, LONGEST_MARK, ...names];
  const [found, marks, next] = await heads.run(client, [dead, settled], args);
  const labels = names.map((name) => Buffer.from(name));
  return {
    heads: found.map(([id, values, bytes], at) => ({
      id: id.toString(),
      fields: values.flatMap((value, place) => (value.length === 0 ? [] : [labels[place] as Buffer, value])),
      bytes,
      mark: marks[at]?.toString() ?? null,
    })),
    next: next?.toString(),
  };
}
