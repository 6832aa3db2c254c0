import { expect } from "vitest";
import {
  handleValidateToken,
  reloadConfig,
  sendValidateToken,
  validateToken,
  withCorrelation,
} from "../../generated/index.js";
import type { Sentences } from "./stage.js";

const target = { targetService: "auth" };

export const commands: Sentences = {
  "a command is answered by the result of its handler": async (stage) => {
    const [auth, web] = [stage.service("auth"), stage.service("web")];
    handleValidateToken(auth, async ({ payload }) => ({ valid: payload.token === "secret" }));
    await auth.start();
    const answers = await Promise.all(["secret", "wrong"].map((token) => sendValidateToken(web, { token }, target)));
    expect(answers).toEqual([{ valid: true }, { valid: false }]);
  },

  "a command goes to the service that it is for": async (stage) => {
    const [auth, other] = [stage.service("auth"), stage.service("other")];
    let calls = 0;
    handleValidateToken(auth, () => ({ valid: true }));
    handleValidateToken(other, () => {
      calls++;
      return { valid: false };
    });
    await Promise.all([auth.start(), other.start()]);
    expect(await sendValidateToken(other, { token: "x" }, target)).toEqual({ valid: true });
    expect(calls).toBe(0);
  },

  "a service may command itself": async (stage) => {
    const auth = stage.service("auth");
    handleValidateToken(auth, () => ({ valid: true }));
    await auth.start();
    expect(await sendValidateToken(auth, { token: "x" }, target)).toEqual({ valid: true });
  },

  "a failure is the answer, at once and without a retry": async (stage) => {
    const auth = stage.service("auth", { retryDelaySeconds: 60 });
    let calls = 0;
    handleValidateToken(auth, () => {
      calls++;
      throw Object.assign(new Error("no such key"), { code: "E_KEY" });
    });
    await auth.start();
    const failed = { code: "COMMAND_FAILED", errorCode: "E_KEY", message: "no such key" };
    await expect(sendValidateToken(auth, { token: "x" }, target)).rejects.toMatchObject(failed);
    expect(calls).toBe(1);
  },

  "a result that breaks its contract is a failure": async (stage) => {
    const auth = stage.service("auth");
    handleValidateToken(auth, () => ({ valid: "perhaps" }) as never);
    await auth.start();
    const failed = { code: "COMMAND_FAILED", errorCode: "RESULT_INVALID" };
    await expect(sendValidateToken(auth, { token: "x" }, target)).rejects.toMatchObject(failed);
  },

  "a command that its service does not know is answered so": async (stage) => {
    const auth = stage.service("auth");
    handleValidateToken(auth, () => ({ valid: true }));
    await auth.start();
    const sent = auth.send(reloadConfig, {}, target);
    await expect(sent).rejects.toMatchObject({ code: "COMMAND_FAILED", errorCode: "COMMAND_UNKNOWN" });
  },

  "a command that nobody answers times out, and is not run when its service comes later": async (stage) => {
    const web = stage.service("web");
    // It is connected once one was answered: a command that cannot be sent in time is not sent.
    const first = stage.service("auth");
    handleValidateToken(first, () => ({ valid: true }));
    await first.start();
    await sendValidateToken(web, { token: "x" }, target);
    await first.close();
    let code = "";
    sendValidateToken(web, { token: "x" }, { ...target, timeoutSeconds: 1 }).catch((error) => {
      code = error.code;
    });
    await stage.until(() => code !== "", "the timeout");
    expect(code).toBe("COMMAND_TIMEOUT");
    await stage.pass(10);
    const auth = stage.service("auth");
    let calls = 0;
    handleValidateToken(auth, () => {
      calls++;
      return { valid: true };
    });
    await auth.start();
    await stage.until(() => auth.counts.commandExpired === 1, "the expired command");
    expect(calls).toBe(0);
  },

  "a command that waits for its service is answered when that starts": async (stage) => {
    const [auth, web] = [stage.service("auth"), stage.service("web")];
    let answer: unknown;
    void sendValidateToken(web, { token: "x" }, target).then((result) => {
      answer = result;
    });
    handleValidateToken(auth, () => ({ valid: true }));
    await stage.pass(20);
    await auth.start();
    await stage.until(() => answer !== undefined, "the answer");
    expect(answer).toEqual({ valid: true });
  },

  "the wait for an answer can be ended": async (stage) => {
    const web = stage.service("web");
    const ending = new AbortController();
    const sent = sendValidateToken(web, { token: "x" }, { ...target, signal: ending.signal });
    const rejected = expect(sent).rejects.toMatchObject({ code: "COMMAND_ABORTED" });
    await stage.pass(20);
    ending.abort();
    await rejected;
  },

  "a command that is told is retried as an event is": async (stage) => {
    const auth = stage.service("auth");
    const attempts: number[] = [];
    auth.handle(reloadConfig, (_command, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("once");
      return undefined as never;
    });
    await auth.start();
    await auth.tell(reloadConfig, {}, target);
    await stage.until(() => attempts.length === 2, "the retry");
  },

  "a handler may send commands and wait for their answers": async (stage) => {
    const [auth, gate] = [stage.service("auth"), stage.service("gate")];
    handleValidateToken(auth, () => ({ valid: true }));
    handleValidateToken(gate, ({ payload }) => sendValidateToken(gate, payload, target));
    await Promise.all([auth.start(), gate.start()]);
    expect(await sendValidateToken(auth, { token: "x" }, { targetService: "gate" })).toEqual({ valid: true });
  },

  "a command of another company is only acknowledged": async (stage) => {
    const [auth, web] = [stage.service("auth"), stage.service("web", { tenancy: "required" })];
    let calls = 0;
    handleValidateToken(auth, () => ({ valid: calls++ === 0 }), { company_id: 7 });
    await auth.start();
    const tell = (company_id: number): Promise<unknown> =>
      withCorrelation({ companyId: company_id }, () => web.tell(validateToken, { token: "x" }, target));
    await tell(8);
    await tell(7);
    await stage.until(() => calls === 1 && auth.counts.skipped === 1, "the command of its company");
  },

  "an answer goes to the channel that its sender names, where the service allows it": async (stage) => {
    const [auth, strict] = [stage.service("auth", { replyChannels: ["gateway-*"] }), stage.service("strict")];
    for (const each of [auth, strict]) {
      handleValidateToken(each, () => ({ valid: true }));
      await each.start();
    }
    const web = stage.service("web", { replyChannel: `gateway-${auth.service}` });
    expect(await sendValidateToken(web, { token: "x" }, target)).toEqual({ valid: true });
    const refused = sendValidateToken(web, { token: "x" }, { targetService: "strict", timeoutSeconds: 1 });
    const code = refused.catch((error) => error.code);
    await stage.until(() => strict.counts.deadLettered === 1, "the dead letter");
    await stage.pass(1000);
    expect(await code).toBe("COMMAND_TIMEOUT");
  },

  "an answer for which nobody waits any more is counted": async (stage) => {
    const [auth, web] = [stage.service("auth"), stage.service("web")];
    let answer: (result: { valid: boolean }) => void = () => {};
    const answered = new Promise<{ valid: boolean }>((resolve) => {
      answer = resolve;
    });
    let calls = 0;
    handleValidateToken(auth, () => {
      calls++;
      return answered;
    });
    await auth.start();
    const ending = new AbortController();
    const sent = sendValidateToken(web, { token: "x" }, { ...target, signal: ending.signal }).catch(() => {});
    await stage.until(() => calls === 1, "the handler");
    ending.abort();
    await sent;
    answer({ valid: true });
    await stage.until(() => web.counts.answerUnclaimed === 1, "the answer");
  },
};
