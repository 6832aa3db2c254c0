import { createMessaging, handleValidateToken, sendValidateToken } from "@m-erp/messaging";
import { answer, oneByOne, settings } from "../program.mjs";

const { url, encoding, count } = settings;
const asking = createMessaging({ service: "api-gateway", encoding, redis: { url }, env: {} });
const answering = createMessaging({ service: "user-auth-service", encoding, redis: { url }, env: {} });

handleValidateToken(answering, async () => ({ valid: true, user_id: 123, company_id: 1 }));
await answering.start();
answer({ value: await oneByOne(count, () => sendValidateToken(asking, { token: "jwt-token" })) });
await Promise.all([asking.close(), answering.close()]);
