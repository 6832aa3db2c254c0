import { type Messaging, subscribeNotifications } from "@m-erp/messaging";
import type { FastifyInstance } from "fastify";
import { callerOf } from "../service.js";
import { EventStream } from "./event-stream.js";

const entryId = { type: "string", pattern: "^\\d+-\\d+$" };

/**
 * Sends a user's notifications live, after those missed since the last one that the browser received. Each replica
 * receives all notifications, so a browser can connect to any of them.
 */
export function liveNotifications(app: FastifyInstance, messaging: Pick<Messaging, "listen">): void {
  const schema = {
    headers: { type: "object", properties: { "last-event-id": entryId } },
    querystring: { type: "object", properties: { since: entryId } },
  };
  app.get<{ Headers: { "last-event-id"?: string }; Querystring: { since?: string } }>(
    "/notifications",
    { schema },
    async (request, reply) => {
      const { user_id: userId } = callerOf(request);
      if (userId === undefined) return reply.code(401).send({ error: "Come through the API gateway." });
      const since = request.headers["last-event-id"] ?? request.query.since;
      reply.hijack();
      const stream = new EventStream(reply.raw);
      try {
        const listening = await subscribeNotifications(
          messaging,
          { userId },
          (notification, { entryId }) => stream.send(notification, entryId),
          since === undefined ? { catchUp: true } : { since },
        );
        stream.onClosed(() => void listening.close());
      } catch {
        stream.end(); // Redis is unavailable: the browser reconnects automatically.
      }
      return reply;
    },
  );
}
