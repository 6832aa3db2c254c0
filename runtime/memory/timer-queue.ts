/** A timer that is set. */
export interface Due {
  readonly at: number;
  /** Of two timers of one moment the one that was set first comes first. */
  readonly order: number;
  readonly call: () => void;
  isCancelled: boolean;
}

/** Timers by the moment at which they are due: a binary heap. Cancelled ones leave it when they come to its head. */
export class TimerQueue {
  readonly #heap: Due[] = [];

  push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = heap[(at - 1) >> 1] as Due;
      if (!isEarlier(due, parent)) break;
      heap[at] = parent;
    }
    heap[at] = due;
  }

  /** The timer that is due next. */
  first(): Due | undefined {
    while (this.#heap[0]?.isCancelled === true) this.shift();
    return this.#heap[0];
  }

  shift(): Due | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isEarlier(heap[right] as Due, heap[left] as Due) ? right : left;
      if (!isEarlier(heap[child] as Due, last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isEarlier(one: Due, other: Due): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
