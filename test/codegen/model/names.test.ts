import { describe, expect, it } from "vitest";
import { kindOfFolder, kinds } from "../../../codegen/model/kind.js";
import type { Message } from "../../../codegen/model/model.js";
import { exportsOf, handlerGroup, namesOf } from "../../../codegen/model/names.js";

describe("what a message's file exports", () => {
  it.each([
    [
      "events",
      "UserCreated",
      [
        ...["UserCreated", "UserCreatedInput", "userCreated", "publishUserCreated"],
        ...["UserCreatedHandler", "onUserCreated"],
      ],
    ],
    [
      "commands",
      "ValidateToken",
      [
        ...["ValidateToken", "ValidateTokenPayload", "ValidateTokenResult", "validateToken", "sendValidateToken"],
        ...["ValidateTokenHandler", "handleValidateToken"],
      ],
    ],
    [
      "notifications",
      "SuccessNotification",
      [
        ...["SuccessNotification", "SuccessNotificationInput", "successNotification", "notifySuccess"],
        ...["SuccessNotificationHandler", "onSuccessNotification"],
      ],
    ],
    [
      "health",
      "HealthHeartbeat",
      [
        ...["HealthHeartbeat", "HealthHeartbeatInput", "healthHeartbeat", "publishHealthHeartbeat"],
        ...["HealthHeartbeatHandler", "onHealthHeartbeat"],
      ],
    ],
  ])("is named after the message and its kind: %s", (folder, name, exported) => {
    const message = { name, kind: kindOfFolder(folder) } as Message;
    expect(exportsOf(message)).toEqual(exported);
  });

  it("has examples for the testing entry", () => {
    expect(namesOf({ name: "ValidateToken", kind: { kind: "command" } })).toMatchObject({
      example: "exampleValidateToken",
      exampleResult: "exampleValidateTokenResult",
    });
  });

  it("loses only the last word of a notification's name", () => {
    expect(namesOf({ name: "NotificationFailed", kind: { kind: "notification" } }).emit).toBe(
      "notifyNotificationFailed",
    );
  });
});

it("the handlers of events are grouped by the first word of the type", () => {
  expect(handlerGroup("user.address.changed")).toEqual({ prefix: "user", name: "UserEventHandlers" });
  expect(handlerGroup("order_placed")).toEqual({ prefix: "order_placed", name: "OrderPlacedEventHandlers" });
});

it("a kind of message has a folder, and fills in what its publisher does not know", () => {
  expect(kinds.map(({ kind, folder, typeProperty, suffix }) => [kind, folder, typeProperty, suffix])).toEqual([
    ["event", "events", "event_type", ""],
    ["command", "commands", "command_type", ""],
    ["notification", "notifications", "notification_type", "Notification"],
    ["health", "health", undefined, ""],
  ]);
  expect(kindOfFolder("events")?.filledIn).toContain("event_type");
  expect(kindOfFolder("types")).toBeUndefined();
});
