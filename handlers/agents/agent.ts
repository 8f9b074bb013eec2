import type { ContentBlock, Message } from "@aws-sdk/client-bedrock-runtime";

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

/**
 * A prompt and its context as messages of Converse: they alternate, begin and end with the user, and hold no blank
 * text, as the API demands. The last one holds the earlier agents' answers, then the prompt.
 */
export function messagesOf({ prompt, context }: AgentInput): Message[] {
  // A turn without one of its halves would break the alternation.
  const turns = context.turns.filter((turn) => !isBlank(turn.prompt) && !isBlank(turn.answer));
  return [
    ...turns.flatMap((turn) => [message("user", turn.prompt), message("assistant", turn.answer)]),
    message("user", ...answersIn(context.answers), prompt),
  ];
}

/** As JSON: whatever an answer holds, it ends where its quotes end. */
function answersIn(answers: readonly EarlierAnswer[]): string[] {
  if (answers.length === 0) return [];
  return [
    `Other agents have answered the prompt below before you. Their answers, as JSON:\n${JSON.stringify(answers)}`,
  ];
}

const message = (role: "user" | "assistant", ...texts: readonly string[]): Message => ({
  role,
  content: texts.map((text): ContentBlock => ({ text })),
});

const isBlank = (text: string): boolean => text.trim() === "";

/** What an agent that takes JSON is sent: `{"prompt","context","instructions"?}`. */
export function payloadOf({ prompt, context }: AgentInput, instructions: string | undefined): string {
  return JSON.stringify({ prompt, context, instructions });
}
