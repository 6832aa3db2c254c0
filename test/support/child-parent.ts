import { startChild } from "./child.js";
import { tell } from "./parent.js";

/** Stands for a test in `child.test.ts`: has a child that hangs, and waits to be killed. */
const child = await startChild<{ pid?: number }>(new URL("./child-echo.ts", import.meta.url));
await child.next();
child.send({ say: "I hang", spin: true });
await child.next();
tell({ pid: child.pid });
await child.exited;
