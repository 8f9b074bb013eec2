import { EXIT_CODES } from "../kit/context";
import { Interrupted, type EndingSignal } from "../kit/process";

/** Exit codes of a command that a signal has ended: 128 plus the signal's number, as in shells. */
export const SIGNAL_EXIT_CODES: Readonly<Record<EndingSignal, number>> = {
  SIGHUP: EXIT_CODES.hungUp,
  SIGINT: EXIT_CODES.interrupted,
  SIGTERM: EXIT_CODES.terminated,
};

/**
 * Milliseconds in which a second SIGINT belongs to the same key press: npm repeats to its child what the terminal sent.
 */
const SAME_PRESS_MS = 1_000;

const FIRST =
  "Terraform finishes what it has begun, and ends by itself: please wait. A second Ctrl-C stops it at once, and " +
  "then it may lose what it has made: the state no longer knows of it.";
const SECOND = "Terraform is stopped at once. What it was making may be there without its state knowing of it.";

/** What an interruption acts on. */
interface Surroundings {
  readonly nowMs: () => number;
  readonly showNote: (text: string) => void;
  /** Names of the programs that run now. */
  readonly running: () => readonly string[];
  /** Sends them a SIGINT. */
  readonly interruptAgain: () => void;
  /** Kills all programs that were started, and ends this process, without any clean-up. */
  readonly endNow: (exitCode: number) => void;
}

/**
 * What signals do to a command. The first one ends the work in order. A second Ctrl-C is passed on to the programs that
 * run, which terraform takes as "stop at once"; where none runs, and at a third, everything ends at once.
 */
export class Interruption {
  private readonly controller = new AbortController();
  private first: EndingSignal | undefined;
  private pressedMs = 0;
  private isPassedOn = false;

  constructor(private readonly surroundings: Surroundings) {}

  /** Aborted by the first signal, with an {@link Interrupted} as its reason. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Exit code of a command that could not do its work. */
  get exitCode(): number {
    return this.first === undefined ? 1 : SIGNAL_EXIT_CODES[this.first];
  }

  receive(by: EndingSignal): void {
    const { nowMs, showNote, running, interruptAgain, endNow } = this.surroundings;
    if (this.first === undefined) {
      [this.first, this.pressedMs] = [by, nowMs()];
      if (running().includes("terraform")) showNote(FIRST);
      return this.controller.abort(new Interrupted(by));
    }
    // A closed terminal and a cancelled pipeline send several signals. Only a person has read the note.
    if (by !== "SIGINT" || nowMs() - this.pressedMs < SAME_PRESS_MS) return;
    this.pressedMs = nowMs();
    if (this.isPassedOn || running().length === 0) return endNow(this.exitCode);
    this.isPassedOn = true;
    if (running().includes("terraform")) showNote(SECOND);
    interruptAgain();
  }

  /** Returns the error to report: the interruption instead of the AbortError that an operation threw because of it. */
  explain(error: unknown): unknown {
    return this.first !== undefined && error instanceof Error && error.name === "AbortError"
      ? this.signal.reason
      : error;
  }
}
