import { randomUUID } from "node:crypto";
import { DeleteBucketPolicyCommand, PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { writeMessage } from "../../handlers/requests/work-queue";
import { MAX_INLINE_RESULT_BYTES } from "../../handlers/requests/results";
import { dynamodbRequests } from "../../handlers/requests/dynamodb-requests";
import type { NewRequest, RequestStore } from "../../handlers/requests/requests";
import { connectTo } from "../handlers/emulated";
import { startLocalRuntime, type LocalRuntime } from "../../scripts/emulator";
import { AgentApiClient, type ApiResponse } from "../../scripts/kit/api-client";
import { ACCOUNT, REGION } from "./aws-call";
import { ALICE } from "./callers";
import type { EmulatedStack } from "./emulated-stack";
import type { RecordedServices } from "./recorded-services";
import { until } from "./until";
import { startAgentCore } from "./wire/agentcore-server";
import { converse, startBedrock } from "./wire/bedrock-server";
import { startHttpAgent } from "./wire/http-agent-server";
import { returned, startLambda } from "./wire/lambda-server";
import { secretText, startSecrets } from "./wire/secrets-server";
import { json, type WireServer } from "./wire/wire-server";

const named = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const RUNTIME = named("bedrock-agentcore", "runtime/research-a1b2c3");
const FUNCTION = named("lambda", "function:summaries:live");
const SECRET = named("secretsmanager", "secret:agents/endpoint-AbCdEf");

/** What the agents are and have, as `agent_arns` takes it. */
export const AGENT_ARNS = [RUNTIME, FUNCTION, SECRET] as const;

/** One agent of each kind that calls AWS, and the servers that answer for them. */
export class Agents {
  private constructor(
    private readonly servers: Readonly<Record<"agentcore" | "bedrock" | "lambda" | "secrets" | "http", WireServer>>,
  ) {}

  static async start(): Promise<Agents> {
    const [agentcore, bedrock, lambda, secrets, http] = await Promise.all([
      startAgentCore(),
      startBedrock(),
      startLambda(),
      startSecrets(),
      startHttpAgent(),
    ]);
    agentcore.reply = json({ result: "researched" });
    bedrock.reply = converse(["thought about"]);
    lambda.reply = returned({ answer: "summed up" });
    secrets.reply = secretText("Bearer of-nothing");
    http.reply = json({ answer: "asked" });
    return new Agents({ agentcore, bedrock, lambda, secrets, http });
  }

  /** The services that the emulator lacks, by their name in signatures. */
  get services(): Readonly<Record<string, string>> {
    const { agentcore, bedrock, lambda, secrets } = this.servers;
    return {
      "bedrock-agentcore": agentcore.url,
      bedrock: bedrock.url,
      lambda: lambda.url,
      secretsmanager: secrets.url,
    };
  }

  get settings(): readonly object[] {
    const each = [
      { name: "researcher", kind: "agentcore", target: RUNTIME },
      { name: "thinker", kind: "bedrock", target: "us.amazon.nova-lite-v1:0" },
      { name: "speaker", kind: "bedrock", target: "amazon.nova-micro-v1:0" },
      { name: "summaries", kind: "lambda", target: FUNCTION },
      { name: "endpoint", kind: "http", target: `${this.servers.http.url}/ask`, secret_arn: SECRET },
    ];
    return each.map((agent) => ({ ...agent, phases: [1] }));
  }

  /** The next answers are too long for a record. */
  answerAtLength(): void {
    this.servers.http.reply = json({ answer: "word ".repeat(MAX_INLINE_RESULT_BYTES / 4) });
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.servers).map((server) => server.stop()));
  }
}

/** The applied stack at work, its functions' calls recorded. */
export class WorkingFunctions {
  private beats: (() => void)[] = [];
  private runtime!: LocalRuntime;
  private alice!: AgentApiClient;
  private requests!: RequestStore;
  private sqs!: SQSClient;
  private s3!: S3Client;
  private bucketPolicy!: { readonly Bucket: string; readonly Policy: string };

  private constructor(
    private readonly stack: EmulatedStack,
    private readonly agents: Agents,
    private readonly services: RecordedServices,
  ) {}

  /** @param services what the stack was applied through */
  static async start(stack: EmulatedStack, agents: Agents, services: RecordedServices): Promise<WorkingFunctions> {
    const working = new WorkingFunctions(stack, agents, services);
    await working.serve();
    return working;
  }

  /**
   * Whatever callers, time and misfortune have the functions do. Rejects where one of them does not come to its end.
   */
  async doEverything(): Promise<void> {
    await this.answerCallers();
    await this.surviveRefusals();
    await this.keepWarm();
    await this.takeCareOfTheLost();
  }

  /** Gives the emulator back what the runtime took over, so that terraform finds what it applied. */
  async stop(): Promise<void> {
    await this.runtime.beforeApply();
    await this.runtime.stop();
    await this.s3.send(new PutBucketPolicyCommand(this.bucketPolicy));
    for (const client of [this.sqs, this.s3]) client.destroy();
  }

