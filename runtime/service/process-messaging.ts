import type { Variables } from "../config/setting-reader.js";
import { UsageError } from "../errors.js";
import type { Messaging, StartOptions } from "../messaging/messaging.js";

/** Unlike `createMessaging`, a process announces itself and reports its health by default. */
const DEFAULTS: Variables = { SERVICE_ANNOUNCE: "true", HEALTH_INTERVAL: "30" };

/** Options of `initMessaging()`. */
export interface InitOptions<Messaging> extends StartOptions {
  /** Registers the handlers, before `start()`. */
  readonly handlers?: (messaging: Messaging) => void;
  /**
   * Signals that shut the messaging down. The process then ends with the exit status of the signal.
   * @defaultValue none: the handlers of the process decide
   */
  readonly signals?: readonly NodeJS.Signals[];
  /** The variables from which settings are read. @defaultValue process.env */
  readonly env?: Variables;
}

/** One messaging for a whole process, for code to which passing one is awkward. */
export class MessagingFacade<Own extends Pick<Messaging, "start" | "close">> {
  #messaging: Own | undefined;
  #signals: readonly NodeJS.Signals[] = [];
  /** Sends the signal again without this handler, so that the process ends with its exit status. */
  readonly #end = (signal: NodeJS.Signals): void =>
    void this.shutdown().finally(() => process.kill(process.pid, signal));

  /** @throws {UsageError} if there is one already */
  async init(
    create: (env: Variables) => Own,
    { handlers, signals = [], env = process.env, requireRedis = false }: InitOptions<Own> = {},
  ): Promise<Own> {
    if (this.#messaging !== undefined) {
      const text = "initMessaging() was called before: use getMessaging(), or shutdownMessaging() first";
      throw new UsageError("CONFIG_INVALID", text);
    }
    const messaging = create({ ...DEFAULTS, ...env });
    this.#messaging = messaging;
    try {
      handlers?.(messaging);
      this.#signals = signals;
      for (const signal of signals) process.once(signal, this.#end);
      await messaging.start({ requireRedis });
    } catch (error) {
      await this.shutdown();
      throw error;
    }
    return messaging;
  }

  /** @throws {UsageError} before `initMessaging()` and after `shutdownMessaging()` */
  get(): Own {
    if (this.#messaging !== undefined) return this.#messaging;
    throw new UsageError("CONFIG_INVALID", "there is no messaging: await initMessaging() when the service starts");
  }

  /** Closes the messaging, if there is one. */
  async shutdown(): Promise<void> {
    const messaging = this.#messaging;
    this.#messaging = undefined;
    for (const signal of this.#signals) process.off(signal, this.#end);
    await messaging?.close();
  }
}
