import { describe, expect, it } from "vitest";
import { type Config, prefixed, readConfig } from "../../../runtime/config/config.js";
import { ConfigError, createMessaging, type Settings, type Variables } from "../../../runtime/index.js";
import { variables } from "./config-variables.js";

const named = { SERVICE_NAME: "orders" };
const read = (environment: Variables = {}, settings: Settings = {}): Config =>
  readConfig(settings, "fields", { ...named, ...environment });

/** The problems that settings have. */
function problemsOf(environment: Variables, settings: Settings = {}): readonly string[] {
  try {
    readConfig(settings, "fields", environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe.each(variables)("$name", ({ name, of, byDefault, valid, option }) => {
  it("has its documented default, also when it is empty", () => {
    expect(of(read())).toEqual(byDefault);
    if (name !== "SERVICE_NAME") expect(of(read({ [name]: "" }))).toEqual(byDefault);
  });

  it.each(valid)("is honoured: %s", (text, value) => {
    expect(of(read({ [name]: text }))).toEqual(value);
  });

  it("gives way to the option in code", () => {
    const [settings, value] = option;
    expect(of(read({ [name]: valid[0]?.[0] }, settings))).toEqual(value);
  });
});

describe.each(variables.filter(({ invalid }) => invalid.length > 0))("$name", ({ name, invalid }) => {
  it.each(invalid)("is refused when it makes no sense, by a problem that begins with its name: %j", (text) => {
    const problems = problemsOf({ ...named, [name]: text });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name} must be .*, not `))]);
  });
});

describe("the table of variables", () => {
  it("leaves out none that is read", () => {
    const asked = new Set<string>();
    const environment = new Proxy<Record<string, string>>(named, {
      get(target, name: string) {
        asked.add(name);
        return target[name];
      },
    });
    readConfig({}, "fields", environment);
    const read = [...asked];
    const tested = variables.map(({ name }) => name);
    expect(
      read.filter((name) => !tested.includes(name) && !/^REDIS_(URL|TLS_|CLUSTER_NODES|SENTINEL|NAT_MAP)/.test(name)),
    ).toEqual([]);
    expect(tested.filter((name) => !read.includes(name))).toEqual([]);
  });
});

describe("settings that are wrong", () => {
  it("are all named by one error", () => {
    const wrong = Object.fromEntries(
      variables.flatMap(({ name, invalid: [text] }) => (text === undefined ? [] : [[name, text]])),
    );
    const problems = problemsOf({ ...wrong, REDIS_URL: "nonsense" });
    for (const name of [...Object.keys(wrong), "REDIS_URL"]) {
      expect(problems.filter((problem) => problem.startsWith(`${name} `))).toHaveLength(1);
    }
    expect(() => createMessaging({ env: wrong })).toThrow(ConfigError);
    expect(() => createMessaging({ env: wrong })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        retryable: false,
        message: expect.stringContaining("\n- ENVIRONMENT"),
      }),
    );
  });

  it("are found in options as in variables", () => {
    const settings = {
      blockTimeMs: Number.NaN,
      batchSize: 0.5,
      retryDelaySeconds: -1,
      service: "a b",
    } satisfies Settings;
    expect(problemsOf({}, settings).map((problem) => problem.split(" ")[0])).toEqual(
      expect.arrayContaining(["STREAM_BLOCK_TIME", "STREAM_BATCH_SIZE", "MESSAGE_RETRY_DELAY", "SERVICE_NAME"]),
    );
  });

  it("include a service without a name, which says how to name it", () => {
    expect(problemsOf({})).toEqual([expect.stringMatching(/^SERVICE_NAME is not set: .*createMessaging\(\{ service:/)]);
  });

  it("never show a secret", () => {
    const secret = "hunter2";
    const environment = { REDIS_URL: `http://app:${secret}@cache`, REDIS_PASSWORD: secret, REDIS_PORT: "x" };
    expect(problemsOf(environment).length).toBeGreaterThan(1);
    expect(problemsOf(environment).join()).not.toContain(secret);
  });

  it("include options without a variable, of callers without types", () => {
    const settings = { order: "Entity", startFrom: 5 } as unknown as Settings;
    expect(problemsOf(named, settings)).toEqual([
      'startFrom must be "all" or "new", not 5',
      'order must be "none" or "entity", not "Entity"',
    ]);
  });

  it("are none when nothing but the name is given", () => {
    expect(problemsOf(named)).toEqual([]);
  });
});

describe("the environment", () => {
  it("is process.env unless another is given", () => {
    expect(createMessaging({ env: { SERVICE_NAME: "given" } }).service).toBe("given");
    process.env["SERVICE_NAME"] = "from-process";
    try {
      expect(createMessaging().service).toBe("from-process");
    } finally {
      delete process.env["SERVICE_NAME"];
    }
  });
});

describe("a value in the environment", () => {
  it("may have spaces around a number, and may be the least and the most that is allowed", () => {
    expect(read({ STREAM_BATCH_SIZE: " 7 ", MESSAGE_TTL: " 1.5 " })).toMatchObject({
      batchSize: 7,
      messageTtlMs: 1500,
    });
    for (const size of [1, 1000]) expect(read({ STREAM_BATCH_SIZE: `${size}` }).batchSize).toBe(size);
    for (const seconds of [1, 3_155_760_000]) {
      expect(read({ MESSAGE_TTL: `${seconds}` }).messageTtlMs).toBe(1000 * seconds);
    }
    expect(problemsOf({ ...named, MESSAGE_TTL: "3155760001" })).toHaveLength(1);
  });

  it.each(["truely", "untrue", "10", "nope", "offer", "kaffno"])("is no flag when it only holds one: %s", (text) => {
    expect(problemsOf({ ...named, SERVICE_ANNOUNCE: text })).toEqual([
      `SERVICE_ANNOUNCE must be true or false, not "${text}"`,
    ]);
  });
});

describe("settings that exist only in code", () => {
  it("have their defaults, and are as they are given", () => {
    expect(read()).toMatchObject({ startFrom: "all", order: "none" });
    expect(read({}, { startFrom: "new", order: "entity" })).toMatchObject({ startFrom: "new", order: "entity" });
  });
});

describe("a name in Redis", () => {
  it.each([
    ["development", "events"],
    ["production", "production:events"],
  ])("in %s is %s", (environment, name) => {
    expect(prefixed({ environment }, "events")).toBe(name);
  });
});
