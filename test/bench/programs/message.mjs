// The message that is measured: `user.created` with 12 properties, as the README publishes it.

/** What a caller of `publishUserCreated` gives. */
export function input(n) {
  return {
    entity_id: n + 1,
    company_id: 1,
    user_id: 456,
    correlation_id: "985329c1-9789-4731-b311-205992b09849",
    metadata: { source: "registration" },
    after_data: { email: "user@example.com", first_name: "Ada", last_name: "Lovelace" },
  };
}

/** The same message whole, for programs that fill in and check nothing: the same bytes on the wire. */
export function message(n) {
  return {
    id: "dc9fb258-5124-4cba-abca-0409a9efee2a",
    timestamp: "2026-11-23T10:26:43.637Z",
    source_service: "user-auth-service",
    correlation_id: "985329c1-9789-4731-b311-205992b09849",
    metadata: { source: "registration" },
    type: "event",
    event_type: "user.created",
    entity_type: "user",
    entity_id: n + 1,
    company_id: 1,
    user_id: 456,
    after_data: { email: "user@example.com", first_name: "Ada", last_name: "Lovelace" },
  };
}

const encodings = {
  json: {
    write: (event) => ["message_type", event.event_type, "json", JSON.stringify(event)],
    read: (entry) => JSON.parse(entry[3]),
  },
  fields: {
    write: (event) => [
      "id",
      event.id,
      "timestamp",
      event.timestamp,
      "source_service",
      event.source_service,
      "correlation_id",
      event.correlation_id ?? "",
      "metadata",
      JSON.stringify(event.metadata ?? {}),
      "type",
      event.type,
      "event_type",
      event.event_type,
      "entity_type",
      event.entity_type,
      "entity_id",
      String(event.entity_id),
      "company_id",
      String(event.company_id ?? ""),
      "user_id",
      String(event.user_id ?? ""),
      "before_data",
      event.before_data === undefined ? "" : JSON.stringify(event.before_data),
      "after_data",
      event.after_data === undefined ? "" : JSON.stringify(event.after_data),
      "changes",
      event.changes === undefined ? "" : JSON.stringify(event.changes),
    ],
    read(entry) {
      const event = {};
      for (let at = 0; at < entry.length; at += 2) if (entry[at + 1] !== "") event[entry[at]] = entry[at + 1];
      event.entity_id = Number(event.entity_id);
      event.company_id = Number(event.company_id);
      event.user_id = Number(event.user_id);
      event.metadata = JSON.parse(event.metadata);
      event.after_data = JSON.parse(event.after_data);
      return event;
    },
  },
};

/** How a program without the SDK writes and reads an entry: by hand, without a check. */
export const byHand = (encoding) => encodings[encoding];
