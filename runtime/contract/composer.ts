import { type PlainMessage, setOwn } from "./codec.js";
import type { Field, Fields } from "./field.js";

/** Makes a message whole: what its publisher gave, then constants, what the runtime fills in, and defaults. */
export type Composer = (given: PlainMessage, filled: PlainMessage) => PlainMessage;

/**
 * Compiles a contract's composer, with a line for each field in the contract's order, as one would write it by hand: a
 * loop over their names takes twice as long, since V8 cannot know which one it is at. What is not declared stays, for
 * the check to name.
 */
export function compileComposer({ list, byName }: Fields): Composer {
  const source = `"use strict"; return (given, filled) => { const message = {}; let value; ${list.map(line).join(" ")} return message; };`;
  const composeDeclared = new Function("fields", source)(list) as Composer;
  return (given, filled) => {
    const message = composeDeclared(given, filled);
    for (const name of Object.keys(given)) {
      if (!byName.has(name) && given[name] !== undefined) setOwn(message, name, given[name]);
    }
    return message;
  };
}

/** Text in a schema gets into code only as a string's literal. */
function line({ name, constant, default: byDefault }: Field, at: number): string {
  const key = `[${JSON.stringify(name)}]`;
  const present = constant === undefined ? `filled${key}` : `fields[${at}].constant ?? filled${key}`;
  const otherwise = byDefault === undefined ? present : `${present} ?? fields[${at}].default`;
  return `value = given${key}; if (value === undefined) value = ${otherwise}; if (value !== undefined) message${key} = value;`;
}
