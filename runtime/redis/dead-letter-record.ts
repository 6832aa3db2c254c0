/**
 * Reads `length:bytes,` after `length:bytes,`: how a dead letter keeps its original, byte for byte.
 *
 * @throws {RangeError} when the bytes are no such list
 */
export function decodeNetstrings(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const colon = bytes.indexOf(0x3a, at);
    const length = Number(bytes.toString("latin1", at, colon));
    const end = colon + 1 + length;
    if (colon < 0 || !Number.isInteger(length) || bytes[end] !== 0x2c) {
      throw new RangeError(`no netstring at byte ${at}`);
    }
    parts.push(bytes.subarray(colon + 1, end));
    at = end + 1;
  }
  return parts;
}
