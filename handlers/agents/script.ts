const SCRIPT = /^(\d{1,7})ms (!?)([^!][\s\S]*)$/;

/** What a scripted agent does: wait, then answer, or fail with the text as its message. */
export interface Script {
  readonly delayMs: number;
  readonly fails: boolean;
  readonly text: string;
}

/**
 * Parses a scripted agent's target, `<milliseconds>ms <answer>` or `<milliseconds>ms !<error message>`. Undefined where
 * it is neither.
 */
export function parseScript(target: string): Script | undefined {
  const match = SCRIPT.exec(target);
  return match ? { delayMs: Number(match[1]), fails: match[2] === "!", text: match[3] ?? "" } : undefined;
}
