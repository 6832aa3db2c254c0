-- The messages that were handled, by group.
CREATE TABLE merp_inbox (
  consumer_group text NOT NULL,
  -- The message's type as on the wire, and its id.
  type text NOT NULL,
  message_id text NOT NULL,
  -- How often it was delivered since it was handled, that time included.
  deliveries integer NOT NULL DEFAULT 1,
  -- Of a command: what its handler returned, as JSON.
  answer text,
  noted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, type, message_id)
);

CREATE INDEX merp_inbox_noted_at ON merp_inbox USING brin (noted_at);

-- The greatest token of a partition's owner whose handlers have written.
CREATE TABLE merp_fence (
  consumer_group text NOT NULL,
  -- The stream and the number of the partition.
  part text NOT NULL,
  fence bigint NOT NULL,
  PRIMARY KEY (consumer_group, part)
);

INSERT INTO merp_migration (version, name) VALUES (2, 'inbox');
