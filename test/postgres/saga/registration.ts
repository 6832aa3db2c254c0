import {
  createCompany,
  createPartner,
  createUser,
  deleteCompany,
  deleteUser,
  userDeleted,
  userLoggedIn,
  userUpdated,
} from "../../../generated/index.js";
import { defineSaga, type Saga } from "../../../runtime/saga/index.js";

export interface Registration {
  email: string;
  user_id?: number;
  company_id?: number;
  partner_id?: number;
  logins?: number;
  reminded?: boolean;
}

const text = { type: "string" };
const number = { type: "integer" };

/** Creates a user, a company and a partner, and undoes it all when one of them is refused. */
export const registration: Saga<Registration> = defineSaga<Registration>(
  {
    name: "registration",
    version: 2,
    state: {
      type: "object",
      properties: {
        email: { ...text, format: "email", sensitive: true },
        ...{ user_id: number, company_id: number, partner_id: number, logins: number, reminded: { type: "boolean" } },
      },
      required: ["email"],
    },
    migrate: (old) => ({ email: (old as { mail: string }).mail }),
  },
  (saga) => {
    saga.beginsOn(userUpdated, ({ entity_id, metadata, after_data }) =>
      metadata?.["registers"] === true ? { id: entity_id, state: { email: String(after_data?.email) } } : undefined,
    );

    saga.begins(({ email }, step) => {
      step.ask(createUser, { email }, { maxRetries: 1 });
      step.after("remind", { seconds: 3600 });
    });

    saga.answered(createUser, (state, { user_id }, step) => {
      state.user_id = user_id;
      step.undo(deleteUser, { user_id }, { maxRetries: 0 });
      step.ask(createCompany, { name: "Ada Ltd" });
    });

    saga.answered(createCompany, (state, { company_id }, step) => {
      state.company_id = company_id;
      step.undo(deleteCompany, { company_id });
      step.ask(createPartner, { company_id, name: state.email }, { maxRetries: 0 });
    });

    saga.answered(createPartner, (state, { partner_id }, step) => {
      state.partner_id = partner_id;
      step.done();
    });

    saga.on(userLoggedIn, "entity_id", (state) => {
      state.logins = (state.logins ?? 0) + 1;
    });

    saga.on(userDeleted, "entity_id", (_state, _event, step) => step.fail("the user was deleted"), {
      missing: "retry",
    });

    saga.timeout("remind", (state) => {
      state.reminded = true;
    });
  },
);
