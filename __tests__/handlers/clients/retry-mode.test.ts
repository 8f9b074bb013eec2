import { connectAgentCore } from "../../../handlers/clients/agentcore";
import { connectBedrock } from "../../../handlers/clients/bedrock";
import { connectLambda } from "../../../handlers/clients/lambda";
import { question } from "../../support/wire/agent-faults";
import { startBedrock, converse } from "../../support/wire/bedrock-server";
import { wireConnection } from "../../support/wire/connection";
import { bedrockAgent } from "../../../handlers/agents/bedrock";
import { once } from "../../../handlers/clients/once";
import { never } from "../fixtures";

test.each([connectAgentCore, connectBedrock, connectLambda])("%p makes a client of the pool that retries on its own", async (connect) => {
  const connection = wireConnection();
  const { config } = await connect(connection);
  expect(config.requestHandler).toBe(connection.requestHandler);
  expect(await config.maxAttempts()).toBe(3);
  expect((await config.retryStrategy()) as object).toMatchObject({ mode: "standard" });
});

test("an agent that was throttled does not slow down the others that share its client", async () => {
  const server = await startBedrock();
  server.reply = converse(["ok"]);
  const client = once(() => connectBedrock(wireConnection(server.url)));
  const agent = bedrockAgent({ name: "writer", kind: "bedrock", target: "m", timeout_seconds: 60 }, client);
  jest.spyOn(Math, "random").mockReturnValue(0.02);
  server.play({ throttled: {} });
  await agent.run(question(), never);
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: 7 }, () => agent.run(question(), never)));
  // The adaptive mode takes almost 3 s for them.
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  jest.restoreAllMocks();
  await server.stop();
});
