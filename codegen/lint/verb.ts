/** Verbs of messages, by what is regular about them: the participle ends in `-ed`. */
const REGULAR =
  "accept accrue acknowledge activate add adjust allocate amend answer apply approve archive ask assign attach authorize " +
  "bill block book calculate cancel capture change charge check claim clear close collect complete confirm connect " +
  "convert copy correct count create credit deactivate debit decline deduct delete deliver deny deploy deposit detach " +
  "disable discard disconnect dispatch dispute drop edit enable end enroll enter escalate execute expire export extend " +
  "fail fetch finish fix flag fulfill generate grant halt import increase index inform insert install invite invoice issue " +
  "join label launch list load lock log mark match merge migrate modify move notify offer open order pack park parse " +
  "pause perform pick place plan post prepare present print process promote provision publish purchase purge queue raise " +
  "reactivate receive reconcile record recover redeem refund register reject release remove rename renew repair replace " +
  "report request reserve resolve restart restock restore resume retire retry return review revoke roll schedule scan " +
  "score search select ship sign start stop store submit subscribe succeed suspend sync synchronize terminate track train " +
  "transfer trigger unblock unlock unsubscribe update upgrade upload use validate verify void";

/** Verbs whose participle is no rule's: `send`, `sent`. */
const IRREGULAR: Readonly<Record<string, string>> = {
  ...{
    arise: "arisen",
    awake: "awoken",
    bear: "borne",
    beat: "beaten",
    become: "become",
    begin: "begun",
    bend: "bent",
  },
  ...{ bid: "bid", bind: "bound", bleed: "bled", break: "broken", bring: "brought", build: "built", burn: "burnt" },
  ...{ buy: "bought", cast: "cast", catch: "caught", choose: "chosen", come: "come", cut: "cut", deal: "dealt" },
  ...{
    dig: "dug",
    do: "done",
    draw: "drawn",
    drive: "driven",
    eat: "eaten",
    fall: "fallen",
    feed: "fed",
    feel: "felt",
  },
  ...{ fight: "fought", find: "found", fly: "flown", forbid: "forbidden", forget: "forgotten", freeze: "frozen" },
  ...{ get: "got", give: "given", go: "gone", grow: "grown", hang: "hung", hear: "heard", hide: "hidden", hit: "hit" },
  ...{
    hold: "held",
    hurt: "hurt",
    keep: "kept",
    know: "known",
    lay: "laid",
    lead: "led",
    learn: "learnt",
    leave: "left",
  },
  ...{ lend: "lent", let: "let", lose: "lost", make: "made", mean: "meant", meet: "met", pay: "paid", put: "put" },
  ...{ quit: "quit", read: "read", ride: "ridden", ring: "rung", rise: "risen", run: "run", say: "said", see: "seen" },
  ...{ seek: "sought", sell: "sold", send: "sent", set: "set", shake: "shaken", shoot: "shot", show: "shown" },
  ...{ shrink: "shrunk", shut: "shut", sink: "sunk", sit: "sat", sleep: "slept", speak: "spoken", spend: "spent" },
  ...{
    spin: "spun",
    split: "split",
    spread: "spread",
    stand: "stood",
    steal: "stolen",
    stick: "stuck",
    strike: "struck",
  },
  ...{ swap: "swapped", sweep: "swept", swing: "swung", take: "taken", teach: "taught", tear: "torn", tell: "told" },
  ...{ think: "thought", throw: "thrown", understand: "understood", wake: "woken", wear: "worn", win: "won" },
  ...{ wind: "wound", write: "written" },
};

/** `re-`, `over-` and the like make another verb with the same forms: `overridden`, `rebuilt`, `withdrawn`. */
const PREFIX = /^(re|un|over|under|out|up|with|fore|mis|pre|off|on)(?=[a-z]{3})/;
/** They end in `-ed` and are no participles, or in `-ing` and no forms of a verb. */
const ED = /^(b|br|bl|f|sh|n|s|sp|w|d|r|st|h|gr|cr|br)(ed|eed)$|^(embed|exceed|proceed|succeed|hundred|sacred|naked)$/;
const ING = /^.{0,2}ing$|^(bring|string|spring|swing|sting|cling|fling|evening|morning|ceiling)$/;

const participles: ReadonlyMap<string, string> = new Map([
  ...REGULAR.split(" ").map((verb) => [verb, regularParticiple(verb)] as const),
  ...Object.entries(IRREGULAR),
]);
const verbs: ReadonlyMap<string, string> = new Map([...participles].map(([verb, participle]) => [participle, verb]));

/** Returns whether a word is a past participle: it ends in `-ed`, or is one of the common irregular ones. */
export function isParticiple(word: string): boolean {
  const stem = word.replace(PREFIX, "");
  return (/[a-z]{2}ed$/.test(word) && !ED.test(word)) || verbs.has(word) || verbs.has(stem);
}

/** Verbs that are more often the name of what a message is about: `order_placed` orders nothing. */
const NOUNS = new Set("bill invoice offer order post purchase record refund request return store transfer".split(" "));

/** Returns whether a word is a verb, and not also a common name of a thing. */
export function isVerb(word: string): boolean {
  return participleOf(word) !== undefined && !NOUNS.has(word);
}

/** Returns whether a word is a form that orders nothing: a participle that is not also an imperative, or `-ing`. */
export function isNoImperative(word: string): boolean {
  if (participles.has(word) || participles.has(word.replace(PREFIX, ""))) return false;
  return isParticiple(word) || (/ing$/.test(word) && !ING.test(word));
}

/** The past participle of a common verb: `place`, `placed`. */
export function participleOf(verb: string): string | undefined {
  const [prefix = ""] = PREFIX.exec(verb) ?? [];
  const irregular = participles.get(verb.slice(prefix.length));
  return participles.get(verb) ?? (irregular && `${prefix}${irregular}`);
}

/** The verb of a participle, if it is a common one: `placed`, `place`. */
export function verbOf(participle: string): string | undefined {
  const [prefix = ""] = PREFIX.exec(participle) ?? [];
  const verb = verbs.get(participle.slice(prefix.length));
  return verbs.get(participle) ?? (verb && `${prefix}${verb}`);
}

function regularParticiple(verb: string): string {
  if (verb.endsWith("e")) return `${verb}d`;
  if (/[^aeiou]y$/.test(verb)) return verb.replace(/y$/, "ied");
  // A short vowel before the last consonant of a syllable that is stressed: cancel and offer are not.
  if (/^[^aeiou]*[aeiou][bdgklmnprt]$|(submit|transfer|enrol)$/.test(verb)) return `${verb}${verb.at(-1)}ed`;
  return `${verb}ed`;
}
