import type { Caller } from "../../scripts/emulator";

const caller = (name: string): Caller => ({
  name,
  accessKeyId: `TEST${name.toUpperCase()}`,
  secretAccessKey: `${name}-secret`,
  userId: `AIDATEST${name.toUpperCase()}`,
  accountId: "123456789012",
});

export const ALICE = caller("alice");
export const BOB = caller("bob");
