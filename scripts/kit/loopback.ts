import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** Whether a URL leads to this machine and nowhere else. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username } = new URL(url);
  return (
    ["http:", "https:"].includes(protocol) &&
    username === "" &&
    (/^127\.\d+\.\d+\.\d+$/.test(hostname) || hostname === "[::1]" || hostname === "localhost")
  );
}

/**
 * Tries to listen on a port of this machine's loopback.
 * @returns why nobody can listen there now, such as EADDRINUSE; undefined where the port is free
 */
export function whyNotFree(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}

/** Keeps the state inside the folder, and lets tables be destroyed. */
const OVERRIDE = {
  terraform: { backend: { local: { path: "terraform.tfstate" } } },
  resource: {
    aws_dynamodb_table: {
      store_requests: { lifecycle: { prevent_destroy: false } },
      store_sessions: { lifecycle: { prevent_destroy: false } },
    },
  },
};

/**
 * Settings without which the stack cannot be applied to the emulator. moto 5.2.1 has no PutCompositeAlarm, which
 * terraform would try again for minutes; the tests of those alarms read the plan.
 */
export const FOR_EMULATOR = { alarm_burn_rates: false } as const;

/**
 * Prepares a synthesized stack for an emulator, so that it can be applied and destroyed. Two files are written beside
 * the stack, which itself stays byte for byte what a deployment applies.
 * @param settings values of variables
 */
export function makeThrowAway(stackDirectory: string, settings: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(stackDirectory, "throw_away_override.tf.json"), JSON.stringify(OVERRIDE));
  writeFileSync(
    join(stackDirectory, "throw_away.auto.tfvars.json"),
    JSON.stringify({ deletion_protection: false, ...FOR_EMULATOR, ...settings }),
  );
}
