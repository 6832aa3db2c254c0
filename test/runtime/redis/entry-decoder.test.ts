import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { typeOf } from "../../../runtime/contract/codec.js";
import { EntryDecoder } from "../../../runtime/redis/entry-decoder.js";

type Entry = readonly [id: string, fields: readonly string[]];
type Protocol = 2 | 3;

/** What Redis sends for these entries. */
function replyOf(entries: readonly Entry[], protocol: Protocol): Buffer {
  const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  const list = (items: readonly string[]): string => `*${items.length}\r\n${items.join("")}`;
  const all = list(entries.map(([id, fields]) => list([bulk(id), list(fields.map(bulk))])));
  return Buffer.from(protocol === 3 ? `%1\r\n${bulk("events")}${all}` : list([list([bulk("events"), all])]));
}

/** The same bytes in pieces that end at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set([...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)).filter(({ length }) => length > 0);
}

/** What is left of the last piece, and the entries. */
function decode(decoder: EntryDecoder, pieces: readonly Buffer[]): { rest: string | undefined; entries: Entry[] } {
  const rests = pieces.map((piece) => decoder.write(piece));
  expect(rests.slice(0, -1).every((rest) => rest === undefined)).toBe(true);
  const entries = decoder.take().map(({ id, fields }): Entry => [id, fields as string[]]);
  return { rest: rests.at(-1)?.toString(), entries };
}

const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "event", "user.created", "é", "\r\n$1\r\n"));
const entry = fc.tuple(fc.stringMatching(/^\d{13}-\d$/), fc.array(text, { maxLength: 8 }));
const entries = fc.array(entry, { minLength: 1, maxLength: 6 });
const protocol = fc.constantFrom<Protocol>(2, 3);

