-- Which of these files have run.
CREATE TABLE merp_migration (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- The messages that transactions have written and no relay has published yet.
CREATE TABLE merp_outbox (
  -- The order in which the messages of one key are published.
  place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The message's id and type as on the wire, and its stream with the environment's prefix.
  id text NOT NULL,
  type text NOT NULL,
  stream text NOT NULL,
  -- What the message is about, as user:123.
  key text NOT NULL,
  -- Whether the key was given. It then chooses the partition, too, where the stream has any.
  is_given boolean NOT NULL DEFAULT false,
  -- One of 64 parts, by the key. A relay locks the parts from which it publishes.
  part smallint NOT NULL,
  -- The names and values of the entry that is added to the stream, as a JSON array.
  entry text NOT NULL,
  -- Of a notification: the channel on which it is announced, and the message as JSON.
  channel text,
  announced text,
  correlation_id text,
  -- The digest of the contract that the message kept when it was written.
  contract text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  -- Why the message cannot be published. It waits for an operator.
  refusal text,
  -- Of a message that was published before: until when Redis is sure to find it by its id, if it has it.
  known_until timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

CREATE INDEX merp_outbox_waiting ON merp_outbox (part, place) WHERE refusal IS NULL;

CREATE INDEX merp_outbox_refused ON merp_outbox (place) WHERE refusal IS NOT NULL;

-- Wakes a relay at the commit, if one sleeps: it then holds the lock by itself. While all relays are at work nobody is notified, because
-- transactions that notify commit one after the other.
CREATE FUNCTION merp_outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(TG_RELID::int, 64) THEN
    PERFORM pg_notify('merp_outbox', '');
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER merp_outbox_wake AFTER INSERT ON merp_outbox FOR EACH STATEMENT EXECUTE FUNCTION merp_outbox_wake();

-- What has been published, kept for a time: Redis may lose the end of its history in a failover.
CREATE TABLE merp_outbox_sent (
  place bigint NOT NULL,
  id text NOT NULL,
  type text NOT NULL,
  stream text NOT NULL,
  key text NOT NULL,
  is_given boolean NOT NULL,
  part smallint NOT NULL,
  entry text NOT NULL,
  channel text,
  announced text,
  correlation_id text,
  contract text NOT NULL,
  written_at timestamptz NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now(),
  known_until timestamptz NOT NULL
);

CREATE INDEX merp_outbox_sent_at ON merp_outbox_sent (sent_at);

INSERT INTO merp_migration (version, name) VALUES (1, 'outbox');
