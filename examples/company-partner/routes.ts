import { type Partner, type Publisher, publishCurrencyRateUpdated, publishPartnerCreated } from "@m-erp/messaging";
import type { FastifyInstance } from "fastify";
import { callerOf } from "../service.js";
import { Ledger } from "./ledger.js";

const partner = {
  type: "object",
  properties: { name: { type: "string", minLength: 1 }, email: { type: "string", format: "email" } },
  required: ["name"],
  additionalProperties: false,
};
const rate = {
  type: "object",
  properties: { rate: { type: "number", exclusiveMinimum: 0 } },
  required: ["rate"],
  additionalProperties: false,
};
const code = { type: "object", properties: { code: { type: "string", pattern: "^[A-Z]{3}$" } } };

/** Routes for a company's partners, and for the rates that all companies share. */
export function companyPartnerRoutes(app: FastifyInstance, messaging: Publisher): void {
  const ledger = new Ledger();

  app.get("/partners", (request) => ledger.partnersOf(callerOf(request).company_id));

  app.post<{ Body: Pick<Partner, "name" | "email"> }>(
    "/partners",
    { schema: { body: partner } },
    async (request, reply) => {
      const caller = callerOf(request);
      const { company_id } = caller;
      if (company_id === undefined) return reply.code(403).send({ error: "You belong to no company." });
      const added = ledger.add({ ...request.body, company_id });
      await publishPartnerCreated(messaging, { ...caller, entity_id: added.id, after_data: added });
      return reply.code(201).send(added);
    },
  );

  app.get("/rates", () => ledger.rates());

  app.put<{ Body: { rate: number }; Params: { code: string } }>(
    "/rates/:code",
    { schema: { body: rate, params: code } },
    async (request) => {
      const { before, after } = ledger.setRate(request.params.code, request.body.rate);
      await publishCurrencyRateUpdated(messaging, {
        ...callerOf(request),
        entity_id: request.params.code,
        ...(before === undefined ? {} : { before_data: before }),
        after_data: after,
        changes: { rate: after.rate },
      });
      return after;
    },
  );
}
