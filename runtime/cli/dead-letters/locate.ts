import { entryIdIn } from "../../broker/entry-id.js";
import { MessagingError } from "../../errors.js";
import { askEach, type Unseen } from "../../operations/ask-each.js";
import type { DeadLetter, DeadLetterSummary } from "../../operations/index.js";
import { CommandError } from "../exit.js";
import { tellUnseen } from "../unseen.js";
import type { LetterTool } from "./tool.js";
import { enumerated } from "./words.js";

/** Where a letter is. */
export interface LetterPlace {
  readonly stream: string;
  readonly id: string;
}

const MOST_NAMED = 10;

/**
 * Finds a dead letter by its id, else by that of its message, or of the entry that died. Of several letters of a message it is
 * the only open one, or the last if it died in one group.
 *
 * @param isChanged - whether it is changed: then no stream may be out of reach in which another may be meant
 * @throws {CommandError} there is none, or there are several
 */
export async function locate(
  tool: LetterTool,
  text: string,
  streams: readonly string[],
  isChanged = false,
): Promise<LetterPlace> {
  const id = entryIdIn(text);
  const places: LetterPlace[] = [];
  if (id !== undefined) {
    const { unseen } = await askEach(tool.routes, streams, async (stream) => {
      if ((await get(tool.letters, stream, id)) !== undefined) places.push({ stream, id });
    });
    if (isChanged && places.length === 1) assertOnly(unseen, text);
  }
  const [place, other] = places;
  if (place !== undefined && other === undefined) return place;
  if (place !== undefined) {
    throw new CommandError(
      `${enumerated(places.map(({ stream }) => stream))} each have a dead letter ${id}: give --stream`,
    );
  }
  return byMessage(tool, text, streams, isChanged);
}

interface Candidate extends LetterPlace {
  readonly letter: DeadLetterSummary;
}

async function byMessage(
  { letters, routes }: LetterTool,
  text: string,
  streams: readonly string[],
  isChanged: boolean,
): Promise<LetterPlace> {
  const found: Candidate[] = [];
  const { found: seen, unseen } = await askEach(routes, streams, async (stream) => {
    for await (const letter of letters.summaries(stream, { of: text, state: "any" })) {
      found.push({ stream, id: letter.id, letter });
    }
    return stream;
  });
  const last = found.at(-1);
  if (last === undefined) {
    tellUnseen(unseen);
    const advice = "merp dead-letters list --state any shows their ids";
    throw new CommandError(`there is no dead letter, and none of a message, ${text} in ${enumerated(seen)}: ${advice}`);
  }
  if (isChanged) assertOnly(unseen, text);
  const open = found.filter(({ letter }) => letter.state.state === "open");
  const [only, another] = open;
  if (only !== undefined && another === undefined) return only;
  const groups = new Set(found.map(({ letter, stream }) => `${stream} ${letter.group}`));
  if (only === undefined && groups.size === 1) return last;
  const names = (only === undefined ? found : open)
    .slice(0, MOST_NAMED)
    .map(({ id, letter }) => `${id} (${letter.group}, ${letter.state.state})`);
  throw new CommandError(`several dead letters are of ${text}: give the id of one: ${enumerated(names, "or")}`);
}

/** @throws {CommandError} another may be meant, in a stream that cannot be searched */
function assertOnly(unseen: readonly Unseen[], text: string): void {
  const [first] = unseen;
  if (first === undefined) return;
  const names = enumerated(unseen.map(({ name }) => name));
  throw new CommandError(`${names} cannot be searched for ${text} at present: give --stream (${first.why})`);
}

async function get(letters: LetterTool["letters"], stream: string, id: string): Promise<DeadLetter | undefined> {
  try {
    return await letters.get(stream, id);
  } catch (error) {
    if (error instanceof MessagingError && error.code === "DEAD_LETTER_MISSING") return undefined;
    throw error;
  }
}
