import fc from "fast-check";
import { expect, it } from "vitest";
import { componentsOf } from "../../../codegen/model/component.js";
import { runs } from "../../support/runs.js";

type Graph = Readonly<Record<string, readonly string[]>>;

const nodes = ["a", "b", "c", "d", "e"] as const;
const graph = fc.record(
  Object.fromEntries(nodes.map((node) => [node, fc.uniqueArray(fc.constantFrom(...nodes), { maxLength: 2 })])),
) as fc.Arbitrary<Graph>;

/** Returns whether one node leads to the other. */
function leadsTo(edges: Graph, from: string, to: string): boolean {
  const found = new Set(edges[from]);
  for (const node of found) for (const next of edges[node] ?? []) found.add(next);
  return found.has(to);
}

it("two nodes are in one component if and only if each leads to the other", () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const components = componentsOf(nodes, (node) => (edges[node] ?? []) as typeof nodes);
      for (const one of nodes) {
        for (const other of nodes) {
          const isCircle = one === other || (leadsTo(edges, one, other) && leadsTo(edges, other, one));
          expect([one, other, components.get(one) === components.get(other)]).toEqual([one, other, isCircle]);
        }
      }
    }),
    runs(200),
  );
});

it("a way may be longer than the stack", () => {
  const length = 100_000;
  const components = componentsOf([0], (node) => [(node + 1) % length]);
  expect(components.size).toBe(length);
  expect(new Set(components.values()).size).toBe(1);
});
