import type { PlainMessage } from "../contract/codec.js";
import type { Contract } from "../contract/contract.js";
import type { Sealing } from "../contract/sealing.js";
import { PublishError } from "../errors.js";
import { snapshotOf } from "./snapshot.js";

/** So many messages wait for keys at once. */
const MOST_WAITING = 1000;

/** Encrypts messages in the order in which they are published: none overtakes one that waits for its key. */
export class SealOrder {
  readonly #sealing: Sealing | undefined;
  #last: Promise<unknown> | undefined;
  #waiting = 0;

  constructor(sealing: Sealing | undefined) {
    this.#sealing = sealing;
  }

  /**
   * The message as it goes on the wire. It is a promise only where a key has to be fetched, for this message or for one
   * before it.
   */
  seal(contract: Contract, message: PlainMessage): PlainMessage | Promise<PlainMessage> {
    if (this.#waiting >= MOST_WAITING) {
      const text = `${MOST_WAITING} messages wait for a key to be fetched: publish fewer at once`;
      throw new PublishError("PUBLISH_OVERLOADED", text, { messageId: message["id"] as string, retryable: true });
    }
    // Its publisher may change the message while it waits.
    const kept = snapshotOf(message) as PlainMessage;
    const seal = (): PlainMessage | Promise<PlainMessage> => contract.seal(kept, this.#sealing);
    const sealed = this.#last === undefined ? seal() : this.#last.then(seal);
    return sealed instanceof Promise ? this.#keep(sealed) : sealed;
  }

  #keep(sealed: Promise<PlainMessage>): Promise<PlainMessage> {
    this.#waiting++;
    const ended = sealed
      .catch(() => {})
      .then(() => {
        this.#waiting--;
        if (this.#last === ended) this.#last = undefined;
      });
    this.#last = ended;
    return sealed;
  }
}
