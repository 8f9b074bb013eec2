import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { ArbiterDefinition } from "../environment";
import { AgentFailure, type Agent, makePayload } from "./agent";
import { readAnswer } from "./answers";
import { rethrowFailure } from "./retries";

/**
 * A Lambda function that answers when it is invoked.
 * `connect` gives the client; it and the SDK are loaded with the first run.
 */
export function lambdaAgent({ target, instructions }: ArbiterDefinition, connect: () => Promise<LambdaClient>): Agent {
  return {
    async run(input, signal) {
      const [{ InvokeCommand }, client] = await Promise.all([import("@aws-sdk/client-lambda"), connect()]);
      const command = new InvokeCommand({
        FunctionName: target,
        InvocationType: "RequestResponse",
        Payload: Buffer.from(makePayload(input, instructions)),
      });
      const { FunctionError, Payload } = await client
        .send(command, { abortSignal: signal })
        .catch(rethrowFailure("The agent's function", signal));
      // The function's message is not read, because it may quote the prompt.
      if (FunctionError !== undefined) throw new AgentFailure("The agent's function ended with an error.");
      return readAnswer(Buffer.from(Payload ?? []).toString("utf8"), "application/json");
    },
  };
}
