import { type Commit, type History, historyOf, type Sources, sourcesOf } from "../index.js";
import { filesOf, GitRefError, git, textsOf } from "./git-ref.js";

/** The git commits that changed a folder of schemas, as the documentation tells them. */
export async function historyIn(schemasFolder: string, now: Sources, most: number): Promise<History> {
  const none = (note: string): History => ({ note, versions: new Map() });
  if (most === 0) return none("The history is left out.");
  try {
    const prefix = git(schemasFolder, ["rev-parse", "--show-prefix"])?.toString().trimEnd();
    if (prefix === undefined) return none("There is no history: the schemas are in no git repository.");
    const commits = commitsOf(schemasFolder, most + 1);
    if (commits.length === 0) return none("There is no history: no commit has these schemas.");
    const isShallow = git(schemasFolder, ["rev-parse", "--is-shallow-repository"])?.toString().trim() === "true";
    const isCut = commits.length > most;
    const folder = prefix.replace(/\/+$/, "");
    const read = commits.map((commit): Commit => {
      const files = filesOf(schemasFolder, commit.commit, folder);
      return { ...commit, sources: sourcesOf(textsOf(schemasFolder, files), `${commit.commit}:${folder}`) };
    });
    const versions = await historyOf(read.toReversed(), now, { isWhole: !isCut && !isShallow });
    const note = isCut
      ? `Older commits than the last ${most} that changed a schema are left out.`
      : isShallow
        ? "The repository is a shallow clone, so older commits are missing."
        : "";
    return { note, versions };
  } catch (error) {
    if (error instanceof GitRefError) return none(`There is no history: ${error.message}.`);
    throw error;
  }
}

/** The newest first. A merge is what it brought to its first parent, so that each commit follows the one below it. */
function commitsOf(schemasFolder: string, most: number): readonly Omit<Commit, "sources">[] {
  const format = "%H%x00%cs%x00%s";
  const log = ["-c", "log.showSignature=false", "log", "--first-parent", `--max-count=${most}`, `--format=${format}`];
  const lines =
    git(schemasFolder, [...log, "--no-color", "--", "."])
      ?.toString()
      .split("\n") ?? [];
  return lines.flatMap((line) => {
    const [commit = "", date = "", subject = ""] = line.split("\0");
    return commit === "" ? [] : [{ commit, date, subject }];
  });
}
