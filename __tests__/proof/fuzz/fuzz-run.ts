import { setTimeout as sleep } from "node:timers/promises";
import { headerOf, jsonOf, type WireAnswer, callRaw } from "./raw-http";
import { DocumentedAnswers } from "./documented";
import { judgeAnswer, reproductionOf, Tally, type Finding, type Judgement, type Problem } from "./finding";
import { generateCases, usedBody, usedKey } from "./generate";
import { utf8, wireBytes, type FuzzCase, type FuzzRequest, type Place } from "./request";
import type { CallersDocument } from "../../../scripts/publish/openapi-schemas";
import type { ProbeCaller } from "../../../scripts/kit/api-client";
import { proofOf, type SignToken } from "./caller-proof";

/** What is fuzzed, and how. */
export interface FuzzRunOptions {
  /** Of the stage, without the route. */
  readonly url: string;
  readonly region: string;
  readonly document: CallersDocument;
  /** One or two callers, of the API's own mode of access. */
  readonly callers: readonly ProbeCaller[];
  /**
   * With callers who have tokens: their issuer's key. Default: none, and whatever is changed in a token breaks its
   * signature.
   */
  readonly signToken?: SignToken;
  /** Names that no answer may show. */
  readonly names: readonly string[];
  readonly requests: number;
  /** Requests at once. */
  readonly concurrency: number;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /** Letters and digits, in everything that is sent. */
  readonly marker: string;
  readonly signal: AbortSignal;
  /** Milliseconds until no answer is a hang. Default: 30 s. */
  readonly patienceMs?: number;
  /** Milliseconds until an accepted request that has not ended counts as unfinished. Default: 10 min. */
  readonly endPatienceMs?: number;
  /** Told how many requests have been answered. */
  readonly onAnswered?: (answered: number) => void;
}

/** What a run found. */
export interface FuzzRunReport {
  readonly tally: Tally;
  /** Requests that were accepted, and those of them that have ended. */
  readonly accepted: number;
  readonly ended: number;
  readonly findings: readonly Finding[];
}

/**
 * API Gateway gives up after 29 s, whatever is behind it: no answer then is none. Less would measure how busy the
 * machine is.
 */
const PATIENCE_MS = 30_000;
/** A job that failed comes back several times, each after minutes at most: an emulator may answer its calls 500. */
const END_PATIENCE_MS = 600_000;
/** Throttled requests are sent again so often; each is to be judged, and not only counted. */
const MAX_TRIES = 4;
const OPEN = ["queued", "processing"];

/** Sends what the document allows and what it forbids, and judges every answer. */
export async function runFuzz(options: FuzzRunOptions): Promise<FuzzRunReport> {
  const run = new FuzzRun(options);
  await run.prepare();
  await run.sendAll();
  await run.awaitEnds();
  await run.checkHealthy();
  return run.report;
}

class FuzzRun {
  private readonly url: URL;
  private readonly place: Place;
  private readonly judgement: Judgement & { readonly ownerOf: Map<string, number> };
  private readonly tally = new Tally();
  private readonly findings: Finding[] = [];
  /** Ids that requests may ask for, by caller. */
  private readonly known: string[][];
  private readonly accepted = new Map<string, FuzzCase>();
  private ended = 0;

  constructor(private readonly options: FuzzRunOptions) {
    const { url, document, marker, names, callers, patienceMs = PATIENCE_MS } = options;
    this.url = new URL(url);
    this.place = { host: this.url.host, stage: this.url.pathname.replace(/\/+$/, "") };
    this.known = callers.map(() => []);
    this.judgement = {
      documented: new DocumentedAnswers(document),
      secrets: { marker, names },
      ownerOf: new Map(),
      patienceMs,
      isOpen: callers[0]!.kind === "anonymous",
    };
  }

  get report(): FuzzRunReport {
    return { tally: this.tally, accepted: this.accepted.size, ended: this.ended, findings: this.findings };
  }

