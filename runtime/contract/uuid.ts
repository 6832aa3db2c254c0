const HEX = 1;
const DASH = 2;

/** What a character may be, by its code. */
const kinds = new Uint8Array(128);
for (const digit of "0123456789abcdefABCDEF") kinds[digit.charCodeAt(0)] = HEX;
kinds["-".charCodeAt(0)] = DASH;

const shape = Array.from("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", (letter) => (letter === "-" ? DASH : HEX));

/** Whether a text is a UUID of any version. Every message has one or two: this takes half as long as an expression. */
export function isUuid(text: string): boolean {
  if (text.length !== shape.length) return false;
  for (let at = 0; at < shape.length; at++) if (kinds[text.charCodeAt(at)] !== shape[at]) return false;
  return true;
}
