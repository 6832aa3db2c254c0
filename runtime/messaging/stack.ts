/** So many frames tell where an error comes from. */
const MOST_FRAMES = 5;

/** Frames of Node and of packages, which are seldom the place of a fault. */
const FOREIGN = /\bnode:|[/\\]node_modules[/\\]/;

/** The frames of an error's stack that are the service's own, or else the first ones; without the error's text. */
export function ownFrames(error: Error): readonly string[] {
  return ownFramesIn(stackOf(error));
}

/** As {@link ownFrames}, of a stack that was kept as text. */
export function ownFramesIn(stack: string): readonly string[] {
  const frames = [...stack.matchAll(/^ {4}at (.+)$/gm)].map(([, frame = ""]) => frame);
  const own = frames.filter((frame) => !FOREIGN.test(frame));
  return (own.length > 0 ? own : frames).slice(0, MOST_FRAMES);
}

/** Empty if it cannot be read. */
export function stackOf(error: Error): string {
  try {
    return String(error.stack ?? "");
  } catch {
    return "";
  }
}
