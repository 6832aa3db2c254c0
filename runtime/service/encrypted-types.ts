import { contractOf } from "../contract/contract.js";
import type { Catalogue, Descriptor } from "../contract/descriptor.js";
import { hasSubject } from "../contract/encrypt.js";
import type { Sealing } from "../contract/sealing.js";
import { EncryptionError } from "../errors.js";
import type { StreamRoutes } from "../handle/router.js";

const REMEDY =
  "pass extensions: [encryption({ keys })], or [withoutKeys()] in a service that neither publishes nor reads such values";

/** @throws {EncryptionError} if a catalogue has encrypted values, and the messaging says nothing of keys */
export function assertKeysFor({ messages }: Catalogue, sealing: Sealing | undefined): void {
  const encrypting = messages.filter(({ encrypts }) => encrypts === true);
  const [first] = encrypting;
  if (first === undefined) return;
  if (sealing === undefined) throw new EncryptionError("KEY_MISSING", `${first.type} has encrypted values: ${REMEDY}`);
  if (sealing.hasPeople || !sealing.hasKeys) return;
  const about = encrypting.find(({ schema }) => hasSubject(schema));
  if (about === undefined) return;
  const remedy = "pass encryption({ keys, people }) the store of people's keys";
  throw new EncryptionError("KEY_MISSING", `${about.type} has values with a "subject": ${remedy}`);
}

/** @throws {EncryptionError} if a handler would receive values that this service cannot read */
export function assertReadable(streams: readonly StreamRoutes[], sealing: Sealing | undefined): void {
  if (sealing?.hasKeys === true) return;
  for (const { byType } of streams) {
    for (const [type, [route]] of byType) {
      const descriptor = route && (route.upcast?.from ?? route.descriptor);
      if (descriptor === undefined || !encrypts(descriptor)) continue;
      const remedy = "pass extensions: [encryption({ keys })], or handle onlyFields(…) of it";
      throw new EncryptionError(
        "KEY_MISSING",
        `the handler of ${type} needs keys, and this service has none: ${remedy}`,
      );
    }
  }
}

function encrypts(descriptor: Descriptor): boolean {
  const { sealed, sealedResult } = contractOf(descriptor);
  return sealed !== undefined || sealedResult !== undefined;
}
