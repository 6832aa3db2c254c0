import type { HandleCall, Interceptor } from "../../generated/index.js";

/** An interceptor that wraps the handling of messages, and lets every other call pass. */
export function handling(wrap: (call: HandleCall, next: () => Promise<unknown>) => Promise<unknown>): Interceptor {
  return (call, next) => (call.operation === "handle" ? wrap(call, next) : next());
}

/** An interceptor that notes when the handling of a message begins, and how it ends. */
export function noting(steps: string[], name: string): Interceptor {
  return handling(async (_call, next) => {
    steps.push(`${name} begins`);
    try {
      const result = await next();
      steps.push(`${name} ends`);
      return result;
    } catch (error) {
      steps.push(`${name} sees: ${(error as Error).message}`);
      throw error;
    }
  });
}
