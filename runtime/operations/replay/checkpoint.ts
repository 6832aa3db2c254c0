import { open, readFile, rename, rm } from "node:fs/promises";
import { ConfigError } from "../../errors.js";

/** How far a replay has come. */
export interface ReplayPosition {
  /** What is replayed: a position of another selection does not count. */
  readonly selection: string;
  /** The last message that was settled: all before it are settled as well. */
  readonly position: string;
  /** The last message of the replay, fixed when it began. */
  readonly end: string;
}

/** Where a replay keeps its position. Keep it with what the handlers write, and each message counts exactly once. */
export interface Checkpoint {
  /** `undefined` when there is none. */
  load(): Promise<ReplayPosition | undefined>;
  /** Resolves when it is kept, whatever happens to this process. */
  save(position: ReplayPosition): Promise<void>;
  /** The replay is complete. */
  clear(): Promise<void>;
}

/** Keeps the position in a file. The file is replaced in one step: after a crash it holds the old position or the new one. */
export function fileCheckpoint(path: string): Checkpoint {
  const draft = `${path}.${process.pid}.tmp`;
  return {
    load: async () => {
      let text: string;
      try {
        text = await readFile(path, "utf8");
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT") return undefined;
        throw new ConfigError([`the checkpoint ${path} cannot be read: ${code}`]);
      }
      const position = positionIn(text);
      if (position !== undefined) return position;
      throw new ConfigError([`${path} is no checkpoint of a replay: name another file, or delete it`]);
    },
    save: async (position) => {
      try {
        const file = await open(draft, "w", 0o600);
        try {
          await file.writeFile(`${JSON.stringify(position)}\n`);
          // Else a crash of the machine could leave an empty file under the new name.
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(draft, path);
      } catch (error) {
        throw new ConfigError([`the checkpoint ${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`]);
      }
    },
    clear: () => rm(path, { force: true }),
  };
}

function positionIn(text: string): ReplayPosition | undefined {
  try {
    const { selection, position, end } = JSON.parse(text) as Record<keyof ReplayPosition, unknown>;
    const texts = [selection, position, end];
    return texts.every((each) => typeof each === "string")
      ? ({ selection, position, end } as ReplayPosition)
      : undefined;
  } catch {
    return undefined;
  }
}
