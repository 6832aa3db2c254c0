/**
 * What json-schema-to-typescript prints of common shapes, by their JSON. It is empty here, so that all are printed; the
 * built package has those of M-ERP's catalogue. Most other catalogues need no more, and do not load the library.
 */
export const knownShapes: ReadonlyMap<string, string> = new Map();
