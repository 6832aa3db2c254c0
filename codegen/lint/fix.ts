import { applyEdits, findNodeAtLocation, type Node, parseTree, type Edit as TextEdit } from "jsonc-parser";
import type { Path } from "../schema/pointer.js";
import type { Edit } from "./finding.js";

/** The text of a schema file after edits of it. All else stays as it is, white space included. */
export function edited(text: string, edits: readonly Edit[]): string {
  // One by one: each edit moves what is behind it, and two may concern the same object.
  return edits.reduce((before, edit) => {
    const root = parseTree(before);
    const change = root && (edit.does === "add" ? addition(before, root, edit) : removal(root, edit.path));
    return change === undefined ? before : applyEdits(before, [change]);
  }, text);
}

function addition(
  text: string,
  root: Node,
  { path, keyword, value }: Extract<Edit, { readonly does: "add" }>,
): TextEdit | undefined {
  const object = nodeAt(root, path);
  if (object?.type !== "object") return undefined;
  const property = `${JSON.stringify(keyword)}: ${JSON.stringify(value)}`;
  const members = object.children ?? [];
  const other = members.find(({ children = [] }) => children[0]?.value === keyword);
  if (other !== undefined) return { offset: other.offset, length: other.length, content: property };
  const [first] = members;
  if (first === undefined) return { offset: object.offset, length: object.length, content: `{ ${property} }` };
  // Before the description, which is read last.
  const follower = members.find(({ children = [] }) => children[0]?.value === "description");
  const neighbour = follower ?? (members.at(-1) as Node);
  // What is written without white space stays so.
  const before = text.slice(0, neighbour.offset);
  const gap = before.slice(before.trimEnd().length);
  const added = gap === "" ? property.replace(": ", ":") : property;
  if (follower !== undefined) return { offset: follower.offset, length: 0, content: `${added},${gap}` };
  return { offset: neighbour.offset + neighbour.length, length: 0, content: `,${gap}${added}` };
}

/** Removes a member, and the object that holds it if that is left empty. */
function removal(root: Node, path: Path, isOuter = false): TextEdit | undefined {
  const property = nodeAt(root, path)?.parent;
  const members = property?.parent?.children ?? [];
  if (property === undefined || members.length === 0) return undefined;
  if (members.length === 1 && !isOuter) return removal(root, path.slice(0, -1), true);
  const at = members.indexOf(property);
  const [before, after] = [members[at - 1], members[at + 1]];
  if (before !== undefined) return between(before.offset + before.length, property.offset + property.length);
  if (after !== undefined) return between(property.offset, after.offset);
  return between(property.offset, property.offset + property.length);
}

function between(from: number, to: number): TextEdit {
  return { offset: from, length: to - from, content: "" };
}

/** A key of a list is its index. */
function nodeAt(root: Node, path: Path): Node | undefined {
  let node: Node | undefined = root;
  for (const key of path) node = node && findNodeAtLocation(node, [node.type === "array" ? Number(key) : key]);
  return node;
}
