import { mayGenerateCode } from "./checks.js";
import type { PlainMessage } from "./codec.js";
import { type Field, type Fields, getOwn, setOwn } from "./field.js";

/** A field has its publisher's value, else the constant, else the value that the runtime fills in, else the default. */
export type Composer = (given: PlainMessage, filled: PlainMessage) => PlainMessage;

/**
 * Compiles one line of code for each field, in the contract's order. A loop over the names takes twice as long, because
 * V8 cannot tell the fields apart. Undeclared properties are kept, for the check to report.
 */
export function compileComposer({ list, byName }: Fields): Composer {
  const composeDeclared = mayGenerateCode() ? compiledComposer(list) : loopingComposer(list);
  return (given, filled) => {
    const message = composeDeclared(given, filled);
    for (const name of Object.keys(given)) {
      if (!byName.has(name) && given[name] !== undefined) setOwn(message, name, given[name]);
    }
    return message;
  };
}

function compiledComposer(list: Fields["list"]): Composer {
  const source = `"use strict"; return (given, filled) => { const message = {}; let value; ${list.map(line).join(" ")} return message; };`;
  return new Function("fields", "getOwn", "setOwn", source)(list, getOwn, setOwn) as Composer;
}

/** The same by a loop, for where code generation from strings is off. */
function loopingComposer(list: Fields["list"]): Composer {
  return (given, filled) => {
    const message: PlainMessage = {};
    for (const { name, constant, default: byDefault } of list) {
      const own = getOwn(given, name);
      const value = own === undefined ? (constant ?? getOwn(filled, name) ?? byDefault) : own;
      if (value !== undefined) setOwn(message, name, value);
    }
    return message;
  };
}

/** Text of a schema enters the code as a string literal only. */
function line({ name, constant, default: byDefault }: Field, at: number): string {
  const key = JSON.stringify(name);
  // Every object has such a property, and to set `__proto__` sets something else.
  const isInherited = name in Object.prototype;
  const of = (object: string): string => (isInherited ? `getOwn(${object}, ${key})` : `${object}[${key}]`);
  const set = isInherited ? `setOwn(message, ${key}, value)` : `message[${key}] = value`;
  const present = constant === undefined ? of("filled") : `fields[${at}].constant ?? ${of("filled")}`;
  const otherwise = byDefault === undefined ? present : `${present} ?? fields[${at}].default`;
  return `value = ${of("given")}; if (value === undefined) value = ${otherwise}; if (value !== undefined) ${set};`;
}
