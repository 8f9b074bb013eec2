/** A comment on a pull or merge request. */
export interface ForgeComment {
  readonly id: number;
  readonly body: string;
  /** Whether the token's own user wrote it. */
  readonly isOwn: boolean;
}

/** The discussion of one pull or merge request. Every call throws a {@link ForgeError}. */
export interface Forge {
  /** Characters that a comment may have. */
  readonly maxCharacters: number;
  /** Every comment, however many pages they fill. */
  comments(): Promise<readonly ForgeComment[]>;
  /** @returns its address for a person */
  create(body: string): Promise<string>;
  /** @returns its address for a person */
  update(id: number, body: string): Promise<string>;
}

/** A forge refused, or could not be asked. */
export class ForgeError extends Error {
  override readonly name = "ForgeError";

  /** @param isPassing the same call may succeed a little later */
  constructor(
    message: string,
    readonly isPassing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
