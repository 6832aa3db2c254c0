import { handleValidateToken } from "@m-erp/messaging";
import { runService } from "../service.js";
import { Accounts } from "./accounts.js";
import { accountNotices } from "./notices.js";
import { accountRoutes } from "./routes.js";
import { Sessions } from "./sessions.js";

await runService("user-auth-service", (app, messaging) => {
  const sessions = new Sessions();
  accountRoutes(app, messaging, { accounts: new Accounts(), sessions });
  accountNotices(messaging);
  handleValidateToken(messaging, ({ payload }) => sessions.validate(payload.token));
});
