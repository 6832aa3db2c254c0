import type { KeyUsage, KeyUse } from "../../operations/keys/key-usage.js";
import { placesOf, unreadLine } from "./use-lines.js";

/** Something needs a key, so it is not retired. The text has a line for each reason. */
export class KeyNeededError extends Error {
  override readonly name = "KeyNeededError";
}

/** What to do besides, by the places in a database. */
const ADVICE = {
  outbox: "of the outbox, merp outbox retry or discard what was refused",
  inbox: "an inbox forgets answers by itself",
  saga: "sagas need it until they have ended: merp saga retry those that are stuck, merp saga cancel those that run",
} as const;

/** @throws {KeyNeededError} a value needs the key, or it is not known whether one does */
export function assertUnneeded(id: string, usage: KeyUsage): void {
  const needing = usage.uses.filter((use) => use.keyId === id && isNeeding(use));
  if (needing.length === 0 && usage.unread === 0) return;
  const values = needing.reduce((sum, use) => sum + use.values, 0);
  const lines = [
    ...(values > 0 ? [`not retired: ${values} values can be read by ${id} alone: ${placesOf(needing)}`] : []),
    ...(usage.unread > 0 ? [unreadLine(usage)] : []),
    adviceFor(needing, usage.unread > 0),
  ];
  throw new KeyNeededError(lines.join("\n"));
}

/** What was settled is kept for the record, and not read again. */
function isNeeding({ place, isPerson }: KeyUse): boolean {
  return !isPerson && place !== "settled dead letters";
}

function adviceFor(needing: readonly KeyUse[], isAnyUnread: boolean): string {
  const isInRedis = isAnyUnread || needing.some(({ place }) => place !== "inbox" && place !== "saga");
  const trimmed = "wait until they are trimmed, and redrive or discard the dead letters";
  const places = Object.entries(ADVICE).filter(([place]) => needing.some((use) => use.place.includes(place)));
  return [...(isInRedis ? [trimmed] : []), ...places.map(([, text]) => text)].join("; ");
}
