import type { ContentBlock, Message } from "@aws-sdk/client-bedrock-runtime";
import type { AgentInput, EarlierAnswer } from "./agent";

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
