import { writeMessage, type WorkQueue } from "../../handlers/requests/work-queue";

/** A queue in this process, with what it was told. */
export interface MemoryWorkQueue extends WorkQueue {
  /** The messages that it was sent, oldest first. */
  readonly bodies: readonly string[];
  /** The receipt handles that it was told to delay, each with the seconds. */
  readonly delays: readonly (readonly [string, number])[];
}

/** Work in this process. @param waiting how many messages it says are waiting */
export function memoryWorkQueue(waiting = 0): MemoryWorkQueue {
  const bodies: string[] = [];
  const delays: [string, number][] = [];
  return {
    bodies,
    delays,
    async send(message) {
      bodies.push(writeMessage(message));
    },
    async delay(receiptHandle, seconds) {
      delays.push([receiptHandle, seconds]);
    },
    async waiting() {
      return waiting;
    },
    async check() {},
  };
}
