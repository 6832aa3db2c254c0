import { expect, it } from "vitest";
import { companyOf, companyPathOf } from "../../../runtime/contract/company.js";

it.each([
  ["event", { company_id: 7, target_company_id: 8 }, 7, "company_id"],
  ["notification", { company_id: 7, target_company_id: 8 }, 8, "target_company_id"],
  ["command", { company_id: 7, target_company_id: 8 }, undefined, "metadata.company_id"],
  ["health", { company_id: 7, target_company_id: 8 }, undefined, "metadata.company_id"],
] as const)(
  "the company of a message of the kind %s is in its own field, else in its metadata",
  (kind, fields, own, path) => {
    const metadata = { company_id: 9 };
    expect(companyOf(kind, fields)).toBe(own);
    expect(companyOf(kind, { ...fields, metadata })).toBe(own ?? 9);
    expect(companyOf(kind, { metadata })).toBe(9);
    expect(companyOf(kind, {})).toBeUndefined();
    expect(companyPathOf(kind)).toBe(path);
  },
);
