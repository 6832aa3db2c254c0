import { beforeEach } from "vitest";

/** Sentences about one Redis that no cluster can stand for, and why. */
const ALONE: readonly (readonly [sentence: RegExp, reason: string])[] = [
  [
    /a Redis that becomes a replica refuses to publish/,
    "a node of a cluster is not told by REPLICAOF whose replica it is",
  ],
  [/Redis has no place for their connections$/, "it fills the places of one Redis"],
  [/messages stay secret when Redis is busy or full$/, "it ends a script that one Redis is busy with"],
  [/stay secret when the link is cut under way$/, "it cuts the link to one Redis after so many bytes"],
];

function nameOf(task: { readonly name: string; readonly suite?: object | undefined }): string {
  const { suite } = task as { suite?: { name: string } };
  return suite === undefined ? task.name : `${nameOf(suite)} ${task.name}`;
}

beforeEach(({ task, skip }) => {
  const [, reason] = ALONE.find(([sentence]) => sentence.test(nameOf(task))) ?? [];
  if (reason !== undefined) skip(reason);
});
