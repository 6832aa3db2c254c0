/** A text, often that of another service's error, as PostgreSQL takes it: without U+0000. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd");
}
