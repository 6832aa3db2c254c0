import { describe, expect, it } from "vitest";
import { type UserCreated, userCreated, validateToken, warningNotification } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { Upcasting } from "../../../runtime/contract/upcasting.js";
import { Router } from "../../../runtime/handle/router.js";
import { createMessaging, defineEvent, defineHealth, UpcastError, type Upcaster } from "../../../runtime/index.js";
import { toV2, toV3, userCreatedV2, userCreatedV3 } from "../../support/user-versions.js";

const message = (): Record<string, unknown> => ({ ...exampleUserCreated({ entity_id: 5 }) });
const given = (upcast: (old: UserCreated) => unknown): Upcaster => ({ ...toV2, upcast });
const data = { name: "Ada", mail: "a" };

function upcast(upcaster: Upcaster, old: Record<string, unknown> = message()): Record<string, unknown> | undefined {
  return new Upcasting([upcaster]).of(userCreated)?.apply(old);
}

describe("an upcast message", () => {
  it("has its envelope and the new contract's constants, whatever the upcaster says of them", () => {
    const old = { ...message(), undeclared: 1 };
    const { id, timestamp, source_service, correlation_id, metadata, type, entity_type, company_id, user_id } =
      message();
    const made = upcast(
      given((whole) => ({ ...whole, id: "x", entity_id: 6, event_type: "other", user_id: 1, after_data: data })),
      old,
    );
    const kept = { id, timestamp, source_service, correlation_id, metadata, type, entity_type, company_id, user_id };
    expect(made).toMatchObject({ ...kept, entity_id: 5, event_type: "user.created.v2", after_data: data });
    // As a reader tolerates what it does not know, so does this.
    expect(made).toHaveProperty("undeclared", 1);
  });

  it("keeps what it had before the upcaster changed it", () => {
    const taking = given((old) => {
      Object.assign(old, { id: "x", entity_id: 6 });
      delete old.company_id;
      return Object.assign(old, { after_data: data });
    });
    const { id, company_id } = message();
    expect(upcast(taking)).toMatchObject({ id, company_id, entity_id: 5, after_data: data });
  });

  it("has no company, user or correlation that the old one has not", () => {
    const { company_id: _, user_id: __, correlation_id: ___, ...old } = message();
    const made = upcast(
      given(() => ({ after_data: data, company_id: 3, user_id: 4, correlation_id: "c" })),
      old,
    );
    expect(Object.keys(made ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/company|user_id|corr/)]),
    );
  });

  it.each<[string, (old: UserCreated) => unknown, RegExp]>([
    ["throws", ({ changes }) => (changes as never)["name"]["from"], /its upcaster threw: Cannot read/],
    [
      "throws what cannot be read",
      () => {
        throw { toString: null };
      },
      /threw: a value that cannot be shown/,
    ],
    ["gives nothing", () => undefined, /must give an object, and gave a value of type undefined/],
    ["gives null", () => null, /gave null/],
    ["gives a list", () => [], /gave a value of type object/],
    ["is asynchronous", async () => ({ after_data: data }), /must give an object, and gave a promise/],
    ["gives too little", () => ({}), /its upcaster gave what its readers refuse: after_data is required/],
    ["gives a wrong value", () => ({ after_data: { ...data, name: 7 } }), /after_data.name must be text/],
  ])("is none when the upcaster %s: the error has the code, both types and the reason", (_, wrong, text) => {
    const failing = (): unknown => upcast(given(wrong));
    expect(failing).toThrow(UpcastError);
    expect(failing).toThrow(text);
    try {
      failing();
    } catch (error) {
      expect(error).toMatchObject({ code: "UPCAST_FAILED", from: "user.created", to: "user.created.v2" });
    }
  });

  it("is called it where it is wrong as a whole", () => {
    const to = { ...userCreatedV2, schema: { ...userCreatedV2.schema, maxProperties: 1 } } as never;
    const failing = (): unknown => upcast({ ...given(() => ({ after_data: data })), to });
    expect(failing).toThrow(/gave what its readers refuse: it must have at most 1 property/);
  });

  it("shows in no error what either contract marks as sensitive", () => {
    const secret = defineEvent("user.created.v4", {
      ...userCreatedV2.schema,
      properties: { after_data: { type: "object", properties: { pin: { type: "integer", sensitive: true } } } },
    });
    const toSecret = { from: userCreated, to: secret, upcast: () => ({ after_data: { pin: "4711" } }) } as Upcaster;
    expect(() => upcast(toSecret)).toThrow(/after_data.pin/);
    expect(() => upcast(toSecret)).not.toThrow(/4711/);
  });

  it("has passed the contract of each step, and names the one that failed", () => {
    const chain = new Upcasting([toV3, given(() => ({}))]);
    expect(() => chain.of(userCreated)?.apply(message())).toThrow("user.created cannot be upcast to user.created.v2");
    expect(chain.of(userCreated)?.to).toBe(userCreatedV3);
  });
});

