import { z } from "zod";

const address = z.object({ street: z.string().min(1), zip: z.string().regex(/^\d{5}$/) }).meta({ id: "Address" });

export const OrderPlaced = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    email: z.email(),
    total: z.number().positive(),
    quantity: z.int(),
    to: address,
    note: z.string().nullable().optional(),
    tags: z.array(z.string()).default([]),
    position: z.tuple([z.string(), z.number()]),
    rates: z.record(z.string(), z.number()),
  })
  .describe("A customer placed an order.");

export const orderCancelledSchema = z.discriminatedUnion("by", [
  z.object({ by: z.literal("customer"), reason: z.string() }),
  z.object({ by: z.literal("shop"), from: address }),
]);

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}

export const TreeGrown: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(TreeGrown);
  },
});

export const Dated = z.object({ when: z.date() });

export const notASchema = 3;
