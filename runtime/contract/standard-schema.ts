/**
 * What a Standard Schema and a Standard JSON Schema have in common with each other (standardschema.dev, version 1). The
 * types are those of `@standard-schema/spec`, as narrow as ours are: input and output are the same, and validation is
 * never asynchronous.
 */
export interface StandardProps<Message> {
  readonly version: 1;
  readonly vendor: string;
  /** Never set: it only carries the types. */
  readonly types?: { readonly input: Message; readonly output: Message } | undefined;
  /**
   * Validates a whole message as a reader does: undeclared names are allowed, and the first issue ends it. The value is
   * returned as it was given. The check is compiled at the first call.
   */
  readonly validate: (value: unknown) => StandardResult<Message>;
  /** Converts the schema. @throws {UsageError} for a target other than `draft-2020-12` and `draft-07` */
  readonly jsonSchema: { readonly input: StandardConverter; readonly output: StandardConverter };
}

/** The verdict of a validation. */
export type StandardResult<Message> =
  | { readonly value: Message; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** A violation, by the keys that lead to it. It holds no value that the schema marks as sensitive. */
export interface StandardIssue {
  readonly message: string;
  readonly path: readonly (string | number)[];
}

/** Makes JSON Schema of a named version. */
export type StandardConverter = (options: { readonly target: string }) => Record<string, unknown>;
