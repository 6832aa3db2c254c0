import { readConfig } from "../../config/config.js";
import { didYouMean, nearest } from "../../config/suggest.js";
import type { PlainMessage } from "../../contract/codec.js";
import { contractOf } from "../../contract/contract.js";
import type { CommandDescriptor, Descriptor, Publishable } from "../../contract/descriptor.js";
import { keysOf } from "../../contract/issue-path.js";
import type { JsonSchema } from "../../contract/json-schema.js";
import { childrenOf, inPlace } from "../../contract/sensitive.js";
import { ContractError, type Issue } from "../../errors.js";
import type { Messaging } from "../../messaging/messaging.js";
import type { Published } from "../../messaging/publisher.js";
import { prepare } from "../../publish/prepare.js";
import type { MessagingOptions } from "../../service/assemble.js";
import { createMessagingFor } from "../../service/create-messaging.js";
import { systemClock } from "../../time/clock.js";
import type { OperationsOptions } from "../operator.js";

/** A message that is to be published. */
export interface Draft {
  /** As its publisher would have it written: with an id, a time and a source. */
  readonly message: PlainMessage;
  /** Every issue; none if it keeps its contract. */
  readonly issues: readonly Issue[];
}

/** Completes a message as a service does, and judges it as strictly. */
export function draftOf(descriptor: Descriptor, given: PlainMessage, options: OperationsOptions): Draft {
  const config = readConfig(options, "fields", options.env ?? process.env, ["env"]);
  const contract = contractOf(descriptor);
  try {
    const message = prepare(config, descriptor, contract, given, {}, systemClock);
    const issues = contract.violations(message);
    if (issues.length === 0) contract.assertWritable(message, config.encoding, config.maxMessageBytes);
    return { message, issues: issues.map((issue) => advised(issue, descriptor.schema)) };
  } catch (error) {
    if (error instanceof ContractError) return { message: given, issues: error.issues };
    throw error;
  }
}

type WritingOptions = OperationsOptions & Pick<MessagingOptions, "extensions">;

/** Publishes a message of a draft. */
export async function publishDraft(
  descriptor: Publishable,
  { message }: Draft,
  options: WritingOptions,
): Promise<Published> {
  await using messaging = writerOf(descriptor, options);
  return (await messaging.publish(descriptor, message as never)) as Published;
}

/**
 * Sends the command of a draft and waits for its answer. Of the draft its payload, id, target, time limit and correlation count.
 *
 * @throws {CommandFailedError} the handler failed or could not run
 * @throws {CommandTimeoutError} there was no answer in time; the command may still run
 */
export async function sendDraft(
  descriptor: CommandDescriptor<never>,
  { message }: Draft,
  options: WritingOptions,
): Promise<unknown> {
  const { id, payload, target_service, timeout, correlation_id } = message;
  await using messaging = writerOf(descriptor as unknown as Descriptor, options);
  return await messaging.send(descriptor as never, payload as never, {
    id: id as string,
    ...(target_service !== undefined && { targetService: String(target_service) }),
    ...(timeout !== undefined && { timeoutSeconds: Number(timeout) }),
    ...(correlation_id !== undefined && { correlationId: String(correlation_id) }),
  });
}

function writerOf(
  descriptor: Descriptor,
  { env = process.env, ...settings }: WritingOptions,
): Messaging<object, Published | undefined> {
  const catalogue = { name: "merp", encoding: "fields", messages: [descriptor] } as const;
  return createMessagingFor(catalogue, { ...settings, env, announce: false, healthIntervalSeconds: 0 });
}

/** Names the property that may be meant by one that is not in the contract. */
function advised(issue: Issue, schema: JsonSchema): Issue {
  if (issue.message !== "is not in the contract") return issue;
  const keys = keysOf(issue.path).map(String);
  const known = schemasAt(schema, keys.slice(0, -1)).flatMap(({ properties }) => Object.keys(properties ?? {}));
  return { ...issue, message: issue.message + didYouMean(nearest(keys.at(-1) ?? "", known)) };
}

/** The schemas that apply, or may apply, to what a path names. */
export function schemasAt(root: JsonSchema, keys: readonly string[]): readonly JsonSchema[] {
  return keys.reduce(
    (schemas, key) =>
      inPlace(
        root,
        schemas.flatMap((schema) => childrenOf(schema, key)),
      ),
    inPlace(root, [root]),
  );
}

/** A value of a message as it is typed: a text where the contract wants one, else JSON, else a text all the same. */
export function typedValue(root: JsonSchema, keys: readonly string[], text: string): unknown {
  const types = new Set(schemasAt(root, keys).flatMap(({ type }) => type ?? []));
  if (types.size === 1 && types.has("string")) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
