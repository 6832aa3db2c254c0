import type { Content } from "../../contract/html.js";
import type { SharedSnapshot } from "../shared-snapshot.js";
import type { DashboardSource } from "../source/source.js";

/** What a page is made for. */
export interface Asked {
  /** The path under which the dashboard is mounted, without a slash at its end. */
  readonly root: string;
  readonly params: URLSearchParams;
  readonly source: DashboardSource;
  readonly shared: SharedSnapshot;
  /** Whether anything can be changed. */
  readonly mayAct: boolean;
}

/** The part of a page that is read anew while somebody looks. */
export interface View {
  readonly title: string;
  readonly main: Content;
  /** Something that is wrong, for the tab of the browser and for screen readers: a count and a sentence. */
  readonly verdict?: { readonly faults: number; readonly text: string };
  /** It takes long to make or does not change, so it is read anew only when it is asked for. */
  readonly isStill?: boolean;
  /** @defaultValue 200 */
  readonly status?: number;
}

/** Makes one page. */
export type MakeView = (asked: Asked) => Promise<View>;

/** The address of a page. What is `undefined` or empty is left out. */
export function addressOf(
  root: string,
  page: string,
  params: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const query = new URLSearchParams(given).toString();
  return `${root}/${page}${query === "" ? "" : `?${query}`}`;
}

/** A parameter that is given and not empty. */
export function given({ params }: Asked, name: string): string | undefined {
  return params.get(name)?.trim() || undefined;
}
