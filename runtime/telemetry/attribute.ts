/**
 * The attributes of the conventions that both entries use, version 1.45 of OpenTelemetry's semantic conventions, and our own,
 * which begin with `merp`. Prometheus writes them with underscores.
 */
export const DESTINATION = "messaging.destination.name";
export const GROUP = "messaging.consumer.group.name";
export const ERROR_TYPE = "error.type";
/** The service whose messaging it is. An OpenTelemetry resource has it, too, but Prometheus may keep that elsewhere. */
export const SERVICE = "merp.service";
/** The name of a hook. */
export const EVENT = "merp.event";

export type Labels = Readonly<Record<string, string>>;
