import { randomUUID } from "node:crypto";
import type { Config } from "../config/config.js";
import { companyFields, companyOf, companyPathOf } from "../contract/company.js";
import type { Contract } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { presentInstant } from "../contract/instant.js";
import { ContractError } from "../errors.js";
import { currentCorrelation, inheritMetadata } from "../messaging/correlation.js";
import type { PublishOptions } from "../messaging/publisher.js";

type Message = Record<string, unknown>;

/**
 * Makes a message whole: adds to what its publisher gave the fields that the runtime fills in, where the contract
 * declares them, and the correlation of the message that is being handled.
 *
 * @throws {ContractError} where every message must belong to a company and this one does not
 */
export function prepare(
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
  // A caller without types may give anything. The contract names what is wrong with it.
  const own = (given as Message | null | undefined)?.["metadata"] as Message | undefined;
  let metadata = own;
  if (correlation !== undefined && contract.hasOpenMetadata) metadata = inheritMetadata(metadata, correlation);
  if (config.tenancy === "required" && options.withoutCompany !== true) {
    const company = companyOf(kind, { ...given, metadata }) ?? correlation?.companyId;
    if (company === undefined) {
      const message =
        'is required, because tenancy is "required"; for a message that belongs to no company, pass { withoutCompany: true }';
      throw new ContractError(type, [{ path: companyPathOf(kind), message }]);
    }
    const field = companyFields[kind];
    // A notification to one user stays on that user's channel; its company is written beside it.
    if (field !== undefined) filled[field] = company;
    else metadata = { company_id: company, ...metadata };
  }
  return contract.compose(metadata === own ? given : { ...given, metadata }, filled);
}
