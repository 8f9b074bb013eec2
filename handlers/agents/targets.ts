import type { AgentKind } from "../environment";
import { parseScript } from "./script";

const ARNS: Readonly<Partial<Record<AgentKind, readonly [pattern: RegExp, words: string]>>> = {
  agentcore: [/^arn:[\w-]+:bedrock-agentcore:/, "the ARN of an AgentCore runtime"],
  bedrock: [/^(?!arn:)\S+$|^arn:[\w-]+:bedrock:/, "a model's or an inference profile's id or ARN"],
  lambda: [
    /^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/,
    "the ARN of a Lambda function, with or without a version or alias",
  ],
};

/** What is wrong with the target of an agent of this kind, or "". */
export function targetProblem(kind: unknown, target: unknown): string {
  if (typeof target !== "string" || target === "") return `target is ${JSON.stringify(target)}, but must be a text`;
  if (kind === "http") return urlProblem(target);
  if (kind === "scripted" && !parseScript(target)) {
    return `target is ${JSON.stringify(target)}, but must read "<milliseconds>ms <answer>" or "<milliseconds>ms !<error message>"`;
  }
  const [pattern, words] = ARNS[kind as AgentKind] ?? [];
  return pattern && !pattern.test(target) ? `target is ${JSON.stringify(target)}, but must be ${words}` : "";
}

/** Never quotes the whole URL: what is wrong with it may be that it holds a password. */
function urlProblem(target: string): string {
  const allowed = "must be https://<host>/<path>, or http:// to 127.0.0.1 or localhost";
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url) return `target is no URL, but ${allowed}`;
  if (url.username !== "" || url.password !== "")
    return "target holds a user or a password, but must not: put it into a secret, and name that in secret_arn";
  const isLoopback = url.protocol === "http:" && ["127.0.0.1", "localhost"].includes(url.hostname);
  return url.protocol === "https:" || isLoopback
    ? ""
    : `target goes to ${JSON.stringify(`${url.protocol}//${url.host}`)}, but ${allowed}`;
}
