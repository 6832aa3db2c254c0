import type { ExtendedMessaging, ExtensionParts } from "../messaging/extension.js";

/** What the extensions of a messaging do when it has been made, before it reads, and when it is closed. */
export class Attachments {
  readonly #attach: readonly NonNullable<ExtensionParts["attach"]>[];
  readonly #starting: readonly NonNullable<ExtensionParts["starting"]>[];
  #detach: readonly (() => void)[] = [];

  constructor(extending: readonly ExtensionParts[]) {
    this.#attach = extending.flatMap(({ attach }) => attach ?? []);
    this.#starting = extending.flatMap(({ starting }) => starting ?? []);
  }

  attach(messaging: ExtendedMessaging): void {
    this.#detach = this.#attach.map((attach) => attach(messaging));
  }

  /** `undefined` where none has anything to do first. Rejects with what keeps an extension from its work. */
  starting(): Promise<unknown> | undefined {
    return this.#starting.length === 0 ? undefined : Promise.all(this.#starting.map((starting) => starting()));
  }

  detach(): void {
    for (const detach of this.#detach) detach();
  }
}
