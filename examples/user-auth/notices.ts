import {
  type Messaging,
  notifyInfo,
  notifySuccess,
  notifyWarning,
  onUserCreated,
  onUserLocked,
  onUserLoggedIn,
} from "@m-erp/messaging";

/**
 * Notifies users of changes to their accounts. A handler may be called again for the same event. Each notification is
 * therefore published with `once` under the event's id, so users are notified once.
 */
export function accountNotices(messaging: Messaging): void {
  onUserCreated(messaging, async ({ id, entity_id, after_data }) => {
    await notifySuccess(
      messaging,
      {
        title: `Welcome, ${after_data.first_name ?? after_data.email}!`,
        message: "Your account is ready.",
        target_user_id: entity_id,
      },
      { id, once: true },
    );
  });

  onUserLoggedIn(messaging, async ({ id, entity_id, after_data }) => {
    await notifyInfo(
      messaging,
      { title: "New sign-in", message: `Signed in from ${after_data.ip_address}.`, target_user_id: entity_id },
      { id, once: true },
    );
  });

  onUserLocked(messaging, async ({ id, entity_id, after_data }) => {
    await notifyWarning(
      messaging,
      {
        title: "Account locked",
        message: `Somebody entered a wrong password ${after_data.failed_attempts ?? "several"} times.`,
        target_user_id: entity_id,
        priority: 3,
      },
      { id, once: true },
    );
  });
}