  /** Each caller has a request to ask for, and a key that was used. Throws where not even that is accepted. */
  async prepare(): Promise<void> {
    for (const [caller] of this.options.callers.entries()) {
      const fuzzed = this.validInvoke(caller, usedBody(this.options.marker, caller), usedKey(this.options.marker));
      const answer = await this.sendPatiently(fuzzed);
      if (answer.kind !== "answer" || answer.status !== 202)
        throw new Error(
          `A valid request of caller ${caller + 1} was answered ${describe(answer)} instead of 202. ` +
            "Check --url and the credentials: quickturn verify --smoke says more.",
        );
      this.note(fuzzed, answer);
    }
  }

  async sendAll(): Promise<void> {
    const { document, random, requests, callers, marker } = this.options;
    const proof = callers[0]!.kind;
    const cases = generateCases({ document, random, requests, callers: callers.length, proof, marker });
    await this.forEachAtOnce(cases, (fuzzed) => this.judge(fuzzed));
  }

  /** Every request that was accepted comes to an end. */
  async awaitEnds(): Promise<void> {
    const giveUpAt = this.endsBy();
    await this.forEachAtOnce(this.accepted.entries(), ([id, fuzzed]) => this.awaitEnd(id, fuzzed, giveUpAt));
  }

  /** All workers take from one iterator, so that each entry is taken once. */
  private async forEachAtOnce<T>(entries: IterableIterator<T>, work: (entry: T) => Promise<unknown>): Promise<void> {
    const worker = async () => {
      for (const entry of entries) {
        this.options.signal.throwIfAborted();
        await work(entry);
      }
    };
    await Promise.all(Array.from({ length: this.options.concurrency }, worker));
  }

  private endsBy(): number {
    return performance.now() + (this.options.endPatienceMs ?? END_PATIENCE_MS);
  }

  /** The service still does what it is for. */
  async checkHealthy(): Promise<void> {
    const giveUpAt = this.endsBy();
    for (const [caller] of this.options.callers.entries()) {
      const prompt = `After the run: ${this.options.marker}-${caller}-after`;
      const fuzzed = this.validInvoke(caller, JSON.stringify({ prompt }));
      const answer = await this.sendPatiently(fuzzed);
      this.record(fuzzed, judgeAnswer(fuzzed, answer, this.judgement));
      const id = this.note(fuzzed, answer);
      const status = id === undefined ? undefined : await this.awaitEnd(id, fuzzed, giveUpAt);
      const ending = status ?? describe(answer);
      if (status !== "completed")
        this.record(fuzzed, [
          { kind: "poisoned", what: `a valid request after the run ended ${ending}; expected completed` },
        ]);
    }
  }

  private async judge(fuzzed: FuzzCase): Promise<void> {
    const answer = await this.sendPatiently(fuzzed);
    this.tally.add(fuzzed, answer);
    this.options.onAnswered?.(this.tally.requests);
    const problems = judgeAnswer(fuzzed, answer, this.judgement);
    this.note(fuzzed, answer);
    if (problems.length > 0) this.record(await this.minimal(fuzzed, problems), problems);
  }

  /** One of its mutations alone, where that shows the same kind of problem. */
  private async minimal(fuzzed: FuzzCase, problems: readonly Problem[]): Promise<FuzzCase> {
    for (const tried of fuzzed.simpler?.() ?? []) {
      const answer = await this.sendPatiently(tried);
      const again = judgeAnswer(tried, answer, this.judgement);
      this.note(tried, answer);
      if (again.some(({ kind }) => kind === problems[0]!.kind)) return tried;
    }
    return fuzzed;
  }

  private record(fuzzed: FuzzCase, problems: readonly Problem[]): void {
    for (const problem of problems) this.findings.push({ ...problem, reproduction: reproductionOf(fuzzed) });
  }

