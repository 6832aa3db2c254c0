import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

/** Tells the test that started this process; sent when the call returns, so that a SIGKILL on the next line finds it sent. */
export function tell(message: object): void {
  let line = Buffer.from(`${JSON.stringify(message)}\n`);
  while (line.length > 0) {
    try {
      line = line.subarray(writeSync(1, line));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") {
        throw error;
      }
    }
  }
}

/** Calls back with every message that the test sends; the process then goes on until the test ends it. */
export function onParentMessage<Message>(listen: (message: Message) => void): void {
  createInterface({ input: process.stdin }).on("line", (line) => listen(JSON.parse(line) as Message));
}
