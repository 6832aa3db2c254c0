/** A package cannot be made as it was asked for. Nothing was written. */
export class PackageRefusedError extends Error {
  override readonly name = "PackageRefusedError";
  readonly code = "PACKAGE_REFUSED";
}
