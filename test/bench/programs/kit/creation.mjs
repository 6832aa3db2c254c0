import { createTestMessaging } from "@m-erp/messaging/testing";
import { answer, settings, testsOf } from "../program.mjs";

const value = await testsOf(settings.count, () => void createTestMessaging({ service: "user-auth-service" }));
answer({ value });
