import type { PlainMessage } from "../contract/codec.js";
import { type Contract, contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import type { RelayParts } from "../publish/relayable.js";
import type { Answer, Ask } from "./ask.js";
import type { Saga } from "./definition.js";
import { commandOf } from "./known-command.js";
import type { Request } from "./step.js";

/**
 * Commands and answers as the tables of sagas hold them: what is encrypted on the wire is encrypted there, too. The id of a command is
 * made when it is stored, and changes when it is sent again, so these ciphertexts are bound to the saga.
 */
export class Kept {
  readonly #parts: Pick<RelayParts, "catalogue" | "sealing">;

  constructor(parts: Pick<RelayParts, "catalogue" | "sealing">) {
    this.#parts = parts;
  }

  sealedRequests(saga: Saga<object>, id: string, requests: readonly Request[]): Promise<readonly Request[]> {
    return Promise.all(requests.map((request) => this.#sealedRequest(saga, id, request)));
  }

  /** The payload of a command as its step gave it; `Erased` if a person was forgotten whom a value of it is about. */
  async openedPayload(saga: Saga<object>, { id, request }: Pick<Ask, "id" | "request">): Promise<unknown> {
    const sealed = this.#contractOf(saga, request)?.sealed;
    if (sealed === undefined) return request.payload;
    const message = await sealed.openKept(messageOf(request), boundTo(saga, id), this.#parts.sealing);
    return sealed.erasedIn(message) ?? message["payload"];
  }

  async sealedAnswer(
    saga: Saga<object>,
    { id, request }: Pick<Ask, "id" | "request">,
    answer: Answer,
  ): Promise<Answer> {
    const form = this.#contractOf(saga, request)?.sealedResult;
    if (form === undefined || "refusal" in answer) return answer;
    return { result: await form.seal(answer.result as PlainMessage, boundTo(saga, id), this.#parts.sealing) };
  }

  async openedAnswer(saga: Saga<object>, { id, request }: Pick<Ask, "id" | "request">, kept: Answer): Promise<Answer> {
    const form = this.#contractOf(saga, request)?.sealedResult;
    if (form === undefined || "refusal" in kept) return kept;
    return { result: await form.openKept(kept.result as PlainMessage, boundTo(saga, id), this.#parts.sealing) };
  }

  async #sealedRequest(saga: Saga<object>, id: string, request: Request): Promise<Request> {
    const sealed = this.#contractOf(saga, request)?.sealed;
    if (sealed === undefined) return request;
    const { payload } = await sealed.seal(messageOf(request), boundTo(saga, id), this.#parts.sealing);
    return { ...request, payload };
  }

  #contractOf(saga: Saga<object>, { command }: Request): Contract | undefined {
    const descriptor = commandOf(saga, this.#parts.catalogue, command);
    return descriptor && contractOf(descriptor as unknown as Descriptor);
  }
}

function messageOf({ payload, options: { targetService } }: Request): PlainMessage {
  return { payload, target_service: targetService };
}

function boundTo({ name }: Saga<object>, id: string): string {
  return `saga ${name} ${id}`;
}
