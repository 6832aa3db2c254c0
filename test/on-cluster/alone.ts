import { beforeEach } from "vitest";

/** Sentences about one Redis that no cluster can stand for, and why. */
const ALONE: readonly (readonly [sentence: RegExp, reason: string])[] = [
  [
    /because the master became a replica, makes its connection look for the new master$/,
    "a replica in a cluster does not refuse what it is sent: it names its master",
  ],
  [/because AUTH and HELLO are renamed$/, "it puts another Redis at the address of the first"],
  [/asks in as many round trips whatever there is/, "it gives a client of its own, which is one of one Redis"],
  [/^a key is not retired as long as replicas may have people's keys/, "it makes a replica of one Redis"],
  [/Redis has (?:no place for their connections|too many clients)$/, "it fills the places of one Redis"],
];

function nameOf(task: { readonly name: string; readonly suite?: object | undefined }): string {
  const { suite } = task as { suite?: { name: string } };
  return suite === undefined ? task.name : `${nameOf(suite)} ${task.name}`;
}

beforeEach(({ task, skip }) => {
  const [, reason] = ALONE.find(([sentence]) => sentence.test(nameOf(task))) ?? [];
  if (reason !== undefined) skip(reason);
});
