/** Says of an object that a publisher may use no name that neither its schema nor what applies beside it declares. */
export const CLOSED = "x-closed-for-publishers";

/**
 * Extensions for what AsyncAPI's schemas, which are of draft 07, have no keyword for: our annotations, and `contains` with
 * a number. `merp docs` writes them, and `merp import` reads them.
 */
export const extensions: Readonly<Record<string, string>> = {
  sensitive: "x-sensitive",
  tolerated: "x-tolerated",
  contains: "x-contains",
  minContains: "x-min-contains",
  maxContains: "x-max-contains",
};
