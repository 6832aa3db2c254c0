interface Visit<Node> {
  readonly node: Node;
  readonly rest: Iterator<Node>;
}

/**
 * The strongly connected components of a graph, by Tarjan's algorithm: two nodes have the same number if and only if each
 * leads to the other. It keeps a stack of its own, since a way may be longer than the stack of JavaScript.
 */
export function componentsOf<Node>(
  nodes: Iterable<Node>,
  next: (node: Node) => Iterable<Node>,
): ReadonlyMap<Node, number> {
  const components = new Map<Node, number>();
  const numbers = new Map<Node, number>();
  /** The lowest number that a node leads back to. */
  const lowest = new Map<Node, number>();
  const open: Node[] = [];
  const visits: Visit<Node>[] = [];
  const enter = (node: Node): void => {
    numbers.set(node, numbers.size);
    lowest.set(node, numbers.size - 1);
    open.push(node);
    visits.push({ node, rest: next(node)[Symbol.iterator]() });
  };
  const lower = (node: Node, number: number): void => {
    lowest.set(node, Math.min(lowest.get(node) ?? number, number));
  };
  const leave = (node: Node): void => {
    visits.pop();
    const number = lowest.get(node) ?? 0;
    const before = visits.at(-1);
    if (before !== undefined) lower(before.node, number);
    if (number !== numbers.get(node)) return;
    for (let closed = open.pop(); closed !== undefined; closed = closed === node ? undefined : open.pop()) {
      components.set(closed, number);
    }
  };
  for (const start of nodes) {
    if (!numbers.has(start)) enter(start);
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const { value, done } = visit.rest.next();
      if (done === true) leave(visit.node);
      else if (!numbers.has(value)) enter(value);
      else if (!components.has(value)) lower(visit.node, numbers.get(value) ?? 0);
    }
  }
  return components;
}
