import { styleText } from "node:util";

type Colour = "green" | "yellow" | "red" | "cyan" | "dim" | "bold";
type Stream = Pick<NodeJS.WriteStream, "isTTY">;

/** Colours a text for the stream to which it goes: only for a terminal, unless the environment says otherwise. */
export function paint(colour: Colour, text: string, stream: Stream = process.stdout): string {
  return isColoured(stream) ? styleText(colour, text, { validateStream: false }) : text;
}

function isColoured(stream: Stream): boolean {
  const { NO_COLOR: never = "", FORCE_COLOR: always = "", TERM: terminal } = process.env;
  if (never !== "") return false;
  if (always !== "") return always !== "0";
  return stream.isTTY === true && terminal !== "dumb";
}
