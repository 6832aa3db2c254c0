/** After so many look-ups V8 surely caches them; it does so after a few. */
const LOOK_UPS = 100;

/**
 * Has V8 treat `String.prototype` as a prototype again. Once a class extends String, as one of ioredis does, V8 takes
 * the prototype for an object under construction: no method of any text is compiled in any more, and reading one
 * character takes five times as long. That lasts until cached look-ups pass through it from an object, and texts are
 * none.
 */
export function restoreStringPrototype(): void {
  const text = Object("") as string;
  for (let n = 0; n < LOOK_UPS; n++) void text.length;
}
