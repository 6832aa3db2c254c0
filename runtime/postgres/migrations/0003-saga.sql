-- The sagas that are under way, and for a time those that have ended.
CREATE TABLE merp_saga (
  saga text NOT NULL,
  id text NOT NULL,
  -- The version of the definition that wrote the state.
  version integer NOT NULL,
  state text NOT NULL,
  -- The state as it may be shown: what its schema calls sensitive is masked.
  shown text NOT NULL,
  -- running, undoing, stuck, done or undone.
  status text NOT NULL,
  -- The commands that undo what was done, in the order of what they undo, as a JSON array.
  undo text NOT NULL DEFAULT '[]',
  error text,
  correlation_id text,
  begun_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (saga, id)
);

CREATE INDEX merp_saga_changed ON merp_saga (status, changed_at);

-- The commands that sagas wait for.
CREATE TABLE merp_saga_ask (
  place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  saga text NOT NULL,
  id text NOT NULL,
  -- The id under which the command is sent. Another one once it was answered with a failure.
  command_id text NOT NULL,
  command text NOT NULL,
  request text NOT NULL,
  is_undo boolean NOT NULL,
  -- The answer, where the step that takes it has failed.
  answer text,
  attempts integer NOT NULL DEFAULT 0,
  error text,
  -- When it is sent. Of one that is being sent: when another process may do so.
  due_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX merp_saga_ask_due ON merp_saga_ask (due_at);

CREATE INDEX merp_saga_ask_saga ON merp_saga_ask (saga, id);

CREATE TABLE merp_saga_timer (
  saga text NOT NULL,
  id text NOT NULL,
  name text NOT NULL,
  due_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  error text,
  PRIMARY KEY (saga, id, name)
);

CREATE INDEX merp_saga_timer_due ON merp_saga_timer (due_at);

INSERT INTO merp_migration (version, name) VALUES (3, 'saga');
