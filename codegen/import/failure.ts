/** Nothing can be imported: what was asked for cannot be read, or holds nothing. Nothing was written. */
export class ImportRefusedError extends Error {
  override readonly name = "ImportRefusedError";
  readonly code = "IMPORT_REFUSED";
}
