import pc from "picocolors";
import type { Caller } from "../local";
import type { Trial } from "./demonstration";

/** How a person calls the API from another terminal. */
export function describeCalls(url: string, callers: readonly Caller[], folder: string): string {
  const exports = callers.map(
    ({ name, accessKeyId, secretAccessKey }) => `export ${name.toUpperCase()}="${accessKeyId}:${secretAccessKey}"`,
  );
  return [
    pc.bold("Call it yourself, from another terminal:"),
    `  export API=${url}`,
    ...exports.map((line) => `  ${line}`),
    `  curl -i --aws-sigv4 aws:amz:us-east-1:execute-api --user $ALICE -H 'content-type: application/json' -d '{"prompt":"Flight EY123 delayed 3 hours"}' $API/api/v1/invoke`,
    `  curl -i --aws-sigv4 aws:amz:us-east-1:execute-api --user $ALICE $API/api/v1/status/<request_id>`,
    pc.dim(`  Logs: ${folder}/logs`),
  ].join("\n");
}

/** How a person asks the gate about what runs. */
export function describeMetrics(
  metricsUrl: string,
  stackDirectory: string,
  { accessKeyId, secretAccessKey }: Caller,
): string {
  return [
    pc.bold("Judge it by its metrics, from another terminal:"),
    `  AWS_ENDPOINT_URL=${metricsUrl} AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} npx quickturn verify --state ${stackDirectory}`,
    pc.dim(
      "  A run is judged once every run that began with it must have ended: after the setting timeout and two minutes; --var timeout=30 makes that short.",
    ),
  ].join("\n");
}

/** One request: when it was accepted, what each agent said, what the cache did. */
export function describeTrial(title: string, trial: Trial, hitsAfterwards: number): string {
  const { accepted, acceptedMs, requestId, agents, agentsMs, polls, cacheHits } = trial;
  const answers = agents.filter(({ phase }) => phase === Math.max(...agents.map((agent) => agent.phase)));
  const width = Math.max(...answers.map(({ name }) => name.length), 0);
  return [
    `${pc.bold(title)}: ${accepted} in ${acceptedMs} ms, request_id ${requestId}`,
    ...answers.map(
      ({ name, status, duration_ms: ms, answer = "" }) =>
        `  ${name.padEnd(width)}  ${status}  ${String(Math.round(ms)).padStart(5)} ms  ${answer}`,
    ),
    `  ${agents.length} agent runs in ${(agentsMs / 1_000).toFixed(1)} s; cache hits: ${cacheHits} of ${polls} polls while it ran, ${hitsAfterwards} of 10 after it had ended`,
  ].join("\n");
}

/** What the flips did, side by side. */
export function describeEnd(trials: readonly Trial[]): string {
  const [optimized, baseline, again] = trials;
  if (!optimized || !baseline || !again) return "Stopped.";
  const ratio = baseline.agentsMs / optimized.agentsMs;
  const row = (name: string, { agentsMs, cacheHits, polls }: Trial) =>
    `  ${name.padEnd(17)} ${(agentsMs / 1_000).toFixed(1).padStart(5)} s   ${String(cacheHits).padStart(3)} of ${polls} polls from the cache`;
  return [
    pc.bold(
      "The same request under both profiles (one run each; scripted agents, so the ratio is the orchestration's alone):",
    ),
    row("optimized", optimized),
    row("baseline", baseline),
    row("optimized, again", again),
    `  baseline takes ${ratio.toFixed(1)} times as long; one variable made the difference, and one took it back.`,
  ].join("\n");
}
