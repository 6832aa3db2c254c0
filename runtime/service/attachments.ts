import type { ExtendedMessaging, ExtensionParts } from "../messaging/extension.js";

/** What the extensions of a messaging do when it has been made, and when it is closed. */
export class Attachments {
  readonly #attach: readonly NonNullable<ExtensionParts["attach"]>[];
  #detach: readonly (() => void)[] = [];

  constructor(extending: readonly ExtensionParts[]) {
    this.#attach = extending.flatMap(({ attach }) => attach ?? []);
  }

  attach(messaging: ExtendedMessaging): void {
    this.#detach = this.#attach.map((attach) => attach(messaging));
  }

  detach(): void {
    for (const detach of this.#detach) detach();
  }
}
