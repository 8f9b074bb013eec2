/** Levels of objects and arrays that a document may have. */
export const MAX_DEPTH = 8;

/** Keys that turn into something else when a document is copied onto an object. */
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/** A string, or a mark that gives the document its shape. Numbers and literals are skipped. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/** A document, and what is wrong with it though it is JSON. */
export interface StrictDocument {
  /** Undefined where the text is not JSON. */
  readonly value: unknown;
  /** Sentences without a full stop, each safe to show. */
  readonly problems: readonly string[];
}

/**
 * Parses JSON and finds what parsers disagree on or trip over: a key given twice (this parser keeps the last,
 * others the first), `__proto__` and its kin, more than {@link MAX_DEPTH} levels.
 */
export function parseStrictly(text: string): StrictDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No cause: a syntax error quotes the text.
    return { value: undefined, problems: ["the body is not valid JSON"] };
  }
  return { value, problems: [...new Set(problemsOf(text))] };
}

/** Walks the marks of a text that is known to be JSON. */
function problemsOf(text: string): string[] {
  const problems: string[] = [];
  const levels: Set<string>[] = [];
  let lastString = '""';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      levels.push(new Set());
      if (levels.length > MAX_DEPTH) problems.push(`the body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (token === "}" || token === "]") levels.pop();
    else if (token === ":") problems.push(...keyProblems(JSON.parse(lastString) as string, levels.at(-1)));
    else lastString = token;
  }
  return problems;
}

function keyProblems(key: string, seen = new Set<string>()): string[] {
  const problems = FORBIDDEN_KEYS.has(key) ? [`the key ${nameField(key)} is not allowed`] : [];
  if (seen.has(key)) problems.push(`the key ${nameField(key)} is given twice`);
  seen.add(key);
  return problems;
}

/** The name of a field for a message; one that is no plain name is not repeated. */
export function nameField(name: string): string {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : "(name not shown)";
}
