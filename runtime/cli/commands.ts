import type { Command } from "commander";

/** The operator's commands. Each is loaded when it is asked for. */
export const operatorCommands: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import("./doctor.js")).doctorCommand,
  dashboard: async () => (await import("./dashboard.js")).dashboardCommand,
  explain: async () => (await import("./explain.js")).explainCommand,
  publish: async () => (await import("./publish.js")).publishCommand,
  send: async () => (await import("./send.js")).sendCommand,
  replay: async () => (await import("./replay.js")).replayCommand,
  tail: async () => (await import("./tail.js")).tailCommand,
  outbox: async () => (await import("./outbox/outbox.js")).outboxCommand,
  saga: async () => (await import("./saga/saga.js")).sagaCommand,
  relay: async () => (await import("./relay.js")).relayCommand,
  status: async () => (await import("./status/status.js")).statusCommand,
  "dead-letters": async () => (await import("./dead-letters/dead-letters.js")).deadLettersCommand,
  audit: async () => (await import("./audit.js")).auditCommand,
  pause: async () => (await import("./pause.js")).pauseCommand,
  resume: async () => (await import("./pause.js")).resumeCommand,
  paused: async () => (await import("./pause.js")).pausedCommand,
  partitions: async () => (await import("./partitions.js")).partitionsCommand,
  retry: async () => (await import("./retry.js")).retryCommand,
  keys: async () => (await import("./keys/keys.js")).keysCommand,
  forget: async () => (await import("./forget.js")).forgetCommand,
  group: async () => (await import("./group.js")).groupCommand,
};
