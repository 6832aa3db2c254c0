import { randomUUID } from "node:crypto";
import type { Config } from "../config/config.js";
import { companyFields, companyOf, companyPathOf } from "../contract/company.js";
import type { Contract } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { presentInstant } from "../contract/instant.js";
import { ContractError } from "../errors.js";
import { currentCorrelation, inheritMetadata } from "../messaging/correlation.js";
import type { PublishOptions } from "../messaging/messaging.js";

type Message = Record<string, unknown>;

/**
 * The whole message: what its publisher gave, with what the runtime fills in where the contract declares it, and what
 * flows on from the message that is being handled.
 *
 * @throws {ContractError} where every message must belong to a company and this one does not
 */
export function complete(
  config: Pick<Config, "service" | "tenancy">,
  descriptor: Descriptor,
  contract: Contract,
  given: Message,
  options: PublishOptions,
): Message {
  const { kind, type } = descriptor;
  if (kind === "health") return contract.compose(given, { service_name: config.service, timestamp: presentInstant() });
  const correlation = currentCorrelation();
  const filled: Message = {
    id: options.id ?? randomUUID(),
    timestamp: presentInstant(),
    source_service: config.service,
    correlation_id: options.correlationId ?? correlation?.correlationId,
  };
  // A caller without types may give anything: the contract says what is wrong with it.
  const own = (given as Message | null | undefined)?.["metadata"] as Message | undefined;
  let metadata = own;
  if (correlation !== undefined && contract.hasOpenMetadata) metadata = inheritMetadata(metadata, correlation);
  if (config.tenancy === "required" && options.withoutCompany !== true) {
    const company = companyOf(kind, { ...given, metadata }) ?? correlation?.companyId;
    if (company === undefined) {
      const message =
        'is required, because tenancy is "required"; what belongs to no company says { withoutCompany: true }';
      throw new ContractError(type, [{ path: companyPathOf(kind), message }]);
    }
    const field = companyFields[kind];
    // A notification to one user stays on that user's channel; its company is written beside it.
    if (field !== undefined) filled[field] = company;
    else metadata = { company_id: company, ...metadata };
  }
  return contract.compose(metadata === own ? given : { ...given, metadata }, filled);
}