  private async serve(): Promise<void> {
    const { stack, services } = this;
    const every = (_ms: number, beat: () => void) => {
      this.beats.push(beat);
      return () => void (this.beats = this.beats.filter((other) => other !== beat));
    };
    this.runtime = await startLocalRuntime({
      environment: process.env,
      state: await stack.terraform.show(),
      moduleDirectory: stack.directory,
      endpoint: services.url,
      region: REGION,
      callers: [ALICE],
      workDirectory: stack.folder,
      timers: { every },
    });
    this.alice = new AgentApiClient(this.runtime.url, REGION, ALICE);
    const emulator = {
      endpoint: stack.emulator.endpoint,
      region: REGION,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    const attributes = stack.attributes();
    this.requests = dynamodbRequests(connectTo(emulator.endpoint), {
      requests: String(attributes["aws_dynamodb_table.store_requests"]?.["name"]),
    });
    this.sqs = new SQSClient({ ...emulator, useQueueUrlAsEndpoint: false });
    // The emulator (moto 5.2.1) refuses whatever a Deny of a bucket's policy names, its conditions left aside: here
    // every object.
    const { bucket, policy } = attributes["aws_s3_bucket_policy.store_results_policy"] as {
      bucket: string;
      policy: string;
    };
    this.bucketPolicy = { Bucket: bucket, Policy: policy };
    this.s3 = new S3Client({ ...emulator, forcePathStyle: true });
    await this.s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  }

  private async answerCallers(): Promise<void> {
    const health = await fetch(`${this.runtime.url}/api/v1/health?probe=readiness`);
    if (health.status !== 200) throw new Error(`Health is ${health.status}: ${await health.text()}`);
    for (const prompt of ["How late is EY123?", "And tomorrow?"])
      await this.ended(await this.accepted(prompt, { sessionId: "trip" }), "completed");
    const key = randomUUID();
    const first = await this.accepted("once", { idempotencyKey: key });
    if ((await this.accepted("once", { idempotencyKey: key })) !== first)
      throw new Error("The repetition made another request");
    await this.ended(first, "completed");
    this.agents.answerAtLength();
    await this.ended(await this.accepted("At length, please"), "completed");
  }

  private async surviveRefusals(): Promise<void> {
    this.services.refuseOnce(({ by, operation }) => by.endsWith("-api") && operation === "SendMessage");
    const { status } = await this.alice.invoke("nobody takes this");
    if (status !== 503) throw new Error(`An invocation that could not be queued was answered ${status}`);
    this.services.refuseOnce(({ by, operation }) => by.endsWith("-worker") && operation === "UpdateItem");
    await this.ended(await this.accepted("claimed at the second try"), "completed");
  }

  private async keepWarm(): Promise<void> {
    const before = this.asked("sts");
    this.beat();
    await until("both functions beat", () => this.asked("sts") >= before + 2);
  }

  /**
   * What processes leave behind that died in the middle: a request whose message was lost, one too old, a message that
   * failed, an unsent request, and a message whose request is gone.
   */
  private async takeCareOfTheLost(): Promise<void> {
    const hourMs = 3_600_000;
    const [unheard, late, failed, unsent] = [hourMs, -1, hourMs, hourMs].map((leftMs) => request(leftMs)) as [
      NewRequest,
      NewRequest,
      NewRequest,
      NewRequest,
    ];
    for (const each of [unheard, late]) await this.requests.create(each, Date.now() - 1_000);
    await this.requests.markSent(unheard.requestId);
    await this.requests.create(failed, Date.now() + hourMs);
    await this.send("work_failed", failed);
    this.beat();
    await this.endings([
      [unheard, "completed"],
      [late, "expired"],
      [failed, "failed"],
    ]);
    // By itself: a sweeper that finds messages in the queue lets those wait that have one.
    await this.requests.create(unsent, Date.now() - 1_000);
    this.beat();
    await this.endings([[unsent, "completed"]]);
    const reads = () =>
      this.services.requests.filter(({ by, operation }) => by.endsWith("-worker") && operation === "GetItem").length;
    const before = reads();
    await this.send("work_queue", request(hourMs));
    await until("the worker has looked for a request that is gone", () => reads() > before);
  }

  private async send(queue: "work_queue" | "work_failed", { requestId, deadlineMs }: NewRequest): Promise<void> {
    const url = String(this.stack.attributes()[`aws_sqs_queue.${queue}`]?.["url"]);
    await this.sqs.send(
      new SendMessageCommand({ QueueUrl: url, MessageBody: writeMessage({ requestId, deadlineMs, hops: 0 }) }),
    );
  }

  private async endings(expected: readonly (readonly [request: NewRequest, status: string])[]): Promise<void> {
    for (const [{ requestId }, status] of expected)
      await until(`${requestId} is ${status}`, async () => (await this.requests.find(requestId))?.status === status);
  }

  private beat(): void {
    for (const beat of this.beats) beat();
  }

  private asked(service: string): number {
    return this.services.requests.filter((request) => request.service === service).length;
  }

  private async accepted(prompt: string, options: Parameters<AgentApiClient["invoke"]>[1] = {}): Promise<string> {
    const { status, body } = await this.alice.invoke(prompt, options);
    if (status !== 202) throw new Error(`"${prompt}" was answered ${status}: ${JSON.stringify(body)}`);
    return (body as { request_id: string }).request_id;
  }

  private async ended(requestId: string, wanted: string): Promise<void> {
    let answer: ApiResponse | undefined;
    await until(`${requestId} is ${wanted}`, async () => {
      answer = await this.alice.status(requestId);
      const { status } = answer.body as { status?: string };
      if (status !== wanted && ["completed", "failed", "expired"].includes(String(status)))
        throw new Error(`Request ${requestId} is ${status}: ${JSON.stringify(answer.body)}`);
      return status === wanted;
    });
    const { agents } = (answer?.body as { result: { agents: { name: string; status: string }[] } }).result;
    const silent = agents.filter(({ status }) => status !== "ok");
    if (silent.length > 0)
      throw new Error(`Of request ${requestId} some agents did not answer: ${JSON.stringify(silent)}`);
  }
}

function request(leftMs: number): NewRequest {
  const nowMs = Date.now();
  return {
    requestId: randomUUID(),
    owner: "nobody",
    prompt: "lost",
    createdAt: new Date(nowMs).toISOString(),
    deadlineMs: nowMs + leftMs,
    expiresAt: Math.floor(nowMs / 1_000) + 86_400,
  };
}
