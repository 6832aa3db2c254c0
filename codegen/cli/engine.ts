import { setFlagsFromString } from "node:v8";

/**
 * V8 optimizes what has run for a while. For a run of a second that comes too early: most of what is optimized is hardly
 * called again, and it takes a third of the processor time. Other values change the time and nothing else.
 */
export function optimizeLate(): void {
  setFlagsFromString("--interrupt-budget=2000000");
}
