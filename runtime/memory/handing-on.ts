import type { Answer, Unhandled } from "../broker/delivery.js";
import type { HandedOn } from "../broker/shares.js";
import type { Seat } from "./seat.js";
import { answer, handOver } from "./settling.js";

/** Adds entries of a partition to those that every member reads, where another one handles their types. */
export async function handOn(seat: Seat, entries: readonly HandedOn[]): Promise<readonly boolean[]> {
  const { group, name, place, store, stream } = seat;
  if (group === undefined) throw new Error(`${place.group} has not been joined yet`);
  const given: boolean[] = [];
  for (const { type, fields } of entries) {
    const isHandled = group.members.isHandledElsewhere(name, type);
    const found = isHandled ? await fields() : null;
    if (found !== null)
      store.handOn(
        stream.name,
        found.map((part) => Buffer.from(part).toString()),
      );
    given.push(isHandled);
  }
  return given;
}

/** Acknowledges entries, and hands over those of types that other members handle. Returns the unhandled ones among the others. */
export async function acknowledgeUnhandled(
  seat: Seat,
  unhandled: readonly Unhandled[],
  ids: readonly string[],
): Promise<readonly Unhandled[]> {
  const { lease } = seat.place;
  const given =
    lease === undefined
      ? unhandled.map((each) => handOver(seat, each))
      : await lease.home.handOn(unhandled.map((each) => handedOn(seat, each)));
  const done = lease === undefined ? unhandled.filter((_, at) => given[at] !== true) : unhandled;
  seat.group?.acknowledge([...ids, ...done.map(({ id }) => id)]);
  return unhandled.filter((_, at) => given[at] !== true);
}

/** Hands an entry to another member that handles its type. Resolves to `false` when there is none. */
export async function giveAway(seat: Seat, unhandled: Unhandled): Promise<boolean> {
  const { lease } = seat.place;
  if (lease === undefined) return handOver(seat, unhandled);
  const [isHandedOn = false] = await lease.home.handOn([handedOn(seat, unhandled)]);
  if (isHandedOn) seat.group?.acknowledge([unhandled.id]);
  return isHandedOn;
}

/** Hands a command over, or else answers it. */
export async function refuse(seat: Seat, given: Answer, unhandled: Unhandled): Promise<{ isHandedOver: boolean }> {
  const isHandedOver = await giveAway(seat, unhandled);
  if (!isHandedOver) answer(seat, given, unhandled.id);
  return { isHandedOver };
}

function handedOn({ stream }: Seat, { id, type }: Unhandled): HandedOn {
  const fields = async (): Promise<readonly Buffer[] | null> =>
    stream.log.find(id)?.fields.map((text) => Buffer.from(text)) ?? null;
  return { type, fields };
}
