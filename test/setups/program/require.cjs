// A caller in CommonJS.
const { createMessaging, publishUserCreated, ContractError } = require("@m-erp/messaging");
const { assertContract } = require("@m-erp/messaging/testing");

async function main() {
  const messaging = createMessaging({ service: "common", env: {}, redis: { url: process.env.REDIS_URL } });
  await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });
  await messaging.close();
  if (typeof assertContract !== "function" || typeof ContractError !== "function") throw new Error("no such export");
  console.log(JSON.stringify({ check: "require() finds every entry, and publishes" }));
}
void main();
