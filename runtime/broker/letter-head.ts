import type { LetterHead, StoredLetter } from "./letters.js";

/** What is read of a letter's fields without its entry: so many bytes of its errors, and of any other. */
export const HEAD: { readonly longestError: number; readonly longest: number } = {
  longestError: 32 * 1024,
  longest: 1000,
};

/** How each error of a record begins. No text inside of one holds it, because a quote in a text is escaped. */
export const ERROR_BEGINS: string = '{"at":"';

const CLOSING = 0x5d;

/** The head of a letter that was read whole. */
export function headOf({ id, fields, oversizedBytes, mark }: StoredLetter, names: readonly string[]): LetterHead {
  const head: Buffer[] = [];
  let bytes = 0;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name, value] = fields.slice(at, at + 2) as [Buffer, Buffer];
    bytes += name.length + value.length;
    if (names.includes(name.toString()))
      head.push(name, name.toString() === "errors" ? lastError(value) : brief(value));
  }
  return { id, fields: head, bytes: oversizedBytes ?? bytes, mark };
}

/** Whether a letter is of the message, or of the entry, with this id. */
export function isOf({ fields }: Pick<StoredLetter, "fields">, id: string): boolean {
  return fields.some((value, at) => {
    const name = at % 2 === 0 ? "" : String(fields[at - 1]);
    return (name === "message_id" || name === "entry_id") && value.toString() === id;
  });
}

/** The last of a record's errors, as a list of it alone; the beginning of what is no such list. */
function lastError(errors: Buffer): Buffer {
  const tail = errors.subarray(-HEAD.longestError);
  const begun = tail.at(-1) === CLOSING ? tail.lastIndexOf(ERROR_BEGINS) : -1;
  return begun < 0 ? errors.subarray(0, HEAD.longestError) : Buffer.from(`[${tail.toString("utf8", begun)}`);
}

function brief(value: Buffer): Buffer {
  return value.subarray(0, HEAD.longest);
}
