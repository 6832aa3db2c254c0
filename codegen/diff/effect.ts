import type { Descriptor, Encoding } from "../../runtime/contract/descriptor.js";
import type { Witness } from "./search.js";

/** Who is hurt: services that run the old version and read what the new one writes, or the other way round. */
export type Reader = "old" | "new";

/** What readers of one version do with messages of the other. */
export interface Effect {
  readonly reader: Reader;
  /** `refuses` and `loses` were seen with the witness; `unproved` means that neither a witness nor a proof was found. */
  readonly kind: "refuses" | "loses" | "unproved";
  readonly witness: Witness | undefined;
}

/** One version of a message. */
export interface Version {
  readonly descriptor: Descriptor;
  /** The encoding of its catalogue. */
  readonly encoding: Encoding;
}
