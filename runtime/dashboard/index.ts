// dashboard/ is the operator's page. It may import operations and what that stands on; cli/ alone imports it.

export { createDashboard, type Dashboard, type DashboardOptions } from "./create-dashboard.js";
