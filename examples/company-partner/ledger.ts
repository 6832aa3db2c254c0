import type { Partner, Rate } from "@m-erp/messaging";

type KnownPartner = Partner & { readonly id: number; readonly company_id: number };

/** Partners and currency rates, in memory. */
export class Ledger {
  readonly #partners: KnownPartner[] = [];
  readonly #rates = new Map<string, Rate>();

  add(partner: Omit<KnownPartner, "id">): KnownPartner {
    const added = { id: this.#partners.length + 1, ...partner, created_at: new Date().toISOString() };
    this.#partners.push(added);
    return added;
  }

  partnersOf(company: number | undefined): readonly KnownPartner[] {
    return this.#partners.filter(({ company_id }) => company_id === company);
  }

  setRate(code: string, rate: number): { readonly before: Rate | undefined; readonly after: Rate } {
    const before = this.#rates.get(code);
    const after = { rate, base_currency: "EUR", source: "manual", updated_at: new Date().toISOString() };
    this.#rates.set(code, after);
    return { before, after };
  }

  rates(): Readonly<Record<string, Rate>> {
    return Object.fromEntries(this.#rates);
  }
}
