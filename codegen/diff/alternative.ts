import type { Schema } from "../schema/schema.js";

type Layers = readonly Schema[];

const ofType = new Map<string, Schema>();

function typeLayer(type: string): Schema {
  const layer = ofType.get(type) ?? { type };
  ofType.set(type, layer);
  return layer;
}

const known = new WeakMap<Schema, readonly Layers[] | undefined>();

/**
 * The layers in each way in which the first choice, condition or list of types can be decided. Each value of the layers
 * has at least one of them. `undefined` if nothing is left to decide.
 */
export function alternativesOf(layers: Layers, types: readonly string[]): readonly Layers[] | undefined {
  for (const [at, layer] of layers.entries()) {
    const ways = waysOf(layer);
    if (ways === undefined) continue;
    const others = layers.toSpliced(at, 1);
    return ways.map((way) => [...others, ...way]);
  }
  return types.length > 1 ? types.map((type) => [...layers, typeLayer(type)]) : undefined;
}

function waysOf(layer: Schema): readonly Layers[] | undefined {
  if (!known.has(layer)) known.set(layer, decide(layer));
  return known.get(layer);
}

function decide(layer: Schema): readonly Layers[] | undefined {
  if (layer.anyOf !== undefined) {
    const { anyOf, ...rest } = layer;
    return anyOf.map((form) => [rest, form]);
  }
  if (layer.oneOf !== undefined) {
    const { oneOf, ...rest } = layer;
    return oneOf.map((form, at) => [rest, form, ...oneOf.toSpliced(at, 1).map((not) => ({ not }))]);
  }
  if (layer["if"] !== undefined) {
    const { if: test, then, else: otherwise, ...rest } = layer;
    return [
      [rest, test as Schema, (then ?? {}) as Schema],
      [rest, { not: test }, (otherwise ?? {}) as Schema],
    ];
  }
  const [[trigger, dependent] = [], ...more] = Object.entries(
    (layer["dependentSchemas"] ?? {}) as Record<string, Schema>,
  );
  if (trigger === undefined || dependent === undefined) return undefined;
  const { dependentSchemas: _, ...rest } = layer;
  const left = more.length === 0 ? rest : { ...rest, dependentSchemas: Object.fromEntries(more) };
  return [
    [left, { type: "object", required: [trigger] }, dependent],
    [left, { properties: { [trigger]: { not: {} } } }],
  ];
}
