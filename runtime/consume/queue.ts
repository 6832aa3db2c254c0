/** A first-in, first-out list. To remove its first item moves no other. */
export class Queue<Item extends object> {
  /** Those before the head are removed. */
  #items: (Item | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    // What it holds must not live on until the list is made anew.
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length || this.#head > 1000) this.replace(this.values());
    return item;
  }

  /** Puts an item into its place among items that are in order. */
  insert(item: Item, isBefore: (one: Item, other: Item) => boolean): void {
    let [from, to] = [this.#head, this.#items.length];
    // Most come last.
    for (let at = to - 1; from < to; at = (from + to) >> 1) {
      if (isBefore(item, this.#items[at] as Item)) to = at;
      else from = at + 1;
    }
    if (from === this.#head && from > 0) this.#items[--this.#head] = item;
    else this.#items.splice(from, 0, item);
  }

  /** The items, or as many as asked for of the first. */
  values(most: number = this.length): Item[] {
    return this.#items.slice(this.#head, this.#head + most) as Item[];
  }

  replace(items: Item[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
