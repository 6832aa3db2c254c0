import { runService } from "../service.js";
import { companyPartnerNotices } from "./notices.js";
import { companyPartnerRoutes } from "./routes.js";

await runService("company-partner-service", (app, messaging) => {
  companyPartnerRoutes(app, messaging);
  companyPartnerNotices(messaging);
});
