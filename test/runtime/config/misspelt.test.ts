import { describe, expect, it } from "vitest";
import { createMessaging, initMessaging, type MessagingOptions, shutdownMessaging } from "../../../generated/index.js";
import { nearest } from "../../../runtime/config/suggest.js";
import { ConfigError, type Variables } from "../../../runtime/index.js";
import { examine, HealthCollector, Operations } from "../../../runtime/operations/index.js";

const env = { SERVICE_NAME: "orders" };

function problemsOf(create: () => unknown): readonly string[] {
  try {
    create();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The problems of options as a caller without types gives them. */
const ofOptions = (options: object): readonly string[] =>
  problemsOf(() => createMessaging({ env, ...options } as MessagingOptions));
const ofVariables = (variables: Variables, options: MessagingOptions = {}): readonly string[] =>
  problemsOf(() => createMessaging({ ...options, env: { ...env, ...variables } }));

describe("an option that does not exist", () => {
  it("is refused, with the one that is meant", () => {
    expect(ofOptions({ maxRetry: 3, redis: { hots: "localhost" }, colour: "blue" })).toEqual([
      "the option maxRetry does not exist; did you mean maxRetries?",
      "the option colour does not exist",
      "the option redis.hots does not exist; did you mean host?",
    ]);
  });

  it("is refused by the facade and by the operator's tools, too, which have options of their own", async () => {
    const wrong = { env, hoks: {} } as object;
    await expect(initMessaging(wrong)).rejects.toThrow("the option hoks does not exist; did you mean hooks?");
    await shutdownMessaging();
    expect(problemsOf(() => new Operations(wrong))).toEqual(["the option hoks does not exist"]);
    expect(problemsOf(() => new HealthCollector({ env, histori: 1 } as object))).toEqual([
      "the option histori does not exist; did you mean history?",
    ]);
    const { value } = await examine({ env, timeoutSecond: 1 } as object).next();
    expect(value).toMatchObject({ verdict: "bad", lines: [expect.stringContaining("did you mean timeoutSeconds?")] });
  });

  it("is none of those that exist", () => {
    const options = {
      hooks: {},
      interceptors: [],
      extensions: [],
      logger: console,
      onPublishFailure: "throw",
      handlers: () => {},
    };
    expect(ofOptions({ ...options, signals: [], requireRedis: false, redis: { tls: false } })).toEqual([]);
    expect(problemsOf(() => new HealthCollector({ env, rules: {}, hooks: {}, history: 1 }).close())).toEqual([]);
  });
});

describe("a variable that nobody reads", () => {
  it.each([
    ["MESSAGE_MAX_RETRY", "MESSAGE_MAX_RETRIES"],
    ["MESSAGES_TTL", "MESSAGE_TTL"],
    ["REDIS_HOSTS", "REDIS_HOST"],
    ["REDIS_URI", "REDIS_URL"],
    ["STREAM_MAX_LENGHT", "STREAM_MAX_LENGTH"],
    ["redis_url", "REDIS_URL"],
  ])("is refused if it is spelt almost like one that is not set: %s", (written, meant) => {
    expect(ofVariables({ [written]: "1" })).toEqual([`${written} is no setting; did you mean ${meant}?`]);
    expect(ofVariables({ [written]: "" })).toEqual([]);
  });

  it("is left alone where the setting that may be meant is given", () => {
    const both = { REDIS_URI: "redis://other", REDIS_URL: "redis://localhost" };
    expect(ofVariables(both)).toEqual([]);
    expect(ofVariables({ MESSAGE_MAX_RETRY: "1" }, { maxRetries: 3 })).toEqual([]);
    expect(ofVariables({ REDIS_HOSTS: "a" }, { redis: { url: "redis://localhost" } })).toEqual([]);
  });

  it("is left alone where it is another program's", () => {
    const cloud = [
      "REDIS_SERVICE_HOST",
      "REDIS_PORT_6379_TCP",
      "REDIS_TLS_URL",
      "REDIS_CERT",
      "REDIS_PASS",
      "REDIS_USER",
    ];
    const others = [...cloud, "PATH", "RUNNER_ENVIRONMENT", "SERVICE_ID", "MESSAGE_BROKER", "STREAM_NAME", "REDIS_DSN"];
    expect(ofVariables(Object.fromEntries(others.map((name) => [name, "x"])))).toEqual([]);
  });

  it("is none of those that a URL or an option decides for", () => {
    const address = { REDIS_HOST: "a", REDIS_PORT: "tcp://10.0.0.1:6379", REDIS_DB: "1", REDIS_USERNAME: "u" };
    expect(ofVariables({ ...address, REDIS_URL: "redis://u:p@localhost/0" })).toEqual([]);
    expect(ofVariables({ REDIS_URL: "redis://a", REDIS_TLS_CA: "x" }, { redis: { host: "b", tls: {} } })).toEqual([]);
  });
});

describe("the nearest name", () => {
  it("is the one with the fewest edits, within reach, whatever the case", () => {
    expect(nearest("maxRetry", ["maxRetries", "retryDelaySeconds"], 3)).toBe("maxRetries");
    expect(nearest("HOST", ["post", "host"])).toBe("host");
    expect(nearest("colour", ["environment", "service"])).toBeUndefined();
    expect(nearest("abc", [])).toBeUndefined();
  });
});
