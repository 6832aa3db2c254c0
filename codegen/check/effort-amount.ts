/** How many steps a check takes for a value, at most. A step is some 5 ns. */
export interface Effort {
  /** For the value itself, however small it is. */
  readonly once: number;
  /** For each byte of what is inside of it, as JSON, where a value can have any number of it. */
  readonly each: number;
  /** For all that it may have once: the properties that are declared. */
  readonly declared: number;
  /** For each byte of that. */
  readonly dense: number;
}

export const NONE: Effort = { once: 0, each: 0, declared: 0, dense: 0 };

/** So many bytes a message has at most, unless a service allows for more. */
export const MESSAGE_BYTES: number = 2 ** 20;

/** The least bytes of a value in a list or an object, with the comma; of an object or a text; of a property beside its value. */
export const PLAIN_BYTES = 2;
export const SHAPED_BYTES = 3;
const PROPERTY_BYTES = 4;
/** Of many names in one object hardly any is shorter than three characters: they differ. */
export const ANY_PROPERTY_BYTES: number = 3 + PROPERTY_BYTES + PLAIN_BYTES - 1;

/** For each byte of a message. */
export function rateOf({ once, each, declared, dense }: Effort): number {
  return each + once / MESSAGE_BYTES + Math.min(dense, declared / MESSAGE_BYTES);
}

/** How many bytes a property has at least, with its comma. */
export function bytesOf(name: string): number {
  return name.length + PROPERTY_BYTES + PLAIN_BYTES - 1;
}

/** What is done for a value is done for each of many, of at least so many bytes. */
export function repeated({ once, each, declared, dense }: Effort, bytes: number): Effort {
  return { ...NONE, each: each + once / bytes + Math.min(dense, declared / bytes) };
}

/** What is done for the value of a property is done for an object that has it: for the bytes of that property. */
export function within({ once, each, declared, dense }: Effort, name: string): Effort {
  return { ...NONE, each, declared: once + declared, dense: Math.max(dense, once / bytesOf(name)) };
}

export function added(efforts: readonly Effort[]): Effort {
  const sum = { ...NONE };
  for (const { once, each, declared, dense } of efforts) {
    sum.once += once;
    sum.each += each;
    sum.declared += declared;
    sum.dense += dense;
  }
  return sum;
}

export function greatest(efforts: readonly Effort[]): Effort {
  const most = { ...NONE };
  for (const { once, each, declared, dense } of efforts) {
    if (once > most.once) most.once = once;
    if (each > most.each) most.each = each;
    if (declared > most.declared) most.declared = declared;
    if (dense > most.dense) most.dense = dense;
  }
  return most;
}
