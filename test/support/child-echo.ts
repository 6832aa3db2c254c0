import { onParentMessage, tell } from "./parent.js";

/** The child of `child.test.ts`: says who it is, then does as it is told. */
console.log("not a message");
tell({ pid: process.pid, word: process.argv[2], colour: process.env["COLOUR"] });
onParentMessage<{ say?: unknown; exit?: number; spin?: true }>(({ say, exit, spin }) => {
  if (exit !== undefined) {
    process.exit(exit);
  }
  tell({ said: say });
  while (spin) {
    // A process whose event loop hangs.
  }
});