describe("upcasters", () => {
  const back = { ...toV2, from: userCreatedV3, to: userCreated } as Upcaster;
  const elsewhere = defineEvent("user.created", {}, { stream: "archive" });
  it.each<[string, readonly unknown[], string]>([
    [
      "of a command",
      [{ ...toV2, from: validateToken }],
      "the command validate_token cannot be upcast: its sender waits",
    ],
    ["of a report", [{ ...toV2, from: defineHealth("h", {}) }], "the health h cannot be upcast: it names no type"],
    [
      "to another kind",
      [{ ...toV2, to: warningNotification }],
      "the event user.created cannot become the notification",
    ],
    ["to the same type", [{ ...toV2, to: userCreated }], "user.created is upcast to itself: give the new shape"],
    ["twice from one type", [toV2, { ...toV2, to: userCreatedV3 }], "has two upcasters, to user.created.v2 and to"],
    ["in a circle", [toV2, toV3, back], "in a circle: user.created → user.created.v2 → user.created.v3 → user.created"],
    ["that are functions", [() => {}], "upcasters[0] is none: make it with upcaster(oldDescriptor, newDescriptor"],
    ["that are missing", [toV2, undefined], "upcasters[1] is none"],
    ["from nothing", [{ ...toV2, from: undefined }], "upcasters[0] is none"],
    ["from a name", [{ ...toV2, from: "user.created" }], "upcasters[0] is none"],
    ["to nothing", [{ ...toV2, to: undefined }], "upcasters[0] is none"],
    ["to a name", [{ ...toV2, to: "user.created.v2" }], "upcasters[0] is none"],
    ["without a function", [{ ...toV2, upcast: undefined }], "upcasters[0] is none"],
  ])("%s are refused when the messaging is created", (_, upcasters, text) => {
    expect(() => createMessaging({ service: "a", env: {}, upcasters: upcasters as Upcaster[] })).toThrow(text);
  });

  it("that stand alone are refused", () => {
    expect(() => createMessaging({ service: "a", env: {}, upcasters: toV2 as never })).toThrow(
      "upcasters must be a list",
    );
  });

  it("may lead from one stream to another", () => {
    const moved = new Upcasting([{ ...toV2, from: elsewhere as never, to: userCreatedV2 }]);
    const router = new Router({ name: "c", encoding: "json", messages: [] }, moved);
    router.add(userCreatedV2, () => {});
    const types = router.streams().map(({ stream, byType }) => [stream, [...byType.keys()]]);
    expect(types).toEqual([
      ["events", ["user.created.v2"]],
      ["archive", ["user.created"]],
    ]);
  });
});

describe("a router with upcasters", () => {
  const catalogue = { name: "c", encoding: "json", messages: [userCreated, userCreatedV2, userCreatedV3] } as const;
  const router = (...upcasters: Upcaster[]): Router => new Router(catalogue, new Upcasting(upcasters));
  const typesOf = (of: Router): unknown => of.streams().flatMap(({ byType }) => [...byType.keys()]);

  it("handles an old type if the newest has a handler, and no other", () => {
    const [some, none] = [router(toV2, toV3), router(toV2, toV3)];
    some.add(userCreatedV3, () => {});
    expect(typesOf(some)).toEqual(["user.created.v3", "user.created", "user.created.v2"]);
    none.add(warningNotification, () => {});
    expect(typesOf(none)).toEqual(["warning"]);
  });

  it("gives a message to the handler of a pattern once, as the newest type", () => {
    const all = router(toV2, toV3);
    all.add("user.*", () => {});
    const [{ byType } = { byType: new Map() }] = all.streams();
    const routes = [...byType].map(([type, list]) => [type, list.map((route: never) => route["descriptor"]["type"])]);
    expect(routes).toEqual(
      ["user.created.v3", "user.created", "user.created.v2"].map((type) => [type, ["user.created.v3"]]),
    );
  });

  it.each([userCreated, userCreatedV2, "user.created"] as const)("refuses a handler of an old type", (target) => {
    expect(() => router(toV2, toV3).add(target, () => {})).toThrow(
      "is upcast to user.created.v3 in this service: register the handler of user.created.v3, which receives both",
    );
  });
});
