import { createCompany, createPartner, createUser, deleteCompany, deleteUser } from "@m-erp/messaging";
import { defineSaga, type Saga } from "@m-erp/messaging/saga";

/** What is known of a registration so far. */
export interface Registration {
  readonly email: string;
  readonly company: string;
  user_id?: number;
  company_id?: number;
  partner_id?: number;
}

const id = { type: "integer", minimum: 1 };

/** A user registers with a company, which becomes a partner of ours: all three, or none of them. */
export const registration: Saga<Registration> = defineSaga<Registration>(
  {
    name: "registration",
    version: 1,
    state: {
      type: "object",
      properties: {
        email: { type: "string", format: "email", sensitive: true },
        company: { type: "string", minLength: 1 },
        ...{ user_id: id, company_id: id, partner_id: id },
      },
      required: ["email", "company"],
    },
  },
  (saga) => {
    saga.begins(({ email }, step) => {
      step.ask(createUser, { email });
      step.after("nobody answers", { seconds: 3600 });
    });

    saga.answered(createUser, (state, { user_id }, step) => {
      state.user_id = user_id;
      step.undo(deleteUser, { user_id });
      step.ask(createCompany, { name: state.company });
    });

    saga.answered(createCompany, (state, { company_id }, step) => {
      state.company_id = company_id;
      step.undo(deleteCompany, { company_id });
      step.ask(createPartner, { company_id, name: state.company }, { targetService: "partner-service" });
    });

    saga.answered(createPartner, (state, { partner_id }, step) => {
      state.partner_id = partner_id;
      step.done();
    });

    saga.timeout("nobody answers", (_state, step) => step.fail("it took more than an hour"));
  },
);
