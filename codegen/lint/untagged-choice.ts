import type { Found } from "./finding.js";
import { ofSameValue, type Site, typesIn } from "./site.js";
import type { Survey } from "./survey.js";

/** Finds choices between objects that no property tells apart. */
export function findUntaggedChoices(sites: readonly Site[], survey: Survey): readonly Found[] {
  const sentence =
    'no property tells which form an object has; require one in each form, with a "const" that differs: "kind": { "const": "card" }';
  return sites.flatMap((site) =>
    (["oneOf", "anyOf"] as const).flatMap((keyword): readonly Found[] => {
      const forms = formsOf(site, keyword, survey).filter(isObjectForm);
      if (forms.length < 2 || isTagged(forms, namesRequiredAround(site, survey))) return [];
      return [{ site, way: [keyword], at: "key", sentence }];
    }),
  );
}

/** What applies to a value of a form. */
type Form = readonly Site[];

/** The forms that are written. */
function formsOf(site: Site, keyword: "oneOf" | "anyOf", survey: Survey): readonly Form[] {
  return survey
    .childrenOf(site, keyword)
    .filter(({ schema }) => schema.tolerated !== true)
    .map((form) => survey.layersOf(form));
}

function isObjectForm(form: Form): boolean {
  return form.some(({ schema }) => schema.properties !== undefined || typesIn(schema).includes("object"));
}

function isTagged(forms: readonly Form[], around: ReadonlySet<string>): boolean {
  const names = new Set(forms[0]?.flatMap(({ schema }) => Object.keys(schema.properties ?? {})));
  return [...names].some((name) => {
    const required = (form: Form): boolean =>
      around.has(name) || form.some(({ schema }) => schema.required?.includes(name) === true);
    const values = forms.map((form) => valuesOf(form, name));
    return forms.every(required) && values.every((known) => known !== undefined) && areApart(values.flat());
  });
}

/** The values that a property may have; `undefined` if they are not listed. */
function valuesOf(form: Form, name: string): readonly unknown[] | undefined {
  const listed = form.flatMap(({ schema }) => {
    const property = schema.properties?.[name];
    if (property?.const !== undefined) return [[property.const]];
    return property?.enum === undefined ? [] : [property.enum];
  });
  return listed[0];
}

function areApart(values: readonly unknown[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size === values.length;
}

function namesRequiredAround(site: Site, survey: Survey): ReadonlySet<string> {
  return new Set(
    [...ofSameValue(site)].flatMap((at) => survey.layersOf(at)).flatMap(({ schema: { required = [] } }) => required),
  );
}
