import type { Guard } from "./guard";

/** Around the handling of one operation, whatever it takes and gives. */
type Around = <Input, Output>(next: (input: Input) => Promise<Output>) => (input: Input) => Promise<Output>;

/** What the SDK's clients have in common. */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: Around,
      options: { readonly step: "initialize"; readonly name: string; readonly priority: "high" },
    ): void;
  };
}

/**
 * Puts a guard around every operation of a client of the SDK, so that its users need not know. It stands outside the
 * SDK's own attempts (step `finalizeRequest`, @smithy/core retry), which already wait with full jitter and by
 * `retryMode: "adaptive"` slow down where the service throttles: the guard sees what came of all of them.
 */
export function guardClient<Kind extends Client>(client: Kind, guard: Guard): Kind {
  client.middlewareStack.add((next) => (input) => guard.run(() => next(input)), {
    step: "initialize",
    name: "quickturnGuard",
    priority: "high",
  });
  return client;
}
