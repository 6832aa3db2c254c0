import type { Form } from "../manifest.js";
import { type Changes, compareOutput, OutputRefusedError, writeOutput } from "../write.js";
import { type Bundle, BundleRefusedError } from "./bundle.js";

/** A schema that is bundled has no place for a mark, so the manifest alone says which files are merp's. */
const bundledSchemas: Form = { name: "bundle", paths: /^[^/]+\/[^/]+\.json$/, isOwn: () => true };

/**
 * Writes bundled schemas, a file each.
 *
 * @throws {BundleRefusedError} if the folder cannot hold them
 * @throws {OutputTakenError} if other files are where these go. In both cases nothing was written
 */
export function writeBundles(folder: string, schemasFolder: string, bundles: readonly Bundle[]): Changes {
  const files = new Map(bundles.map(({ path, schema }) => [`${path}.json`, `${JSON.stringify(schema, null, 2)}\n`]));
  const place = { folder, schemasFolder, form: bundledSchemas };
  try {
    const changes = compareOutput(place, files);
    writeOutput(place, changes);
    return changes;
  } catch (error) {
    if (!(error instanceof OutputRefusedError)) throw error;
    throw new BundleRefusedError(`the folder of the schemas ${error.message}`);
  }
}
