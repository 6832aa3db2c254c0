import type { Found } from "./finding.js";
import { around, type Site, typesIn, wholeOf } from "./site.js";
import type { Survey } from "./survey.js";
import { wordsOf } from "./words.js";

/** What the last words of a name say that the value is. */
const PERSONAL = new RegExp(
  `(^|_)(${[
    ...["e_?mail", "e_?mail_address", "phone", "tele_?phone", "phone_number", "mobile", "mobile_number", "fax"],
    ...["password", "passwd", "passphrase", "secret", "token", "credential", "api_key", "private_key", "session_id"],
    ...["iban", "account_number", "card_number", "cvv", "cvc", "tax_id", "tax_number", "ssn", "passport_number"],
    ...["social_security_number", "national_id", "birth_?date", "birth_?day", "date_of_birth"],
    ...["first_?name", "last_?name", "given_?name", "family_?name", "maiden_?name", "full_?name", "surname"],
    ...["user_?name", "address", "street"],
  ].join("|")})s?\\d*$`,
);

/** Finds personal data and secrets that would be shown in error texts and logs. */
export function findPersonalData(sites: readonly Site[], survey: Survey): readonly Found[] {
  const found = new Set<Site>();
  for (const site of sites) {
    const whole = wholeOf(site);
    const isNamedSo = site.via[0] === "properties" && PERSONAL.test(wordsOf(site.via[1] ?? "").join("_"));
    if (!isNamedSo && site.schema.format !== "email") continue;
    if (mayBePersonal(whole, survey) && !isMarked(whole, survey)) found.add(whole);
  }
  const sentence = 'is shown in error texts and logs; give it "sensitive": true';
  return [...found].map((site) => {
    const edit = { does: "add", path: site.path, keyword: "sensitive", value: true } as const;
    return { site, sentence: `${described(site)} ${sentence}`, edit, ...(site.path.length > 0 && { at: "key" }) };
  });
}

function described({ via: [keyword, name = ""] }: Site): string {
  return keyword === "properties" || keyword === "$defs" ? `"${name}" looks like personal data or a secret: it` : "it";
}

/** A flag, an amount and a number of things say nothing of a person, whatever they are called. */
function mayBePersonal(site: Site, survey: Survey): boolean {
  const schemas = survey.formsOf(site).map(({ schema }) => schema);
  const types = schemas.flatMap(typesIn).filter((type) => type !== "null");
  const amounts = /s\d*$/.test(site.via[1] ?? "") ? ["boolean", "number", "integer"] : ["boolean", "number"];
  const isConstant = schemas.some((schema) => schema.const !== undefined);
  return !isConstant && (types.length === 0 || types.some((type) => !amounts.includes(type)));
}

/** Whether it is marked, or what it is within, or what it refers to, or a part of it. */
function isMarked(site: Site, survey: Survey): boolean {
  return survey.isMarked(site) || [...around(site)].some(({ schema }) => schema.sensitive === true);
}
