import type { CommandSender } from "../command/sender.js";
import type { PlainMessage } from "../contract/codec.js";
import type { InterceptorChain, OutgoingCall } from "../messaging/interceptor.js";
import { currentReplay } from "../messaging/replaying.js";
import type { MessagePublisher } from "../publish/publisher.js";
import { misuse } from "./call-options.js";

/** The calls of a messaging that publish: through its interceptors, or what a replay has instead of them. */
export class Outgoing {
  readonly #publisher: MessagePublisher;
  readonly #sender: CommandSender;
  readonly #chain: InterceptorChain | undefined;

  constructor(publisher: MessagePublisher, sender: CommandSender, chain: InterceptorChain | undefined) {
    this.#publisher = publisher;
    this.#sender = sender;
    this.#chain = chain;
  }

  /** Publishes, sends or tells. */
  call<Result>(call: OutgoingCall): Promise<Result> {
    const instead = insteadOf(call);
    if (instead !== undefined) return instead as Promise<Result>;
    const chain = this.#chain;
    if (chain === undefined) return this.#make(call) as Promise<Result>;
    return this.#publisher.intercepted(chain, call, (changed) => this.#make(changed)) as Promise<Result>;
  }

  /** Does with a call, as the interceptors have left it, what is done instead of publishing. The hooks hear nothing of a failure. */
  through<Result>(call: OutgoingCall, make: (call: OutgoingCall) => Promise<Result>): Promise<Result> {
    const instead = insteadOf(call);
    if (instead !== undefined) return instead as Promise<Result>;
    const chain = this.#chain;
    if (chain === undefined) return make(call);
    return chain.run(call, this.#publisher.streamOf(call), make) as Promise<Result>;
  }

  #make(call: OutgoingCall): Promise<unknown> {
    switch (call.operation) {
      case "publish":
        return this.#publisher.publish(call.descriptor, call.message as PlainMessage, call.options);
      case "publishAll":
        return this.#publisher.publishAll(call.descriptor, call.messages as readonly PlainMessage[], call.options);
      case "send":
        return this.#sender.send(call.descriptor, call.payload, call.options);
      case "tell":
        return this.#sender.tell(call.descriptor, call.payload, call.options);
    }
  }
}

/** What a call comes to without being made: options that do not exist, or a replay. */
function insteadOf(call: OutgoingCall): Promise<unknown> | undefined {
  const wrong = misuse(call.operation, call.options);
  return wrong === undefined ? currentReplay()?.insteadOf(call) : Promise.reject(wrong);
}
