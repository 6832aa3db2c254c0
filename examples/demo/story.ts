import { randomBytes } from "node:crypto";
import {
  ContractError,
  publishCurrencyRateUpdated,
  publishPartnerCreated,
  publishUserCreated,
  publishUserLoggedIn,
  publishUserPasswordChanged,
  sendValidateToken,
} from "@m-erp/messaging";
import { obtainRedis } from "@m-erp/messaging/testing";
import { BILLING, BillingProcesses, LEASE_SECONDS } from "./billing-processes.js";
import type { Screen } from "./screen.js";
import { openServices } from "./services.js";
import { StreamView } from "./stream-view.js";

/**
 * Shows the messages between M-ERP's services, on the configured Redis or on a private one, and removes every trace.
 *
 * @throws if a step fails
 */
export async function tellStory(screen: Screen): Promise<void> {
  screen.note("Looks for a Redis: the configured one, else a redis-server or valkey-server on this machine.");
  await using redis = await obtainRedis(process.env, {
    onDownload: ({ name, folder }) =>
      screen.note(`There is none. Fetches the package ${name} (some 20 MB), without root, and keeps it in ${folder}.`),
  });
  // A configured Redis may hold other data, so everything is written under a separate prefix and removed at the end.
  const environment = redis.external ? `demo-${randomBytes(3).toString("hex")}` : "development";
  await using services = await openServices({ redis, environment, screen });
  await using view = await StreamView.open(redis.url, environment);
  const { userAuth, companyPartner, gateway } = services;

  screen.title(
    "M-ERP messaging",
    `${view.server} ${redis.external ? "as configured" : "started for this demo"}, ${view.address}`,
  );

  screen.chapter("Something happened: published once, told to everyone who wants to know");

  screen.act(userAuth.service, "publishes", "user.created");
  await publishUserCreated(
    userAuth,
    {
      entity_id: 123,
      company_id: 1,
      after_data: { email: "ada@example.com", first_name: "Ada", last_name: "Lovelace" },
      metadata: { source: "registration" },
    },
    { correlationId: "registration-42" },
  );
  await screen.reactions(3);

  screen.act(userAuth.service, "publishes", "user.logged_in");
  await publishUserLoggedIn(userAuth, {
    entity_id: 123,
    company_id: 1,
    after_data: { ip_address: "203.0.113.7", user_agent: "Mozilla/5.0", login_method: "password" },
  });
  await screen.reactions(1);

  screen.act(companyPartner.service, "publishes", "currency.rate_updated");
  await publishCurrencyRateUpdated(companyPartner, {
    entity_id: "USD",
    before_data: { rate: 1.0823 },
    after_data: { rate: 1.0851, base_currency: "EUR", source: "ecb" },
  });
  await screen.reactions(1);

  screen.chapter("A message that breaks its contract never reaches Redis");

  // A row as the database returns it: it has an extra column, and an address that no compiler can check.
  const row = { email: "grace at example.com", first_name: "Grace", password_hash: "$argon2id$v=19$…" };
  const before = await view.length("events");
  screen.act(userAuth.service, "publishes", "user.created");
  try {
    await publishUserCreated(userAuth, { entity_id: 124, after_data: row });
    throw new Error("the contract was not held");
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    screen.refusal(error);
  }
  screen.note(
    `No compiler sees into a database row; the contract does. events held ${before} entries and holds ${await view.length("events")}.`,
  );

  screen.chapter("A handler fails: the message is kept, and the handler is called again");

  screen.act(userAuth.service, "publishes", "user.password_changed");
  await publishUserPasswordChanged(userAuth, { entity_id: 123, after_data: { reason: "reset" } });
  await screen.reactions(3);

  screen.chapter("A process is killed in the midst of its work: another one takes the message over");

  await using processes = await BillingProcesses.start({ redis, environment, screen });
  screen.act(BILLING, "starts", `two processes, ${processes.pids.join(" and ")}`);
  screen.act(companyPartner.service, "publishes", "partner.created");
  await publishPartnerCreated(companyPartner, { entity_id: 2041, after_data: { name: "Babbage & Sons" } });
  await screen.reactions(2);

  const pid = await processes.killBusy();
  screen.act("kill -9", "ends", `process ${pid}`);
  screen.note(
    `It sends no heartbeat any more. When its lease of ${LEASE_SECONDS} s has ended, its messages go to others.`,
  );
  await screen.reactions(1);

  screen.chapter("A question to one service, and its answer");

  screen.act(gateway.service, "sends", "validate_token");
  const answer = await sendValidateToken(gateway, { token: "ada's token" }, { timeoutSeconds: 5 });
  screen.react(gateway.service, `is answered: ${answer.valid ? `valid, of user ${answer.user_id}` : "not valid"}`);
  await screen.reactions(2);

  await Promise.all([services[Symbol.asyncDispose](), processes[Symbol.asyncDispose]()]);

  screen.chapter("What redis-cli finds (XRANGE, XINFO GROUPS), now that every service has shut down");

  let pending = 0;
  for (const stream of ["events", "commands", "notifications"]) {
    const seen = await view.look(stream);
    screen.stream(seen);
    pending += seen.groups.reduce((sum, group) => sum + group.pending, 0);
  }
  if (pending > 0) throw new Error(`${pending} entries are still pending`);
  screen.end("Nothing is pending: every group has acknowledged everything it was given.");
}
