/** One exchange of an earlier request of the same session. */
export interface Turn {
  readonly prompt: string;
  readonly answer: string;
}

/** What an agent of an earlier phase answered. */
export interface EarlierAnswer {
  readonly name: string;
  readonly answer: string;
}

/** What an agent is asked. */
export interface AgentInput {
  readonly prompt: string;
  readonly context: {
    /** The session's last turns, oldest first. Empty without a session. */
    readonly turns: readonly Turn[];
    /** Answers of the earlier phases, in their order. Empty in the first phase. */
    readonly answers: readonly EarlierAnswer[];
  };
  /** Names the conversation, unique across callers: an agent may keep memory under it. */
  readonly conversation: string;
  /** Epoch milliseconds at which the signal is aborted at the latest: waiting for longer is of no use. */
  readonly deadlineMs: number;
}

/** Tokens of a model, as it counted them itself. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
}

/** What an agent gave. */
export interface AgentAnswer {
  /** Never empty. */
  readonly text: string;
  /** Where the agent tells. */
  readonly tokens?: Tokens;
  /** The model that counted the tokens, where the agent tells. */
  readonly model?: string;
}

/** Something that answers a prompt. */
export interface Agent {
  /**
   * Resolves with the whole answer, never a part of it. Rejects with {@link AgentFailure} where the agent
   * failed, and in any way once `signal` is aborted: then it must leave no call open.
   */
  run(input: AgentInput, signal: AbortSignal): Promise<AgentAnswer>;
}

/** An agent failed. The message is safe to show to the caller; what only operators may see is in `cause`. */
export class AgentFailure extends Error {
  override readonly name = "AgentFailure";
}
