import { type Place, printable } from "../index.js";

/** What an annotation of GitHub Actions says. */
export interface Annotation {
  readonly level: "notice" | "warning" | "error";
  /** The place, if it is in a file of the checkout. */
  readonly place: Place | undefined;
  readonly title: string;
  readonly lines: readonly string[];
}

/** An annotation as a line of the log. */
export function formatAnnotation({ level, place, title, lines }: Annotation): string {
  const where =
    place === undefined ? [] : [`file=${property(place.file)}`, `line=${place.line}`, `col=${place.column}`];
  return `::${level} ${[...where, `title=${property(title)}`].join(",")}::${lines.map(value).join("%0A")}`;
}

/** Text of a schema must not end the line, nor begin another command. */
function value(text: string): string {
  return printable(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return value(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
