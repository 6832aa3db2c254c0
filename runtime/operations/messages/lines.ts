// The commands may not import messaging/.
export { linesOf } from "../../messaging/causes.js";
