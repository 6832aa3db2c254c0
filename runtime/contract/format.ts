import { isInstant, isTolerantInstant } from "./instant.js";

export type FormatCheck = (text: string) => boolean;

const EMAIL =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const HOSTNAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const URI = /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]*$/i;
const STRAY_PERCENT = /%(?![0-9a-f]{2})/i;
const TIME = /^\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

// Not those of node:net: a browser has none, and descriptors are of use there.
const IPV4 = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
const LONGEST_IPV6 = 45;
const IPV6_GROUP = /^[\da-f]{1,4}$/i;

const HEX = 1;
const DASH = 2;
const classes = new Uint8Array(128);
for (const digit of "0123456789abcdefABCDEF") classes[digit.charCodeAt(0)] = HEX;
classes["-".charCodeAt(0)] = DASH;
const UUID = Array.from("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", (letter) => (letter === "-" ? DASH : HEX));

/** Accepts UUIDs of any version. Every message has one or two: this takes half as long as a regular expression. */
export function isUuid(text: string): boolean {
  if (text.length !== UUID.length) return false;
  for (let at = 0; at < UUID.length; at++) if (classes[text.charCodeAt(at)] !== UUID[at]) return false;
  return true;
}

/** Eight groups, of which `::` stands for at least one, and an IPv4 address at the end for two. */
function isIpv6(text: string): boolean {
  if (text.length > LONGEST_IPV6) return false;
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return false;
  const groups = [head, tail ?? ""].flatMap((part) => (part === "" ? [] : part.split(":")));
  const last = groups.at(-1) ?? "";
  const isMixed = last.includes(".") && text.endsWith(last);
  const plain = isMixed ? groups.slice(0, -1) : groups;
  const count = plain.length + (isMixed ? 2 : 0);
  const isComplete = tail === undefined ? count === 8 : count < 8;
  return isComplete && plain.every((group) => IPV6_GROUP.test(group)) && (!isMixed || IPV4.test(last));
}

/** The formats that a schema may name, with the checks of the strict writer. */
export const formats: Readonly<Record<string, FormatCheck>> = {
  "date-time": isInstant,
  date: (text) => isInstant(`${text}T00:00:00Z`),
  time: (text) => TIME.test(text) && isInstant(`2000-01-01T${text}`),
  email: (text) => EMAIL.test(text),
  hostname: (text) => HOSTNAME.test(text),
  ipv4: (text) => IPV4.test(text),
  ipv6: isIpv6,
  uri: (text) => URI.test(text) && !STRAY_PERCENT.test(text),
  uuid: isUuid,
};

/** The same formats with the checks of the tolerant reader. */
export const tolerantFormats: Readonly<Record<string, FormatCheck>> = { ...formats, "date-time": isTolerantInstant };

/** Nouns for the formats, to complete `must be …`. */
export const formatNouns: Readonly<Record<string, string>> = {
  "date-time": 'an instant such as "2026-11-23T10:30:00Z"',
  date: 'a date such as "2026-11-23"',
  time: 'a time such as "10:30:00Z"',
  email: "an email address",
  hostname: "a host name",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  uri: 'a URI such as "https://example.com/a"',
  uuid: "a UUID",
};
