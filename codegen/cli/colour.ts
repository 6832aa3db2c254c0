import type { WriteStream } from "node:tty";
import pc from "picocolors";

/** Colours for what is written to a stream: only for a terminal, unless the environment says otherwise. */
export function coloursFor(
  stream: Pick<WriteStream, "isTTY">,
  environment: NodeJS.ProcessEnv = process.env,
): ReturnType<typeof pc.createColors> {
  const { NO_COLOR: never = "", FORCE_COLOR: always = "", TERM: terminal } = environment;
  if (never !== "") return pc.createColors(false);
  if (always !== "") return pc.createColors(always !== "0");
  return pc.createColors(stream.isTTY === true && terminal !== "dumb");
}