  /** Remembers an accepted request and its owner. @returns its id */
  private note(fuzzed: FuzzCase, answer: WireAnswer): string | undefined {
    const body = answer.kind === "answer" && answer.status === 202 ? jsonOf(answer) : undefined;
    const id = (body as { request_id?: unknown } | undefined)?.request_id;
    if (typeof id !== "string") return undefined;
    if (!this.judgement.ownerOf.has(id)) this.judgement.ownerOf.set(id, fuzzed.caller);
    this.accepted.set(id, fuzzed);
    const known = this.known[fuzzed.caller];
    if (known && known.length < 5) known.push(id);
    return id;
  }

  /** @returns the last status that was seen */
  private async awaitEnd(id: string, fuzzed: FuzzCase, giveUpAt: number): Promise<string | undefined> {
    const poll: FuzzCase = {
      ...fuzzed,
      operationId: "status",
      mutations: [],
      malformed: false,
      allowed: [200],
      request: { method: "GET", target: `/api/v1/status/${id}`, headers: [], credentials: "good" },
    };
    for (;;) {
      this.options.signal.throwIfAborted();
      const answer = await this.sendPatiently(poll);
      const problems = judgeAnswer(poll, answer, this.judgement);
      const status =
        answer.kind === "answer" ? String((jsonOf(answer) as { status?: unknown } | undefined)?.status) : undefined;
      if (problems.length > 0 || status === undefined || !OPEN.includes(status)) {
        this.record(poll, problems);
        if (problems.length === 0) this.ended += 1;
        return status;
      }
      if (performance.now() > giveUpAt) {
        this.record(fuzzed, [{ kind: "unfinished", what: `the request it made is still ${status}; expected an end` }]);
        return status;
      }
      await sleep(500, undefined, { signal: this.options.signal });
    }
  }

  private async sendPatiently(fuzzed: FuzzCase): Promise<WireAnswer> {
    for (let tries = 1; ; tries++) {
      const answer = await this.send(fuzzed.request, fuzzed);
      if (answer.kind !== "answer" || answer.status !== 429 || tries === MAX_TRIES) return answer;
      await sleep(Math.min(5, Number(headerOf(answer, "retry-after")) || 1) * 1_000, undefined, {
        signal: this.options.signal,
      });
    }
  }

  private async send(given: FuzzRequest, { caller, malformed, index }: FuzzCase): Promise<WireAnswer> {
    const { callers, region, marker, signToken } = this.options;
    const pickId = (owner: number) => {
      const ids = this.known[owner] ?? [];
      return ids[index % Math.max(1, ids.length)] ?? "";
    };
    const request = {
      ...given,
      target: given.target
        .replaceAll("{own}", pickId(caller))
        .replaceAll("{other}", pickId((caller + 1) % callers.length)),
    };
    const proof = await proofOf(callers[caller]!, request, {
      ...this.place,
      region,
      marker,
      nowMs: Date.now(),
      ...(signToken && { signToken }),
    });
    return callRaw(this.url, {
      bytes: wireBytes(request, this.place, proof),
      timeoutMs: this.judgement.patienceMs,
      isHead: request.method === "HEAD",
      endsEarly: malformed,
    });
  }

  private validInvoke(caller: number, body: string, key?: string): FuzzCase {
    const headers: FuzzRequest["headers"] = [
      ["Content-Type", "application/json"],
      ...(key === undefined ? [] : [["Idempotency-Key", key] as const]),
    ];
    return {
      index: 0,
      operationId: "invoke",
      caller,
      mutations: [],
      allowed: [202],
      malformed: false,
      request: { method: "POST", target: "/api/v1/invoke", headers, body: utf8(body), credentials: "good" },
    };
  }
}

function describe(answer: WireAnswer): string {
  if (answer.kind === "answer") return `${answer.status} ${answer.body.slice(0, 200)}`;
  return answer.kind === "hang" ? "nothing" : answer.reason;
}