describe("the reply to a read", () => {
  it("is decoded to the entries that were sent, wherever the network cuts it", () => {
    fc.assert(
      fc.property(
        fc.array(entries, { minLength: 1, maxLength: 3 }),
        protocol,
        fc.array(fc.nat(), { maxLength: 6 }),
        (replies, version, places) => {
          // One decoder for all of them: what it keeps from one entry must never be seen in another.
          const decoder = new EntryDecoder();
          for (const sent of replies) {
            const { rest, entries: decoded } = decode(decoder, cut(replyOf(sent, version), places));
            expect(rest).toBe("");
            expect(decoded).toEqual(sent);
          }
        },
      ),
    );
  });

  it.each<Protocol>([2, 3])("is decoded byte by byte (RESP%i), and what follows it is left alone", (version) => {
    const sent: Entry[] = [
      ["1-0", ["name", "Ada", "note", ""]],
      ["2-0", ["name", "Ådä", "note", "Ada"]],
    ];
    const bytes = replyOf(sent, version);
    const decoder = new EntryDecoder();
    const bytewise = [...bytes.subarray(0, -1)].map((byte) => Buffer.of(byte));
    const last = Buffer.concat([bytes.subarray(-1), Buffer.from(":7\r\n")]);

    expect(decode(decoder, [...bytewise, last])).toEqual({ rest: ":7\r\n", entries: sent });
  });

  it("tells a text from one of as many bytes that stood in its place before", () => {
    const decoder = new EntryDecoder();
    decode(decoder, [replyOf([["1-0", ["é", "ab"]]], 3)]);

    // Bytes that are no UTF-8, one of them the code of the character before.
    const odd = Buffer.from(
      "%1\r\n$6\r\nevents\r\n*1\r\n*2\r\n$3\r\n2-0\r\n*2\r\n$1\r\n\xe9\r\n$2\r\n\xc3\xa9\r\n",
      "latin1",
    );
    expect(decode(decoder, [odd]).entries).toEqual([["2-0", ["\ufffd", "é"]]]);
  });

  it("is decoded up to the type, where that is not handled, wherever the network cuts it", () => {
    const types = ["user.created", "user.deleted", ""];
    const name = fc.constantFrom("message_type", "event_type", "command_type", "notification_type", "type", "json");
    const fields = fc
      .array(fc.tuple(name, fc.oneof(text, fc.constantFrom(...types))), { maxLength: 5 })
      .map((pairs) => pairs.flat());
    const sent = fc.array(fc.tuple(fc.stringMatching(/^\d{13}-\d$/), fields), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sent, protocol, fc.array(fc.nat(), { maxLength: 6 }), (entries, version, places) => {
        const decoder = new EntryDecoder();
        decoder.wanted = new Set(["user.created"]);
        const decoded = decode(decoder, cut(replyOf(entries, version), places)).entries;
        for (const [index, [id, all]] of entries.entries()) {
          const type = typeOf(all);
          const isWhole = type === undefined || type === "user.created" || typeOf(all.slice(0, -2)) === undefined;
          const read = decoded[index]?.[1] ?? [];
          expect(decoded[index]?.[0]).toBe(id);
          expect(typeOf(read)).toBe(type);
          expect(read).toEqual(isWhole ? all : all.slice(0, read.length));
          if (!isWhole) expect(typeOf(read.slice(0, -2))).toBe(undefined);
        }
      }),
    );
  });

  it("counts the bytes of each entry, whether they are decoded or not", () => {
    const decoder = new EntryDecoder();
    decoder.wanted = new Set(["user.created"]);
    const long = "é".repeat(100);
    decoder.write(
      replyOf(
        [
          ["1-0", ["event_type", "user.created", "note", long]],
          ["2-0", ["event_type", "user.deleted", "note", long]],
        ],
        3,
      ),
    );

    expect(decoder.take().map(({ fields, length }) => [fields?.length, length])).toEqual([
      [4, 226],
      [2, 226],
    ]);
  });

  describe("with an entry that is too large", () => {
    /** What is to be read of an entry, as the scripts do it. */
    function expected(fields: readonly string[], most: number): readonly [readonly string[], number | undefined] {
      const bytes = fields.map((each) => Buffer.byteLength(each));
      const size = Math.max(
        bytes.reduce((sum, each) => sum + each, 0),
        fields.length,
      );
      if (size <= most) return [fields, undefined];
      const names = fields.flatMap((_, at) =>
        at % 2 === 0 && Math.max(bytes[at] ?? 0, bytes[at + 1] ?? 0) <= 200 ? [at] : [],
      );
      return [names.slice(0, 64).flatMap((at) => fields.slice(at, at + 2)), size];
    }

    const longer = fc.oneof(
      text,
      fc.integer({ min: 150, max: 900 }).map((length) => "x".repeat(length)),
      fc.integer({ min: 60, max: 110 }).map((length) => "é".repeat(length)),
    );
    const fields = fc.array(fc.tuple(longer, longer), { maxLength: 6 }).map((pairs) => pairs.flat());
    const sent = fc.array(fc.tuple(fc.stringMatching(/^\d{13}-\d$/), fields), { minLength: 1, maxLength: 5 });

    it("is decoded to the short fields of that one, and to all of the others, wherever the network cuts it", () => {
      const pieces = fc.oneof(fc.array(fc.nat(), { maxLength: 8 }), fc.constant("bytes" as const));
      fc.assert(
        fc.property(
          fc.array(sent, { minLength: 1, maxLength: 2 }),
          protocol,
          pieces,
          fc.integer({ min: 1, max: 1500 }),
          (replies, version, places, most) => {
            const decoder = new EntryDecoder();
            decoder.maxEntryBytes = most;
            for (const entries of replies) {
              const bytes = replyOf(entries, version);
              const arriving = places === "bytes" ? [...bytes].map((byte) => Buffer.of(byte)) : cut(bytes, places);
              const rests = arriving.map((piece) => decoder.write(piece));
              expect(rests.map((rest) => rest?.length)).toEqual([...Array(rests.length - 1).fill(undefined), 0]);
              const decoded = decoder.take().map(({ id, fields: read, oversizedBytes }) => [id, read, oversizedBytes]);
              expect(decoded).toEqual(entries.map(([id, all]) => [id, ...expected(all, most)]));
            }
          },
        ),
      );
    });

    it.each([
      ["too large", new Set(["user.created"])],
      ["of a type that is not handled", new Set(["other"])],
    ])("holds nothing of a text of one that is %s", (_, wanted) => {
      const decoder = new EntryDecoder();
      decoder.maxEntryBytes = 1_048_576;
      decoder.wanted = wanted;
      const head = "%1\r\n$6\r\nevents\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*6\r\n$10\r\nevent_type\r\n$12\r\nuser.created\r\n";
      decoder.write(Buffer.from(`${head}$4\r\ntext\r\n$${400_000_000}\r\n`));
      const piece = Buffer.alloc(4_000_000);
      const concat = Buffer.concat;
      Buffer.concat = () => {
        throw new Error("it was put together");
      };
      try {
        for (let sentBytes = 0; sentBytes < 400_000_000; sentBytes += 4_000_000) {
          expect(decoder.write(piece)).toBeUndefined();
        }
        expect(decoder.write(Buffer.from("\r\n$2\r\nid\r\n$1\r\n7\r\n:1"))?.toString()).toBe(":1");
      } finally {
        Buffer.concat = concat;
      }
      const [entry] = decoder.take();
      expect(entry?.fields?.slice(0, 2)).toEqual(["event_type", "user.created"]);
      expect([entry?.length, entry?.oversizedBytes]).toContain(400_000_029);
    });
  });

  it("that holds none is an end, too", () => {
    expect(decode(new EntryDecoder(), [Buffer.from("*"), Buffer.from("-1\r"), Buffer.from("\n")])).toEqual({
      rest: "",
      entries: [],
    });
  });

  it("that is no such reply is refused instead of misread", () => {
    expect(() => new EntryDecoder().write(Buffer.from("*1\r\n:7\r\n"))).toThrow(/answered a read with ":7/);
  });

  it("is put together once, however many pieces a large text comes in", () => {
    const large = "x".repeat(4_000_000);
    const bytes = replyOf([["1-0", ["json", large]]], 3);
    const pieces = cut(
      bytes,
      Array.from({ length: 61 }, (_, n) => n * 65_536),
    );
    const decoder = new EntryDecoder();
    const concat = Buffer.concat;
    let copied = 0;
    Buffer.concat = (list, ...rest) => {
      copied += list.reduce((sum, { length }) => sum + length, 0);
      return concat(list, ...rest);
    };
    try {
      expect(decode(decoder, pieces).entries[0]?.[1][1]).toBe(large);
    } finally {
      Buffer.concat = concat;
    }
    expect(copied).toBeLessThan(2 * bytes.length);
  });
});
