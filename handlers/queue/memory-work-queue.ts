import { writeMessage, type WorkQueue } from "./work-queue";

/** A queue in this process, with the bodies it was sent: for tests. */
export interface MemoryWorkQueue extends WorkQueue {
  readonly bodies: readonly string[];
}

/** Work in this process: for tests. */
export function memoryWorkQueue(): MemoryWorkQueue {
  const bodies: string[] = [];
  return {
    bodies,
    async send(requestId) {
      bodies.push(writeMessage(requestId));
    },
    async check() {},
  };
}
