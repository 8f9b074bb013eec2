import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { ArbiterDefinition } from "../environment";
import { AgentFailure, type Agent, payloadOf } from "./agent";
import { readAnswer } from "./answers";
import { failing } from "./retries";

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
        Payload: Buffer.from(payloadOf(input, instructions)),
      });
      const { FunctionError, Payload } = await client
        .send(command, { abortSignal: signal })
        .catch(failing("The agent's function", signal));
      // Its message stays unread: it may quote the prompt.
      if (FunctionError !== undefined) throw new AgentFailure("The agent's function ended with an error.");
      return readAnswer(Buffer.from(Payload ?? []).toString("utf8"), "application/json");
    },
  };
}
