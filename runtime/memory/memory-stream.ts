import type { FlatFields } from "../contract/codec.js";
import { type Entry, EntryLog } from "./entry-log.js";
import { MemoryGroup } from "./memory-group.js";

/** A stream and its groups. */
export class MemoryStream {
  readonly name: string;
  readonly log: EntryLog = new EntryLog();
  readonly groups: Map<string, MemoryGroup> = new Map();
  /** Until when nobody trims it again, in ms since 1970. */
  trimmedUntil = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(fields: FlatFields, nowMs: number): Entry {
    const entry = this.log.add(fields, nowMs);
    for (const group of this.groups.values()) group.arrived.tell();
    return entry;
  }

  group(name: string): MemoryGroup | undefined {
    return this.groups.get(name);
  }

  /** @param from - the place of the first entry that it is to be given */
  createGroup(name: string, from: number): MemoryGroup {
    const group = new MemoryGroup(this.log, name, from);
    this.groups.set(name, group);
    return group;
  }
}
