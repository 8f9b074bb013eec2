/** Signals on which a command ends in order: Ctrl-C, a request to end, a terminal that was closed. */
export type EndingSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

const NAMES: Readonly<Record<EndingSignal, string>> = {
  SIGINT: "Interrupted",
  SIGTERM: "Asked to end (SIGTERM)",
  SIGHUP: "The terminal was closed (SIGHUP)",
};

/** A signal has ended the work. It is the reason of the commands' abort signal. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";

  constructor(
    readonly by: EndingSignal,
    options?: ErrorOptions & { readonly message?: string },
  ) {
    super(options?.message ?? `${NAMES[by]}.`, options);
  }
}
