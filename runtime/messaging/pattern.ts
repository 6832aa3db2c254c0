/** A pattern over event types: one of them, all of an entity (`user.*`), or all (`*`). */
export type Pattern<Events> = "*" | (keyof Events & string) | `${Prefix<keyof Events & string>}.*`;

type Prefix<Type extends string> = Type extends `${infer Entity}.${string}` ? Entity : never;

/** The messages that a pattern matches, as a union discriminated by `event_type`. */
export type Matching<Events, Wanted> = Wanted extends "*"
  ? Events[keyof Events]
  : Wanted extends keyof Events
    ? Events[Wanted]
    : Wanted extends `${infer Entity}.*`
      ? Events[Extract<keyof Events, `${Entity}.${string}`>]
      : never;
