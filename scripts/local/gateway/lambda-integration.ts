import type { Applied } from "../applied/applied";
import type { InvocationResult } from "../functions/function-host";
import type { GatewayAnswer, GatewayFailure } from "./gateway-responses";
import type { MappingSource } from "./mapping-expression";
import { mayInvoke } from "../applied/permission";
import { isBinary, proxyEvent } from "./proxy-event";
import { parseProxyResponse } from "./proxy-response";
import type { Integration, Route } from "./route";
import { list } from "../applied/state";

/** Lambda proxy integrations: the event in, the answer out, and what API Gateway says when there is none. */
export class LambdaIntegration {
  private readonly mediaTypes: readonly string[];

  constructor(
    private readonly applied: Applied,
    private readonly invoke: (functionArn: string, payload: string) => Promise<InvocationResult>,
  ) {
    this.mediaTypes = list(applied.api.document["x-amazon-apigateway-binary-media-types"]).map(String);
  }

  async call(route: Route, integration: Integration, source: MappingSource): Promise<GatewayAnswer | GatewayFailure> {
    const { context } = source;
    // Without a permission for exactly this alias AWS answers 500, "Invalid permissions on Lambda function".
    if (!this.permits(route, integration)) return { type: "API_CONFIGURATION_ERROR" };
    const began = performance.now();
    const result = await this.invokeInTime(integration, JSON.stringify(proxyEvent(route, source, this.mediaTypes)));
    const latency = String(Math.round(performance.now() - began));
    context.set("integrationLatency", latency);
    context.set("integration.latency", latency);
    if (result === "timeout") return { type: "INTEGRATION_TIMEOUT" };
    context.set("integrationStatus", result.kind === "throttled" ? "429" : "200");
    context.set("integration.status", result.kind === "throttled" ? "429" : "200");
    return this.read(result, source);
  }

  private read(result: InvocationResult, { request, context }: MappingSource): GatewayAnswer | GatewayFailure {
    if (result.kind === "too-large") return { type: "REQUEST_TOO_LARGE" };
    if (result.kind === "unknown-function") return { type: "API_CONFIGURATION_ERROR" };
    // Lambda's 429 reaches the caller as 500: a proxy integration does not pass its error type on
    // (repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ, read 2026-11).
    if (result.kind === "throttled") return { type: "INTEGRATION_FAILURE", status: 500 };
    if (result.kind === "error") return { type: "INTEGRATION_FAILURE" };
    const answer = parseProxyResponse(result.payload, isBinary(this.mediaTypes, request.header("accept")));
    if (answer === undefined) return { type: "INTEGRATION_FAILURE" };
    context.set("integration.integrationStatus", String(answer.status));
    return answer;
  }

  private permits(route: Route, { functionArn }: Integration): boolean {
    const { api, stage, permissions } = this.applied;
    const resource = route.resourcePath.replace(/\{[^}]*\}/g, "*");
    return mayInvoke(
      permissions,
      "apigateway.amazonaws.com",
      functionArn,
      `${api.executionArn}/${stage.name}/${route.method}${resource}`,
    );
  }

  /** The gateway gives up; the function runs on, as on AWS. */
  private async invokeInTime(
    { functionArn, timeoutMs }: Integration,
    payload: string,
  ): Promise<InvocationResult | "timeout"> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"timeout">((resolve) => (timer = setTimeout(() => resolve("timeout"), timeoutMs)));
    const result = this.invoke(functionArn, payload);
    result.catch(() => undefined); // Told by the race, unless the race is over.
    try {
      return await Promise.race([result, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
