/** `user.logged_in` as a type's name: `UserLoggedIn`. */
export function pascalCase(text: string): string {
  return text
    .split(/[^\p{L}\p{N}$]+/u)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** `UserLoggedIn` as a constant's name: `userLoggedIn`; `HTTPFailed` as `httpFailed`. */
export function camelCase(name: string): string {
  return name.replace(/^\p{Lu}+(?=\p{Lu}\p{Ll})|^\p{Lu}+/u, (head) => head.toLowerCase());
}

/** Returns whether the text can name a type or a constant. */
export function isIdentifier(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text);
}
