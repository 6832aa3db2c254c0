import { randomUUID } from "node:crypto";
import { type Config, prefixed } from "../config/config.js";
import type { PlainMessage } from "../contract/codec.js";
import { companyFields, companyOf, companyPathOf } from "../contract/company.js";
import type { Contract } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { presentInstant } from "../contract/instant.js";
import { ContractError } from "../errors.js";
import { inheritMetadata, presentCorrelation, withDefaults } from "../messaging/correlation.js";
import type { PublishOptions } from "../messaging/publisher.js";
import type { Clock } from "../time/clock.js";

const NO_COMPANY =
  'is required, because tenancy is "required"; for a message that belongs to no company, pass { withoutCompany: true }';

/**
 * Adds to a publisher's message the fields that the runtime fills in, as far as the contract declares them, and the
 * correlation of the message that is being handled.
 * @throws {ContractError} if `tenancy` requires a company and there is none
 */
export function prepare(
  config: Pick<Config, "service" | "tenancy">,
  descriptor: Descriptor,
  contract: Contract,
  given: PlainMessage,
  options: PublishOptions,
  clock: Pick<Clock, "wall">,
): PlainMessage {
  const { kind, type } = descriptor;
  const timestamp = presentInstant(clock.wall());
  if (kind === "health") return contract.compose(given, { service_name: config.service, timestamp });
  const correlation = presentCorrelation();
  const filled: PlainMessage = {
    id: options.id ?? randomUUID(),
    timestamp,
    source_service: config.service,
    correlation_id: options.correlationId ?? correlation?.correlationId,
  };
  // A caller without types may give anything: the contract reports it.
  const own = (given as PlainMessage | null | undefined)?.["metadata"] as PlainMessage | undefined;
  let metadata = own;
  if (correlation !== undefined && contract.hasOpenMetadata) metadata = inheritMetadata(metadata, correlation);
  if (config.tenancy === "required" && options.withoutCompany !== true) {
    const company = companyOf(kind, { ...given, metadata }) ?? correlation?.companyId;
    if (company === undefined) throw new ContractError(type, [{ path: companyPathOf(kind), message: NO_COMPANY }]);
    const field = companyFields[kind];
    // A notification to one user stays on that user's channel; its company is written beside it.
    if (field !== undefined) filled[field] = company;
    else metadata = withDefaults(metadata, { company_id: company });
  }
  return contract.compose(metadata === own ? given : { ...given, metadata }, filled);
}

/** The one channel on which a notification is announced: the most specific of user, company and channel. */
export function channelOf(config: Pick<Config, "environment">, message: PlainMessage): string {
  const { target_user_id: user, target_company_id: company, channel } = message;
  const place =
    user !== undefined ? `user:${user}` : company !== undefined ? `company:${company}` : (channel ?? "general");
  return prefixed(config, `notifications:${place}`);
}
