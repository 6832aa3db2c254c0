/** Set by the soak: the same tests, longer. */
export const soaking = process.env["SOAK"] !== undefined;

/** A count or a duration: this much in every run, that much in a soak. */
export function scaled(short: number, long: number): number {
  return soaking ? long : short;
}
