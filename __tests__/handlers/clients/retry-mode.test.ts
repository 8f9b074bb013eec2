import { connectAgentCore } from "../../../handlers/clients/agentcore";
import { connectBedrock } from "../../../handlers/clients/bedrock";
import { connectLambda } from "../../../handlers/clients/lambda";
import { wireConnection } from "../../support/wire/connection";

test.each([connectAgentCore, connectBedrock, connectLambda])(
  "%p makes a client of the pool on which a throttled agent does not slow down the others",
  async (connect) => {
    const connection = wireConnection();
    const { config } = await connect(connection);
    expect(config.requestHandler).toBe(connection.requestHandler);
    expect(await config.maxAttempts()).toBe(3);
    // The mode "adaptive" has one rate for the whole client.
    expect((await config.retryStrategy()) as object).toMatchObject({ mode: "standard" });
  },
);
