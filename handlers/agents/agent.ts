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
  /** Names the conversation, unique across callers, so that an agent may keep memory under it. */
  readonly conversation: string;
  /** Epoch milliseconds by which the signal is aborted. Waiting longer is useless. */
  readonly deadlineMs: number;
}

/** Tokens of a model, as it counted them itself. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
}

/** An agent's answer. */
export interface AgentAnswer {
  /** Never empty. */
  readonly text: string;
  /** Default: the agent does not report them. */
  readonly tokens?: Tokens;
  /** The model that counted the tokens. Default: the agent does not report it. */
  readonly model?: string;
}

/** Something that answers a prompt. */
export interface Agent {
  /**
   * Resolves with the complete answer. Rejects with {@link AgentFailure} if the agent failed, and with any error once
   * `signal` is aborted: then it must leave no call open.
   */
  run(input: AgentInput, signal: AbortSignal): Promise<AgentAnswer>;
}

/** An agent failed. The message is safe to show to the caller; `cause` is for operators only. */
export class AgentFailure extends Error {
  override readonly name = "AgentFailure";
}

/**
 * Makes messages of Converse from a prompt and its context. They alternate, start and end with the user, and contain no
 * blank text, as the API demands. The last message contains the earlier agents' answers, then the prompt.
 */
export function makeMessages({ prompt, context }: AgentInput): Message[] {
  // A turn without one of its halves would break the alternation.
  const turns = context.turns.filter((turn) => !isBlank(turn.prompt) && !isBlank(turn.answer));
  return [
    ...turns.flatMap((turn) => [message("user", turn.prompt), message("assistant", turn.answer)]),
    message("user", ...describeAnswers(context.answers), prompt),
  ];
}

/** Writes answers as JSON, so that no text in an answer can pretend to end it. */
function describeAnswers(answers: readonly EarlierAnswer[]): string[] {
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

/** Makes what an agent that takes JSON is sent: `{"prompt","context","instructions"?}`. */
export function makePayload({ prompt, context }: AgentInput, instructions: string | undefined): string {
  return JSON.stringify({ prompt, context, instructions });
}
