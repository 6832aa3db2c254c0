import { runService, type Service } from "../service.js";
import { authenticate } from "./authenticate.js";
import { forwardTo } from "./forward.js";

/** Forwards to the addresses in a variable: one address, or one for each replica, separated by spaces. */
function behind(variable: string): ReturnType<typeof forwardTo> {
  return forwardTo((process.env[variable] ?? "").split(" ").filter((address) => address !== ""));
}

// Clients connect to it directly. Behind a proxy of your own, name that one.
const trustProxy = process.env["TRUSTED_PROXY"] || false;

const gateway: Service = (app, messaging) => {
  const userAuth = behind("USER_AUTH_URL");
  const companyPartner = behind("COMPANY_PARTNER_URL");
  const notifications = behind("NOTIFICATION_GATEWAY_URLS");
  const signedIn = { preHandler: authenticate(messaging) };
  app.decorateRequest("caller", undefined);

  app.post("/register", userAuth);
  app.post("/login", userAuth);
  app.post("/logout", userAuth);
  app.get("/me", signedIn, (request) => request.caller);
  app.route({ method: ["GET", "POST"], url: "/partners", ...signedIn, handler: companyPartner });
  app.get("/rates", signedIn, companyPartner);
  app.put("/rates/:code", signedIn, companyPartner);
  app.get("/notifications", signedIn, notifications);
  for (const file of ["/", "/page.css", "/page.js"]) app.get(file, notifications);
};

await runService("api-gateway", gateway, { trustProxy });
