import {
  createMessaging,
  handleValidateToken,
  type Messaging,
  type MessagingOptions,
  notifySuccess,
  onSuccessNotification,
  onUserCreated,
  onUserPasswordChanged,
} from "@m-erp/messaging";
import type { Screen } from "./screen.js";

/** The Redis and the environment of the services, and the screen for their output. */
export interface Stage {
  readonly redis: { readonly url: string };
  readonly environment: string;
  readonly screen: Screen;
}

/** The services that publish or send messages in the story. Disposal shuts down all services gracefully. */
export interface Services extends AsyncDisposable {
  readonly userAuth: Messaging;
  readonly companyPartner: Messaging;
  readonly gateway: Messaging;
}

/** Creates five services, each as it would run in a process of its own, and starts those that have handlers. */
export async function openServices({ redis, environment, screen }: Stage): Promise<Services> {
  const create = (service: string, options: MessagingOptions = {}) =>
    createMessaging({ service, environment, redis: { url: redis.url }, ...options });

  const userAuth = create("user-auth-service");
  handleValidateToken(userAuth, ({ payload }) => {
    screen.react(userAuth.service, "looks the token up");
    return payload.token === "ada's token" ? { valid: true, user_id: 123, roles: ["accountant"] } : { valid: false };
  });

  const companyPartner = create("company-partner-service");

  const audit = create("audit-service");
  audit.on("*", (event) => {
    screen.react(audit.service, `notes ${event.event_type} of ${event.entity_type} ${event.entity_id}`);
  });

  const notification = create("notification-service", {
    // By default it is a minute. It doubles with each retry, and each is shortened by up to half at random.
    retryDelaySeconds: 1,
    hooks: {
      retried: ({ attempt, delayMs }) =>
        screen.react(
          notification.service,
          `fails at attempt ${attempt}: the mail server is away; is called again in ${(delayMs / 1000).toFixed(1)} s`,
        ),
    },
    // The story tells of the failure.
    logger: { info() {}, warn() {}, error: console.error },
  });
  onUserCreated(notification, async ({ entity_id, after_data }) => {
    screen.react(notification.service, `welcomes ${after_data.email}`);
    await notifySuccess(notification, {
      title: `Welcome, ${after_data.first_name}!`,
      message: "Your account is ready.",
      target_user_id: entity_id,
    });
  });
  onUserPasswordChanged(notification, ({ entity_id }, { attempt }) => {
    if (attempt === 1) throw new Error("the mail server is away");
    screen.react(notification.service, `mails user ${entity_id} at attempt ${attempt}`);
  });

  const gateway = create("api-gateway");
  onSuccessNotification(gateway, ({ title, target_user_id }) => {
    screen.react(gateway.service, `shows user ${target_user_id} "${title}"`);
  });

  const all = [userAuth, companyPartner, audit, notification, gateway];
  const close = async (): Promise<void> => {
    await Promise.all(all.map((service) => service.close()));
  };
  try {
    await Promise.all([userAuth, audit, notification, gateway].map((service) => service.start({ requireRedis: true })));
  } catch (error) {
    await close();
    throw error;
  }
  return { userAuth, companyPartner, gateway, [Symbol.asyncDispose]: close };
}
