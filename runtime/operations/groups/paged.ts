export const PAGE = 500;

/**
 * The sum over the pages of what a script looks through.
 * @param page - where it goes on, `0` at first and at the end
 */
export async function paged(
  page: (from: string) => Promise<readonly [cursor: string, count: number]>,
): Promise<number> {
  let sum = 0;
  for (let from = "0"; ; ) {
    const [next, count] = await page(from);
    sum += count;
    if (next === "0") return sum;
    from = next;
  }
}
